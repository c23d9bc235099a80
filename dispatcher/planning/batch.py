"""Who goes where, all who wait considered at once? Edges, the flow of least cost, and why none costs less."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

import numpy as np

from dispatcher.matching.choice import cases
from dispatcher.matching.pair import pair_of, wish_of
from dispatcher.matching.ranking import cost
from dispatcher.matching.seats import OpenSeats
from dispatcher.planning.edges import KEPT, Edges, blocks, first_edges, more_edges
from dispatcher.planning.flow import assign, with_more
from dispatcher.planning.ground import Ask, Ground, Seeker, apart, ground, seekers
from dispatcher.planning.limits import limits
from dispatcher.planning.plan import Plan, Solved, joined
from dispatcher.planning.prices import worth

Guarantees = Mapping[str, tuple[str, datetime]]
"""The slot in which a seat is kept for a request, by its id, and when that seat begins."""
STAY = 1
"""A guarantee costs its request this much less than the seat is worth: nobody is moved for nothing."""


def plan(asks: Iterable[Ask], seats: OpenSeats, now: datetime, *, guarantees: Guarantees | None = None) -> Plan:
    """The assignment of least cost over all edges there are, although most are never made.

    Booked pairs are not moved: they are not in `asks`, and their seats are not free. A request that has a guarantee
    may get another seat, but never none; guarantees are among what practitioners' standings count as booked. No
    practitioner is given more than their limits allow. Requests that can never compete are solved apart.
    """
    guarantees = guarantees or {}
    on = ground(seats, now, Counter(slot_id for slot_id, _ in guarantees.values()))
    waiting = seekers(asks, on)
    groups = [waiting] if guarantees else apart(waiting, on)  # a guarantee may lie where its request no longer looks
    return joined([solved(group, on, guarantees) for group in groups])


def solved(group: list[Seeker], on: Ground, guarantees: Guarantees) -> Solved:
    """Each request has its first edges. One left out costs no less than `Edges.last`, so it can only help a request
    whose worth is above that: these get the edges that the prices say would pay, until there are none."""
    of = blocks(group, on)
    found, kept = first_edges(group, of, on), KEPT
    if guarantees:
        found = _guaranteed(found, _own_edges(group, on, guarantees))
    while True:
        bounds = limits(found, on.seats, Counter(slot_id for slot_id, _ in guarantees.values()))
        assignment = assign(found, bounds)
        value = worth(found, assignment, bounds)
        doubtful = value.request > found.last
        if not doubtful.any() or kept > len(on.rank):
            break
        kept *= 2
        on.price[[on.seats.index.rows[slot_id] for slot_id in found.slots]] = value.toll
        more = more_edges(group, of, on, np.where(doubtful, value.request, 0), kept)
        if not len(more.request):
            break
        found = with_more(found, more)
    return Solved(found, assignment, value)


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


def _own_edges(group: Iterable[Seeker], on: Ground, guarantees: Guarantees) -> Edges:
    """One edge for each guarantee: what the seat that is kept costs its request, less STAY."""
    having = [one.ask for one in group if one.ask.request_id in guarantees]
    kept = [guarantees[ask.request_id] for ask in having]
    slots = tuple(sorted({slot_id for slot_id, _ in kept}))
    number = {slot_id: at for at, slot_id in enumerate(slots)}
    each = zip(having, kept, strict=True)
    return Edges(
        requests=tuple(ask.request_id for ask in having),
        slots=slots,
        request=np.arange(len(having)),
        slot=np.array([number[slot_id] for slot_id, _ in kept], np.int64),
        cost=np.array([_cost(ask, on, slot_id, start) - STAY for ask, (slot_id, start) in each], np.int64),
        seats=on.rows(np.array([on.seats.index.rows[slot_id] for slot_id in slots], np.int64)).free,
        miss=np.zeros(len(having), np.int64),
        last=np.zeros(len(having), np.int64),
    )


def _cost(ask: Ask, on: Ground, slot_id: str, start: datetime) -> int:
    """What the seat that begins then costs the request, in the first mode that both name."""
    slot = on.seats.get(slot_id)
    assert slot is not None, "a guarantee is kept in a slot that was never heard of"
    seat, wish = slot._replace(start=start), wish_of(ask.need, on.now)
    case = next(cases(ask.need, wish, seat, on.seats, ask.territory, on.now, 1), None)
    return 0 if case is None else int(cost(pair_of(case)))
