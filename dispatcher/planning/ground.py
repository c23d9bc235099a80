"""What do many requests see of the open seats at one moment? Prepared once; and which of them could ever compete?"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from dispatcher.matching.columns import FREE, Asked, Ints, Rows, Table, asked
from dispatcher.matching.pair import wish_of
from dispatcher.matching.seats import OpenSeats
from dispatcher.matching.shelf import Shelf
from schemas.request import Need


@dataclass(frozen=True, slots=True)
class Ask:
    """One request that waits: its id, its need, and the territory whose it is."""

    request_id: str
    need: Need
    territory: str


@dataclass(frozen=True, slots=True, eq=False)
class Seeker:
    """A request with its need in numbers and the shelves it may look on."""

    ask: Ask
    asked: Asked
    shelves: list[Shelf]


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """The table of slots at one moment. By row: the slot's `rank` by id, the seats `given_back` (held for one of the
    requests that look), and the `price` that is added to the cost. `row` is the row of each rank."""

    seats: OpenSeats
    now: datetime
    rank: Ints
    row: Ints
    given_back: Ints
    price: Ints

    @property
    def table(self) -> Table:
        return self.seats.index.table

    def rows(self, rows: Ints) -> Rows:
        """These rows with the seats that are given back."""
        found = self.table.rows(rows)
        return found._replace(free=np.maximum(found.free, 0) + self.given_back[rows])


def ground(seats: OpenSeats, now: datetime, returned: Mapping[str, int]) -> Ground:
    """The table as it is at `now`. `returned` are seats by slot that count as free besides those that are."""
    seats.catch_up(now)
    ids = [slot.slot_id for slot in seats.index.table.slots]
    row = np.argsort(np.array(ids, dtype=object), kind="stable")
    rank = np.empty(len(ids), np.int64)
    rank[row] = np.arange(len(ids))
    given_back = np.zeros(len(ids), np.int64)
    for slot_id, count in returned.items():
        if slot_id in seats.index.rows:
            given_back[seats.index.rows[slot_id]] = count
    return Ground(seats, now, rank, row, given_back, np.zeros(len(ids), np.int64))


def seekers(asks: Iterable[Ask], on: Ground) -> list[Seeker]:
    """The requests, by id, ready to look."""
    full_too, found = bool(on.given_back.any()), []
    for ask in sorted(asks, key=lambda ask: ask.request_id):
        need = asked(ask.need, wish_of(ask.need, on.now), ask.territory, on.table)
        found.append(Seeker(ask, need, on.seats.index.near(ask.need, ask.territory, full_too=full_too)))
    return found


def apart(some: Iterable[Seeker], on: Ground) -> list[list[Seeker]]:
    """The requests in groups: two that may look on one shelf, or for one practitioner, are in one group, however long
    the chain between them."""
    leader: dict[object, object] = {}

    def first(one: object) -> object:
        while leader.setdefault(one, one) != one:
            leader[one] = leader[leader[one]]
            one = leader[one]
        return one

    everybody = list(some)
    for practitioner_id, shelf in _limited(on):
        leader[first(id(shelf))] = first(practitioner_id)
    for one in everybody:
        for shelf in one.shelves[1:]:
            leader[first(id(shelf))] = first(id(one.shelves[0]))
    groups: dict[object, list[Seeker]] = {}
    for one in everybody:
        groups.setdefault(first(id(one.shelves[0])) if one.shelves else None, []).append(one)
    return list(groups.values())


def _limited(on: Ground) -> Iterator[tuple[str, Shelf]]:
    """Practitioners whose limits may bind, with the shelves on which their slots lie."""
    index, free = on.seats.index, on.table.numbers[FREE]
    for standing in on.seats.standings():
        most = min((one for one in (standing.per_day, standing.per_week) if one is not None), default=None)
        rows = [index.rows[slot.slot_id] for slot in on.seats.of_practitioner(standing.practitioner_id)]
        if most is not None and len(standing.booked) + int((free[rows] + on.given_back[rows]).sum()) > most:
            yield from ((standing.practitioner_id, shelf) for row in rows for shelf in index.home(row))
