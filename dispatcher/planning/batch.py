"""Who goes where, all who wait considered at once? Edges, the flow of least cost, and why none costs less."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

import numpy as np

from dispatcher.matching.choice import cases
from dispatcher.matching.columns import FREE
from dispatcher.matching.pair import pair_of, wish_of
from dispatcher.matching.ranking import cost
from dispatcher.matching.seats import OpenSeats
from dispatcher.planning.edges import KEPT, Ask, Beyond, Edges, edges
from dispatcher.planning.flow import Assignment, assign, with_more
from dispatcher.planning.prices import Worth, worth


@dataclass(frozen=True, eq=False)
class Plan:
    """`chosen` slot id by request id (those served); `missed` the others, by id; `cost` of all in equivalent minutes,
    misses included. The edges, the assignment and the prices are what it was made of."""

    chosen: dict[str, str]
    missed: tuple[str, ...]
    cost: int
    edges: Edges
    assignment: Assignment
    worth: Worth

    @cached_property
    def number(self) -> dict[str, int]:
        """The number of each request in the edges."""
        return {request_id: at for at, request_id in enumerate(self.edges.requests)}


Guarantees = Mapping[str, tuple[str, datetime]]
"""The slot in which a seat is kept for a request, by its id, and when that seat begins."""
STAY = 1
"""A guarantee costs its request this much less than the seat is worth: nobody is moved for nothing."""


def plan(asks: Iterable[Ask], seats: OpenSeats, now: datetime, *, guarantees: Guarantees | None = None) -> Plan:
    """The assignment of least cost over all edges there are, although most are never made.

    Each request has its 50 best edges at first. One left out costs no less than `Edges.last`, so it can only help a
    request whose worth is above that: these get the edges that the prices say would pay, until there are none.
    Booked pairs are not moved: they are not in `asks`, and their seats are not free. A request that has a guarantee
    may get another seat, but never none.
    """
    waiting, kept, guarantees = tuple(asks), KEPT, guarantees or {}
    returned = Counter(slot_id for slot_id, _ in guarantees.values())
    found = edges(waiting, seats, now, returned=returned)
    if guarantees:
        found = _guaranteed(found, _own_edges(waiting, seats, now, guarantees))
    while True:
        solved = assign(found)
        value = worth(found, solved)
        doubtful = _doubtful(found, value)
        if not doubtful or kept > len(seats.index.rows):
            break
        kept *= 2
        beyond = Beyond(dict(zip(found.slots, value.seat.tolist(), strict=True)), doubtful)
        asking = [ask for ask in waiting if ask.request_id in doubtful]
        more = edges(asking, seats, now, kept=kept, returned=returned, beyond=beyond)
        if not len(more.request):
            break
        found = with_more(found, more)
    return _told(found, solved, value)


def _guaranteed(found: Edges, own: Edges) -> Edges:
    """The edges with those of the guarantees, whatever the rules say of them today, and misses that no saving is worth:
    all guarantees together are possible, so no request that has one is left without."""
    kept_for = {request_id: own.slots[own.slot[at]] for at, request_id in enumerate(own.requests)}
    number = {slot_id: at for at, slot_id in enumerate(found.slots)}
    own_slot = np.array([number.get(kept_for.get(one, ""), -1) for one in found.requests], np.int64)
    others = found.slot != own_slot[found.request]
    beyond_all = int(found.miss.sum() + found.cost.sum() + own.cost.sum())
    return with_more(
        replace(
            found,
            request=found.request[others],
            slot=found.slot[others],
            cost=found.cost[others],
            miss=found.miss + beyond_all * np.array([one in kept_for for one in found.requests], np.int64),
        ),
        own,
    )


def _own_edges(asks: Iterable[Ask], seats: OpenSeats, now: datetime, guarantees: Guarantees) -> Edges:
    """One edge for each guarantee: what the seat that is kept costs its request, less STAY."""
    having = sorted((ask for ask in asks if ask.request_id in guarantees), key=lambda ask: ask.request_id)
    kept = [guarantees[ask.request_id] for ask in having]
    slots = tuple(sorted({slot_id for slot_id, _ in kept}))
    count = Counter(slot_id for slot_id, _ in kept)
    rows = [seats.index.rows[slot_id] for slot_id in slots]
    return Edges(
        requests=tuple(ask.request_id for ask in having),
        slots=slots,
        request=np.arange(len(having)),
        slot=np.array([slots.index(slot_id) for slot_id, _ in kept], np.int64),
        cost=np.array([_cost(ask, seats, *one, now) - STAY for ask, one in zip(having, kept, strict=True)], np.int64),
        seats=np.maximum(seats.index.table.numbers[rows, FREE], 0) + np.array([count[one] for one in slots], np.int64),
        miss=np.zeros(len(having), np.int64),
        last=np.zeros(len(having), np.int64),
    )


def _cost(ask: Ask, seats: OpenSeats, slot_id: str, start: datetime, now: datetime) -> int:
    """What the seat that begins then costs the request, in the first mode that both name."""
    slot = seats.get(slot_id)
    assert slot is not None, "a guarantee is kept in a slot that was never heard of"
    case = next(cases(ask.need, wish_of(ask.need, now), replace(slot, start=start), seats, ask.territory, now, 1), None)
    return 0 if case is None else int(cost(pair_of(case)))


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
