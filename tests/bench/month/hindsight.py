"""What could somebody have done who knew every call in advance? The limit, by the house's rules, cost and solver."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from dispatcher.matching.columns import REFUSED, Asked, Ints, Table, asked, costs, together
from dispatcher.matching.pair import wish_of
from dispatcher.matching.ranking import miss_cost
from dispatcher.matching.seats import OpenSeats
from dispatcher.planning.edges import Edges
from dispatcher.planning.flow import Assignment, assign
from tests.bench.month.demand import Request
from tests.bench.month.world import CPTS, Seat

BLOCK = 64
"""Calls judged at once: about four hours of them, beside the seats of the next 28 hours."""


@dataclass(frozen=True, slots=True)
class Hindsight:
    """Every pair that the rules allow, judged at the moment of the call, and the assignment of least cost.

    No seat is hidden because it is published later. `chosen` slot by request; `cost` of a pair in equivalent minutes.
    """

    edges: Edges
    best: Assignment
    chosen: Mapping[str, str]
    cost: Mapping[tuple[str, str], int]


def hindsight(requests: Sequence[Request], seats: Sequence[Seat]) -> Hindsight:
    """The clairvoyant's month. `requests` in the order of their calls."""
    edges = all_edges(requests, seats)
    best = assign(edges)
    pairs = zip(edges.request.tolist(), edges.slot.tolist(), edges.cost.tolist(), strict=True)
    cost = {(edges.requests[request], edges.slots[slot]): minutes for request, slot, minutes in pairs}
    taken = best.taken.tolist()
    slot = edges.slot.tolist()
    chosen = {edges.requests[number]: edges.slots[slot[edge]] for number, edge in enumerate(taken) if edge >= 0}
    return Hindsight(edges, best, chosen, cost)


def all_edges(requests: Sequence[Request], seats: Sequence[Seat]) -> Edges:
    """All edges, none left out, each request judged at the moment of its own call."""
    index = OpenSeats()
    for seat in seats:
        index.put(seat.slot)
    found = [np.empty((3, 0), np.int64), *_blocks(requests, seats, index)]
    request, slot, cost = np.concatenate(found, axis=1)
    order = np.lexsort((slot, request))
    slots = tuple(seat.slot.slot_id for seat in seats)
    return Edges(
        requests=tuple(one.id for one in requests),
        slots=slots,
        request=request[order],
        slot=slot[order],
        cost=cost[order],
        seats=np.ones(len(slots), np.int64),
        miss=np.array([miss_cost(one.need) for one in requests], np.int64),
        last=np.full(len(requests), REFUSED, np.int64),
    )


def _blocks(requests: Sequence[Request], seats: Sequence[Seat], index: OpenSeats) -> Iterator[Ints]:
    """The edges of a block of calls of one profession: numbers of the requests, of the seats, and costs."""
    table = index.index.table
    of_profession: dict[str, list[int]] = defaultdict(list)
    calls: dict[str, list[int]] = defaultdict(list)
    for number, seat in enumerate(seats):
        of_profession[seat.slot.schedule.profession].append(number)
    for number, request in enumerate(requests):
        calls[request.need.profession].append(number)
    for profession, numbers in calls.items():
        seated = np.array(of_profession[profession], np.int64)
        starts = np.array([seats[number].slot.start.timestamp() for number in seated])
        for begin in range(0, len(numbers), BLOCK):
            some = numbers[begin : begin + BLOCK]
            first, last = requests[some[0]].entered, requests[some[-1]].need.deadline
            low, high = np.searchsorted(starts, [first.timestamp(), (last + timedelta(seconds=1)).timestamp()])
            near = seated[low:high]
            if not len(near):
                continue
            rows = np.array([index.index.rows[seats[number].slot.slot_id] for number in near], np.int64)
            block = together([_asked(requests[at], table) for at in some])
            minutes = costs(block, table.rows(rows))
            who, what = np.nonzero(minutes < REFUSED)
            yield np.stack([np.array(some)[who], near[what], minutes[who, what]])


def _asked(request: Request, table: Table) -> Asked:
    return asked(request.need, wish_of(request.need, request.entered), CPTS, table)
