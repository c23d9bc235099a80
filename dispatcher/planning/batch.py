"""Who goes where, all who wait considered at once? Edges, the flow of least cost, and why none costs less."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from dispatcher.matching.seats import OpenSeats
from dispatcher.planning.edges import KEPT, Ask, Beyond, Edges, edges
from dispatcher.planning.flow import Assignment, assign, with_more
from dispatcher.planning.prices import Worth, worth


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """`chosen` slot id by request id (those served); `missed` the others, by id; `cost` of all in equivalent minutes,
    misses included. The edges, the assignment and the prices are what it was made of."""

    chosen: dict[str, str]
    missed: tuple[str, ...]
    cost: int
    edges: Edges
    assignment: Assignment
    worth: Worth


def plan(asks: Iterable[Ask], seats: OpenSeats, now: datetime, *, returned: Mapping[str, int] | None = None) -> Plan:
    """The assignment of least cost over all edges there are, although most are never made.

    Each request has its 50 cheapest edges. One left out costs no less than the dearest of them, so it can only help a
    request whose worth is above that: these get the edges that the prices say would pay, until there are none.
    `returned` are seats, by slot, held for one of these requests: they count as free. Booked ones are not among them.
    """
    waiting = tuple(asks)
    found, kept = edges(waiting, seats, now, returned=returned), KEPT
    while True:
        solved = assign(found)
        value = worth(found, solved)
        doubtful = _doubtful(found, value)
        if not doubtful:
            break
        kept *= 2
        beyond = Beyond(dict(zip(found.slots, value.seat.tolist(), strict=True)), doubtful)
        asking = [ask for ask in waiting if ask.request_id in doubtful]
        more = edges(asking, seats, now, kept=kept, returned=returned, beyond=beyond)
        if not len(more.request):
            break
        found = with_more(found, more)
    return _told(found, solved, value)


def _doubtful(found: Edges, value: Worth) -> dict[str, int]:
    """The worth of the requests for which an edge that was left out might pay."""
    numbers = np.flatnonzero(value.request > found.last).tolist()
    return {found.requests[number]: int(value.request[number]) for number in numbers}


def _told(found: Edges, solved: Assignment, value: Worth) -> Plan:
    taken = solved.taken.tolist()
    slot = found.slot.tolist()
    chosen = {
        request_id: found.slots[slot[edge]] for request_id, edge in zip(found.requests, taken, strict=True) if edge >= 0
    }
    missed = tuple(one for one in found.requests if one not in chosen)
    return Plan(chosen, missed, solved.cost, found, solved, value)
