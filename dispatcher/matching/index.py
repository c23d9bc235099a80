"""Which slots may serve a request of this territory? Rows on shelves, by territory and by a coarse cell of the map."""

from array import array
from collections.abc import Iterator
from functools import lru_cache
from math import cos, radians

import numpy as np

from dispatcher.matching.columns import Ints, Table
from dispatcher.matching.open_slot import OpenSlot
from dispatcher.matching.pair import SEEN_BY, lower_second
from dispatcher.matching.shelf import Shelf
from dispatcher.matching.standing import Standing, excess_minutes, refusal
from schemas.request import Need
from schemas.values import Mode, Place

Cell = tuple[int, int]
CELL = 0.5
"""Degrees: about 55 × 40 km in France, so that a radius of 30 km touches four to six."""
KM_PER_DEGREE = 111.0
NOWHERE: Cell = (999, 999)
"""The cell of slots whose position nobody knows: those of the patient's commune may serve all the same."""
ON_SCREEN: Cell = (998, 998)
"""The cell of all that can be seen on a screen, where distance means nothing; they are in their own cells too."""
Home = tuple[Shelf, ...]


class Index:
    """The table of slots and the shelves they lie on; open and full ones apart, so that a search meets no full one."""

    def __init__(self) -> None:
        self.table = Table()
        self.rows: dict[str, int] = {}
        self._homes: list[Home] = []
        self._own_places, self._screen_places, self._shared_places = (array("i") for _ in range(3))
        self._known_homes: dict[tuple[str, str, Cell, bool, bool, bool], Home] = {}
        self._own: dict[tuple[str, str, Cell, bool], Shelf] = {}
        self._shared: dict[tuple[str, Cell, bool], dict[str, Shelf]] = {}

    def __len__(self) -> int:
        """How many slots are open."""
        open_ones = [(cell, shelf) for (_, _, cell, is_open), shelf in self._own.items() if is_open]
        return sum(len(shelf) for cell, shelf in open_ones if cell != ON_SCREEN)

    def get(self, slot_id: str) -> OpenSlot | None:
        """The slot as it was put last."""
        row = self.rows.get(slot_id)
        return None if row is None else self.table.slots[row]

    def slots(self) -> Iterator[OpenSlot]:
        """All of them, open or full."""
        slots = self.table.slots
        return (slots[row] for row in self.rows.values())

    def put(self, slot: OpenSlot, free: int, standing: Standing | None, price: int) -> None:
        """Take in a slot as it is now, with `free` seats that nobody has or was proposed."""
        row = self.rows.get(slot.slot_id)
        if row is None:
            row = self.rows[slot.slot_id] = self.table.add(slot)
            if row == len(self._homes):
                self._homes.append(())
                for places in (self._own_places, self._screen_places, self._shared_places):
                    places.append(0)
        start, home = lower_second(slot.start), self._home(slot, free > 0)
        if self._homes[row] is not home or self.table.starts[row] != start:
            self._take_out(row)
            self._homes[row] = home
            for shelf in home:
                shelf.add(row, start)
        self.table.change(row, slot, start, free, refusal(standing, slot.start), excess_minutes(standing), price)

    def drop(self, slot_id: str) -> None:
        """Nobody can be sent there any more."""
        row = self.rows.pop(slot_id)
        self._take_out(row)
        self.table.drop(row)

    def near(self, need: Need, territory: str, *, full_too: bool = False) -> list[Shelf]:
        """The shelves on which anything that may serve the need lies; and some that may not. Where screens are wanted a
        row may lie on two of them."""
        found: list[Shelf] = []
        here = need.place
        if here.lat is None or here.lon is None:
            cells = self._all_cells(territory)
        else:
            cells = _cells(here.lat, here.lon, need.radius_km)
        own_cells = [*cells, NOWHERE, ON_SCREEN] if Mode.TELE in need.modes else [*cells, NOWHERE]
        for is_open in (True, False) if full_too else (True,):
            for profession in need.professions:
                for cell in own_cells:
                    own = self._own.get((territory, profession, cell, is_open))
                    if own:
                        found.append(own)
                for cell in cells if self._shared else ():
                    others = self._shared.get((profession, cell, is_open), {})
                    found += [shelf for whose, shelf in others.items() if whose != territory]
        return found

    def _all_cells(self, territory: str) -> list[Cell]:
        """For a patient of whose place only the commune's code is known."""
        return sorted({cell for whose, _, cell, _ in self._own if whose == territory} - {NOWHERE, ON_SCREEN})

    def home(self, row: int) -> Home:
        """The shelves on which the row lies."""
        return self._homes[row]

    def all_of(self, need: Need, territory: str) -> Ints:
        """The rows of every slot, open or full, that the territory has of the professions, or neighbours show it."""
        keys = [key for key in self._own if key[0] == territory and key[1] in need.professions and key[2] != ON_SCREEN]
        shelves = {id(shelf): shelf for shelf in self.near(need, territory, full_too=True)}
        shelves |= {id(self._own[key]): self._own[key] for key in keys}
        rows = [np.frombuffer(some, np.int64) for shelf in shelves.values() for some in shelf.bins.values()]
        return np.unique(np.concatenate(rows)) if rows else np.zeros(0, np.int64)

    def _home(self, slot: OpenSlot, is_open: bool) -> Home:
        """The one tuple of shelves of all slots that lie together."""
        of = slot.schedule
        cell, shared, on_screen = _cell(of.place), SEEN_BY[of.visibility] == 2, Mode.TELE in of.modes
        key = (of.territory, of.profession, cell, shared, on_screen, is_open)
        home = self._known_homes.get(key)
        if home is None:
            whose = (of.territory, of.profession)
            shelves = [self._own.setdefault((*whose, cell, is_open), Shelf(self._own_places))]
            if on_screen:
                shelves.append(self._own.setdefault((*whose, ON_SCREEN, is_open), Shelf(self._screen_places)))
            if shared and cell != NOWHERE:
                of_cell = self._shared.setdefault((of.profession, cell, is_open), {})
                shelves.append(of_cell.setdefault(of.territory, Shelf(self._shared_places)))
            home = self._known_homes[key] = tuple(shelves)
        return home

    def _take_out(self, row: int) -> None:
        start = int(self.table.starts[row])
        for shelf in self._homes[row]:
            shelf.remove(row, start)
        self._homes[row] = ()


def _cell(place: Place) -> Cell:
    if place.lat is None or place.lon is None:
        return NOWHERE
    return int(place.lat // CELL), int(place.lon // CELL)


@lru_cache(maxsize=10_000)
def _cells(lat: float, lon: float, km: float) -> list[Cell]:
    """Every cell within `km` of here."""
    north, east = km / KM_PER_DEGREE, km / (KM_PER_DEGREE * max(0.1, cos(radians(lat))))
    rows = range(int((lat - north) // CELL), int((lat + north) // CELL) + 1)
    columns = range(int((lon - east) // CELL), int((lon + east) // CELL) + 1)
    return [(row, column) for row in rows for column in columns]
