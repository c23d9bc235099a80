"""Which seats could each request take, and at what cost? The cheapest of each, many requests judged at once."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from dispatcher.matching.columns import FREE, REFUSED, Ints, costs, together
from dispatcher.matching.pair import TELE, urgency_weight
from dispatcher.matching.ranking import MISS
from dispatcher.matching.seats import OpenSeats
from dispatcher.matching.shelf import by_start
from dispatcher.planning.ground import Ask, Ground, Seeker, ground, seekers

__all__ = ["KEPT", "Ask", "Edges", "edges", "first_edges", "more_edges"]

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


def edges(asks: Iterable[Ask], seats: OpenSeats, now: datetime, *, returned: Mapping[str, int] | None = None) -> Edges:
    """The first edges of each request, by the same rules and cost as one request alone; ties by id.

    `returned` are seats, by slot, that count as free besides those that are (held for one of these requests).
    """
    on = ground(seats, now, returned or {})
    return first_edges(seekers(asks, on), on)


def first_edges(some: Sequence[Seeker], on: Ground) -> Edges:
    """KEPT edges of each request, half of them its cheapest."""
    found: list[tuple[Ints, Ints]] = []
    last = np.full(len(some), REFUSED, np.int64)
    for numbers, crowd in _blocks(some):
        depth = max(KEPT, min(CROWD, 2 * crowd))
        keys = _cheapest([some[number] for number in numbers], on, depth, None)
        if keys.shape[1] > KEPT or keys.shape[1] == depth:
            keys, last[numbers] = _spread(keys, numbers)
        found.append((numbers, keys))
    return _gathered(some, found, on, last)


def more_edges(some: Sequence[Seeker], on: Ground, worth: Ints, kept: int) -> Edges:
    """The edges whose cost and the slot's price (`on.price`) stay below the request's worth: `kept` of each."""
    found = [
        (numbers, _cheapest([some[number] for number in numbers], on, kept, worth[numbers]))
        for numbers, _ in _blocks(some)
    ]
    return _gathered(some, found, on, np.full(len(some), REFUSED, np.int64))


def _blocks(some: Sequence[Seeker]) -> Iterator[tuple[Ints, int]]:
    """Numbers of requests that look for the same professions in one territory, in blocks; and how many do."""
    groups: defaultdict[object, list[int]] = defaultdict(list)
    for number, one in enumerate(some):
        groups[one.ask.territory, one.ask.need.professions].append(number)
    most = PAIRS // LOOK
    for numbers in groups.values():
        for start in range(0, len(numbers), most):
            yield np.array(numbers[start : start + most], np.int64), len(numbers)


def _cheapest(some: Sequence[Seeker], on: Ground, kept: int, worth: Ints | None) -> Ints:
    """The keys of the `kept` cheapest slots of each of the block, shape (n, at most kept); REFUSED where none.
    Only those below its `worth`, if there is one."""
    shelves = {id(shelf): shelf for one in some for shelf in one.shelves}.values()
    block = together([one.asked for one in some])
    wish, on_screens = block.wish, any(np.any(wanted == TELE) for wanted in block.wanted)
    since = int(max(np.min(wish.now), np.min(wish.earliest)))
    below = np.full(len(some), REFUSED, np.int64) if worth is None else worth
    best: Ints = np.empty((len(some), 0), np.int64)
    for rows, later in by_start(shelves, since, int(np.max(wish.deadline)), LOOK, twice=on_screens):
        found = costs(block, on.rows(rows)) + on.price[rows]
        keys = (np.where(found < below[:, None], found, REFUSED) << _BITS) | on.rank[rows]
        best = np.concatenate([best, keys], axis=1)
        if best.shape[1] > kept:
            best = np.partition(best, kept - 1, axis=1)[:, :kept]
        dearest = np.minimum(best.max(axis=1) >> _BITS, below) if best.shape[1] == kept else below
        if np.all(dearest < ((later - wish.now) * wish.weight // 60)[:, 0]):
            break
    return best


def _spread(keys: Ints, numbers: Ints) -> tuple[Ints, Ints]:
    """Of more keys than are kept: the cheapest half, and as many spread over the others, each request beginning at
    another place; and the cost above which some were left out."""
    keys = np.sort(keys, axis=1)
    kept, near = KEPT, KEPT // 2
    possible = (keys < REFUSED << _BITS).sum(axis=1)
    others = np.maximum(possible - near, kept - near)
    begin = (numbers * 0.6180339887) % 1.0
    steps = (np.arange(kept - near)[None, :] + begin[:, None]) / (kept - near)
    at = near + np.floor(steps * others[:, None]).astype(np.int64)
    chosen = np.concatenate([keys[:, :near], np.take_along_axis(keys, at, axis=1)], axis=1)
    left_out = (possible > kept) | (possible == keys.shape[1])
    return chosen, np.where(left_out, keys[:, near - 1] >> _BITS, REFUSED)


def _gathered(some: Sequence[Seeker], found: list[tuple[Ints, Ints]], on: Ground, last: Ints) -> Edges:
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
    rows = on.row[used]
    return Edges(
        requests=tuple(one.ask.request_id for one in some),
        slots=tuple(on.table.slot_ids[row] for row in rows.tolist()),
        request=request,
        slot=slot.astype(np.int64),
        cost=cost - on.price[rows][slot],
        seats=on.rows(rows).numbers[:, FREE],
        miss=np.array([urgency_weight(one.ask.need) * MISS for one in some], np.int64),
        last=last,
    )
