"""Which seats could each request take, and at what cost? The cheapest of each, many requests judged at once."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from dispatcher.matching.columns import FREE, REFUSED, Asked, Ints, Table, asked, costs, together
from dispatcher.matching.pair import TELE, urgency_weight, wish_of
from dispatcher.matching.ranking import MISS
from dispatcher.matching.seats import OpenSeats
from dispatcher.matching.shelf import Shelf, by_start
from schemas.request import Need

KEPT = 50
"""Edges a request has at first; `batch.py` adds those that prices prove to be missing. Half are its cheapest, half are
spread over what it could take after those, the further the more others want the same: fifty who all have the same fifty
cheapest seats would otherwise hide from one another what is left."""
CROWD = 1024
"""Slots looked at in a crowd, at most."""
PAIRS = 65_536
"""Pairs judged at once: their numbers stay in the processor's cache."""
LOOK = 512
"""Slots judged at first for a block, soonest first; twice as many each time it is not enough."""
_BITS = 22
"""A key is a cost and, in its lowest bits, the slot's rank by id: keys are all different, ties settled by id."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One request that waits: its id, its need, and the territory whose it is."""

    request_id: str
    need: Need
    territory: str


@dataclass(frozen=True, slots=True, eq=False)
class Edges:
    """Who could take what. `requests` and `slots` by id; edge number i says that request `request[i]` could take a seat
    of slot `slot[i]` for `cost[i]` whole equivalent minutes; edges by request, then by slot. `seats` free in each slot;
    `miss` is what not serving each request costs; edges that were left out cost no less than `last`."""

    requests: tuple[str, ...]
    slots: tuple[str, ...]
    request: Ints
    slot: Ints
    cost: Ints
    seats: Ints
    miss: Ints
    last: Ints


@dataclass(frozen=True, slots=True)
class Beyond:
    """Edges wanted besides those there are: only those whose cost and the slot's price stay below the request's worth.
    `price` by slot id, `worth` by request id."""

    price: Mapping[str, int]
    worth: Mapping[str, int]


def edges(
    asks: Iterable[Ask],
    seats: OpenSeats,
    now: datetime,
    *,
    kept: int = KEPT,
    returned: Mapping[str, int] | None = None,
    beyond: Beyond | None = None,
) -> Edges:
    """The `kept` cheapest edges of each request, by the same rules and cost as one request alone; ties by id.

    `returned` are seats, by slot, that count as free besides those that are (held for one of these requests).
    """
    seats.catch_up(now)
    ordered = sorted(asks, key=lambda ask: ask.request_id)
    table = seats.index.table
    scan = _Scan(seats, _ranked(table), np.zeros(len(table.slot_ids), np.int64), _given_back(seats, returned or {}))
    if beyond is not None:
        for slot_id, price in beyond.price.items():
            scan.price[seats.index.rows[slot_id]] = price
    wishes = [asked(ask.need, wish_of(ask.need, now), ask.territory, table) for ask in ordered]
    below = np.array([REFUSED if beyond is None else beyond.worth.get(ask.request_id, 0) for ask in ordered], np.int64)
    found: list[tuple[Ints, Ints]] = []
    last = np.full(len(ordered), REFUSED, np.int64)
    for numbers, crowd in _blocks(ordered):
        needs = [ordered[number] for number in numbers]
        block = together([wishes[number] for number in numbers])
        depth = kept if beyond else max(kept, min(CROWD, 2 * crowd))
        keys = _cheapest(block, scan, _near(needs, seats, bool(returned)), depth, below[numbers])
        if keys.shape[1] > kept or (beyond is None and keys.shape[1] == depth):
            keys, last[numbers] = _spread(keys, kept, numbers)
        found.append((numbers, keys))
    return _gathered(ordered, found, scan, last)


@dataclass(frozen=True, slots=True)
class _Scan:
    seats: OpenSeats
    rank: Ints
    price: Ints
    given_back: Ints

    @property
    def table(self) -> Table:
        return self.seats.index.table


def _ranked(table: Table) -> Ints:
    """The rank by id of each row's slot."""
    rank = np.empty(len(table.slot_ids), np.int64)
    rank[np.argsort(np.array(table.slot_ids, dtype=object), kind="stable")] = np.arange(len(rank))
    return rank


def _given_back(seats: OpenSeats, returned: Mapping[str, int]) -> Ints:
    extra = np.zeros(len(seats.index.table.slot_ids), np.int64)
    for slot_id, count in returned.items():
        if slot_id in seats.index.rows:
            extra[seats.index.rows[slot_id]] = count
    return extra


def _blocks(asks: Sequence[Ask]) -> Iterator[tuple[Ints, int]]:
    """Numbers of requests that look on the same shelves, a block at a time; and how many do in all."""
    groups: defaultdict[object, list[int]] = defaultdict(list)
    for number, ask in enumerate(asks):
        groups[ask.territory, ask.need.professions].append(number)
    most = PAIRS // LOOK
    for numbers in groups.values():
        for start in range(0, len(numbers), most):
            yield np.array(numbers[start : start + most], np.int64), len(numbers)


def _near(asks: Sequence[Ask], seats: OpenSeats, full_too: bool) -> list[Shelf]:
    """Every shelf that one of them may look on, once."""
    shelves: dict[int, Shelf] = {}
    for ask in asks:
        for shelf in seats.index.near(ask.need, ask.territory, full_too=full_too):
            shelves[id(shelf)] = shelf
    return list(shelves.values())


def _cheapest(block: Asked, scan: _Scan, shelves: list[Shelf], kept: int, below: Ints) -> Ints:
    """The keys of the `kept` cheapest slots of each need of the block, shape (n, at most kept); REFUSED where none."""
    wish, on_screens = block.wish, any(np.any(wanted == TELE) for wanted in block.wanted)
    since = int(max(np.min(wish.now), np.min(wish.earliest)))
    best: Ints = np.empty((len(below), 0), np.int64)
    for rows, later in by_start(shelves, since, int(np.max(wish.deadline)), LOOK, twice=on_screens):
        these = scan.table.rows(rows)
        these.numbers[:, FREE] = np.maximum(these.numbers[:, FREE], 0) + scan.given_back[rows]
        found = costs(block, these) + scan.price[rows]
        keys = (np.where(found < below[:, None], found, REFUSED) << _BITS) | scan.rank[rows]
        best = np.concatenate([best, keys], axis=1)
        if best.shape[1] > kept:
            best = np.partition(best, kept - 1, axis=1)[:, :kept]
            dearest = np.minimum(best.max(axis=1) >> _BITS, below)
            if np.all(dearest < ((later - wish.now) * wish.weight // 60)[:, 0]):
                break
    return best


def _spread(keys: Ints, kept: int, numbers: Ints) -> tuple[Ints, Ints]:
    """Of more keys than are kept: the cheapest half, and as many spread over the others, each request beginning at
    another place; and the cost above which some were left out."""
    keys = np.sort(keys, axis=1)
    near = kept // 2
    possible = (keys < REFUSED << _BITS).sum(axis=1)
    others = np.maximum(possible - near, kept - near)
    begin = (numbers * 0.6180339887) % 1.0
    steps = (np.arange(kept - near)[None, :] + begin[:, None]) / (kept - near)
    at = near + np.floor(steps * others[:, None]).astype(np.int64)
    chosen = np.concatenate([keys[:, :near], np.take_along_axis(keys, at, axis=1)], axis=1)
    left_out = (possible > kept) | (possible == keys.shape[1])
    return chosen, np.where(left_out, keys[:, near - 1] >> _BITS, REFUSED)


def _gathered(asks: Sequence[Ask], found: list[tuple[Ints, Ints]], scan: _Scan, last: Ints) -> Edges:
    """The edges of all blocks in one order: by request, then by slot."""
    refused = REFUSED << _BITS
    requests, keys = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for numbers, best in found:
        at, place = np.nonzero(best < refused)
        requests.append(numbers[at])
        keys.append(best[at, place])
    request, key = np.concatenate(requests), np.concatenate(keys)
    rank = key & ((1 << _BITS) - 1)
    order = np.lexsort((rank, request))
    request, rank, cost = request[order], rank[order], (key >> _BITS)[order]
    used, slot = np.unique(rank, return_inverse=True)
    rows = np.empty(len(scan.rank), np.int64)
    rows[scan.rank] = np.arange(len(rows))
    rows = rows[used]
    return Edges(
        requests=tuple(ask.request_id for ask in asks),
        slots=tuple(scan.table.slot_ids[row] for row in rows),
        request=request,
        slot=slot.astype(np.int64),
        cost=cost - scan.price[rows][slot],
        seats=np.maximum(scan.table.numbers[rows, FREE], 0) + scan.given_back[rows],
        miss=np.array([urgency_weight(ask.need) * MISS for ask in asks], np.int64),
        last=last,
    )
