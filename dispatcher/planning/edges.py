"""Which seats could each request take, and at what cost? The cheapest of each, many requests judged at once."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from dispatcher.matching.columns import COMMUNE, REFUSED, Ints, costs, together
from dispatcher.matching.pair import TELE
from dispatcher.matching.ranking import miss_cost
from dispatcher.matching.seats import OpenSeats
from dispatcher.matching.shelf import by_start
from dispatcher.matching.travel import crow
from dispatcher.planning.ground import Ask, Ground, Seeker, ground, seekers

__all__ = ["KEPT", "Ask", "Block", "Edges", "blocks", "edges", "first_edges", "more_edges"]

KEPT = 50
"""Edges a request has at first; `batch.py` adds those that prices prove to be missing."""
NEAR = 10
"""So many are its cheapest. The others are spread over what it could take after those, thinner further on: fifty who
all have the same fifty cheapest would hide from one another what is left."""
CROWD = 1024
"""Slots looked at in a crowd, at most."""
PAIRS = 65_536
"""Pairs judged at once: their numbers stay in the processor's cache."""
LOOK = 512
"""Slots judged at first for a block, soonest first; twice as many each time it is not enough."""
NEIGHBOURHOOD = 0.25
"""Degrees: requests this near are judged together."""
ROOM = 32_000_000
"""Pairs whose cost is remembered while a part is solved: 128 MB at most."""
TOO_DEAR = 2**31 - 1
"""REFUSED, where a cost is remembered in 32 bits."""
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
    some = seekers(asks, on)
    return first_edges(some, blocks(some, on), on)


def first_edges(some: Sequence[Seeker], of: Sequence["Block"], on: Ground) -> Edges:
    """KEPT edges of each request, or all it has. `of` are the blocks of these requests."""
    found: list[tuple[Ints, Ints]] = []
    last = np.full(len(some), REFUSED, np.int64)
    for block in of:
        depth = max(KEPT, min(CROWD, 2 * block.crowd))
        keys = block.cheapest(on, depth)
        if keys.shape[1] > KEPT or keys.shape[1] == depth:
            keys, last[block.numbers] = _spread(keys, block.numbers)
        found.append((block.numbers, keys))
    return _gathered(some, found, on, last)


def more_edges(some: Sequence[Seeker], of: Sequence["Block"], on: Ground, worth: Ints, kept: int) -> Edges:
    """The edges whose cost and the slot's price (`on.price`) stay below the request's worth: `kept` of each."""
    found = []
    for block in of:
        asking = np.flatnonzero(worth[block.numbers] > 0)
        if len(asking):
            numbers = block.numbers[asking]
            found.append((numbers, block.cheapest(on, kept, asking, worth[numbers])))
    return _gathered(some, found, on, np.full(len(some), REFUSED, np.int64))


def blocks(some: Sequence[Seeker], on: Ground) -> list["Block"]:
    """The requests that look for the same professions in one territory together, some at a time."""
    groups: defaultdict[object, list[int]] = defaultdict(list)
    for number, one in enumerate(some):
        groups[one.ask.territory, one.ask.need.professions].append(number)
    most, found = PAIRS // LOOK, []
    for numbers in groups.values():
        numbers.sort(key=lambda number: _alike(some[number]))
        for start in range(0, len(numbers), most):
            these = numbers[start : start + most]
            found.append(Block(np.array(these, np.int64), [some[number] for number in these], len(numbers)))
    for block in found:
        block.room = ROOM // len(found)
    return found


def _alike(one: Seeker) -> tuple[object, ...]:
    """Requests of a block are judged once for each mode wanted in it, and beside all slots near any of them."""
    place = one.ask.need.place
    known = place.lat is not None and place.lon is not None
    return one.asked.wanted, (place.lat or 0) // NEIGHBOURHOOD, (place.lon or 0) // NEIGHBOURHOOD, known


class Block:
    """Some requests and what the slots cost them, remembered as far as there is room: it is asked for again, and only
    prices change. `numbers` are those of its requests, `crowd` how many look on the same shelves in all."""

    def __init__(self, numbers: Ints, some: Sequence[Seeker], crowd: int) -> None:
        self.numbers, self.crowd, self.room = numbers, crowd, 0
        self._asked = together([one.asked for one in some])
        self._shelves = list({id(shelf): shelf for one in some for shelf in one.shelves}.values())
        self._judged: list[NDArray[np.int32]] = []

    def cheapest(self, on: Ground, kept: int, asking: Ints | None = None, worth: Ints | None = None) -> Ints:
        """The keys of the `kept` cheapest slots, prices added, of each request that is `asking` (all, unless said);
        shape (n, at most kept), REFUSED where none. Only those below its `worth`, if there is one."""
        wish, every = self._asked.wish, slice(None) if asking is None else asking
        weight, now = wish.weight[every, 0], wish.now[every, 0]
        below = np.full(len(weight), REFUSED, np.int64) if worth is None else worth
        best: Ints = np.empty((len(below), 0), np.int64)
        for rows, costs_of_all, later in self._by_start(on):
            alone = costs_of_all[every]
            found = alone + on.price[rows]
            fits = (alone < TOO_DEAR) & (found < below[:, None])
            keys = (np.where(fits, found, REFUSED) << _BITS) | on.rank[rows]
            best = np.concatenate([best, keys], axis=1)
            if best.shape[1] > kept:
                best = np.partition(best, kept - 1, axis=1)[:, :kept]
            dearest = np.minimum(best.max(axis=1) >> _BITS, below) if best.shape[1] == kept else below
            if np.all(dearest < (later - now) * weight // 60):
                break
        return best

    def _within_reach(self, on: Ground, rows: Ints) -> NDArray[np.bool_]:
        """Which rows any of the requests may reach: in the disc around the first that holds all of theirs, or in one of
        their communes."""
        asked = self._asked
        x, y, z = asked.here
        first = (float(x[0, 0]), float(y[0, 0]), float(z[0, 0]))
        reach = float((crow(first, (x, y, z)) + asked.wish.radius_km).max()) + 1.0  # a kilometre for the series' end
        x, y, z = on.table.points[:, rows]
        near: NDArray[np.bool_] = crow(first, (x, y, z)) <= reach
        return near | np.isin(on.table.numbers[COMMUNE, rows], asked.commune)

    def _by_start(self, on: Ground) -> Iterator[tuple[Ints, NDArray[np.int32], int]]:
        """Rows, soonest first, and what each costs each request."""
        wish = self._asked.wish
        on_screens = any(np.any(wanted == TELE) for wanted in self._asked.wanted)
        since, until = int(max(np.min(wish.now), np.min(wish.earliest))), int(np.max(wish.deadline))
        for number, (some, later) in enumerate(by_start(self._shelves, since, until, LOOK, twice=on_screens)):
            rows = some if on_screens else some[self._within_reach(on, some)]
            if number < len(self._judged):
                judged = self._judged[number]
            else:
                judged = np.minimum(costs(self._asked, on.rows(rows)), TOO_DEAR).astype(np.int32)
                if judged.size <= self.room and number == len(self._judged):
                    self.room -= judged.size
                    self._judged.append(judged)
            yield rows, judged, later


def _spread(keys: Ints, numbers: Ints) -> tuple[Ints, Ints]:
    """KEPT of more keys: the NEAR cheapest, and others further and further apart, each request beginning at another
    place; and the cost above which some were left out."""
    keys, others = np.sort(keys, axis=1), np.arange(KEPT - NEAR)
    possible = (keys < REFUSED << _BITS).sum(axis=1)
    begin = (numbers * 0.6180339887) % 1.0
    share = ((others[None, :] + begin[:, None]) / len(others)) ** 1.5
    span = np.maximum(possible - NEAR, len(others))[:, None]
    at = NEAR + np.maximum(others[None, :], np.floor(share * span).astype(np.int64))
    chosen = np.concatenate([keys[:, :NEAR], np.take_along_axis(keys, at, axis=1)], axis=1)
    left_out = (possible > KEPT) | (possible == keys.shape[1])
    return chosen, np.where(left_out, keys[:, NEAR - 1] >> _BITS, REFUSED)


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
    order = np.argsort((request << _BITS) | rank)
    request, rank, cost = request[order], rank[order], (key >> _BITS)[order]
    taken = np.zeros(len(on.row), bool)
    taken[rank] = True
    used = np.flatnonzero(taken)
    slot = (np.cumsum(taken) - 1)[rank]
    rows = on.row[used]
    return Edges(
        requests=tuple(one.ask.request_id for one in some),
        slots=tuple(on.table.slots[row].slot_id for row in rows.tolist()),
        request=request,
        slot=slot.astype(np.int64),
        cost=cost - on.price[rows][slot],
        seats=on.rows(rows).free,
        miss=np.array([miss_cost(one.ask.need) for one in some], np.int64),
        last=last,
    )
