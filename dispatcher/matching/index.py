"""Which slots may serve a request of this territory? Rows on shelves: by territory, and, when shown to neighbours, by
a coarse cell of the map."""

from math import cos, radians

from dispatcher.matching.columns import EXCESS, FREE, PRICE, STANDING, START, Table
from dispatcher.matching.open_slot import OpenSlot
from dispatcher.matching.pair import SEEN_BY, lower_second
from dispatcher.matching.shelf import Shelf
from dispatcher.matching.standing import Standing, excess_minutes, refusal
from schemas.request import Need
from schemas.values import Place

Cell = tuple[int, int]
KM_PER_DEGREE = 111.0
"""A cell is one degree by one: a radius of 30 km touches one to four."""
Home = tuple[Shelf, ...]


class Index:
    """The table of slots and the shelves they lie on; open and full ones apart, so that a search meets no full one."""

    def __init__(self) -> None:
        self.table = Table()
        self.rows: dict[str, int] = {}
        self._homes: dict[int, Home] = {}
        self._known_homes: dict[tuple[str, str, Cell | None, bool], Home] = {}
        self._own: dict[tuple[str, str, bool], Shelf] = {}
        self._shared: dict[tuple[str, Cell, bool], dict[str, Shelf]] = {}

    def __len__(self) -> int:
        return sum(len(shelf) for (_, _, is_open), shelf in self._own.items() if is_open)

    def put(self, slot: OpenSlot, free: int, standing: Standing | None, price: int) -> None:
        """Take in a slot as it is now, with `free` seats that nobody has or was proposed."""
        row = self.rows.get(slot.slot_id)
        if row is None:
            row = self.rows[slot.slot_id] = self.table.add(slot)
        numbers, start, home = self.table.numbers[row], lower_second(slot.start), self._home(slot, free > 0)
        if self._homes.get(row) is not home or numbers[START] != start:
            self._take_out(row)
            self._homes[row] = home
            for shelf in home:
                shelf.add(row, start)
        numbers[START], numbers[FREE] = start, free
        numbers[STANDING] = refusal(standing, slot.start)
        numbers[EXCESS], numbers[PRICE] = excess_minutes(standing), price

    def drop(self, slot_id: str) -> None:
        """Nobody can be sent there any more."""
        row = self.rows.pop(slot_id)
        self._take_out(row)
        self.table.drop(row)

    def near(self, need: Need, territory: str, *, full_too: bool = False) -> list[Shelf]:
        """The shelves on which anything that may serve the need lies; and much that may not."""
        found: list[Shelf] = []
        cells = _cells(need.place, need.radius_km) if self._shared else ()
        for is_open in (True, False) if full_too else (True,):
            for profession in need.professions:
                own = self._own.get((territory, profession, is_open))
                found += [own] if own else []
                for cell in cells:
                    others = self._shared.get((profession, cell, is_open), {})
                    found += [shelf for whose, shelf in others.items() if whose != territory]
        return found

    def _home(self, slot: OpenSlot, is_open: bool) -> Home:
        """The one tuple of shelves of all slots that lie together."""
        cell = _cell(slot.place) if SEEN_BY[slot.visibility] == 2 else None
        key = (slot.territory, slot.profession, cell, is_open)
        home = self._known_homes.get(key)
        if home is None:
            home = (self._own.setdefault((slot.territory, slot.profession, is_open), Shelf()),)
            if cell is not None:
                of_cell = self._shared.setdefault((slot.profession, cell, is_open), {})
                home = (*home, of_cell.setdefault(slot.territory, Shelf()))
            self._known_homes[key] = home
        return home

    def _take_out(self, row: int) -> None:
        for shelf in self._homes.pop(row, ()):
            shelf.remove(row)


def _cell(place: Place) -> Cell | None:
    """None when nobody knows where it is: then no neighbour is sent there."""
    if place.lat is None or place.lon is None:
        return None
    return int(place.lat // 1), int(place.lon // 1)


def _cells(place: Place, km: float) -> list[Cell]:
    """Every cell within `km` of here."""
    if place.lat is None or place.lon is None:
        return []
    north, east = km / KM_PER_DEGREE, km / (KM_PER_DEGREE * max(0.1, cos(radians(place.lat))))
    rows = range(int((place.lat - north) // 1), int((place.lat + north) // 1) + 1)
    columns = range(int((place.lon - east) // 1), int((place.lon + east) // 1) + 1)
    return [(row, column) for row in rows for column in columns]
