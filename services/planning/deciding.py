"""What does each policy decide, and why? One request after the other, or all at once, with promises or without."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

import numpy as np

from dispatcher.life import told_later
from dispatcher.matching.choice import Option, consider, count_refusals, propose
from dispatcher.matching.eligibility import say_counts
from dispatcher.matching.pair import urgency_weight
from dispatcher.matching.radius import ENOUGH, widened
from dispatcher.matching.ranking import miss_cost, say_minutes
from dispatcher.matching.seats import OpenSeats, OpenSlot
from dispatcher.matching.travel import crow, point
from dispatcher.matching.words import say_loss
from dispatcher.planning.batch import plan
from dispatcher.planning.ground import Ask
from dispatcher.planning.plan import Plan
from dispatcher.planning.promises import improve
from schemas.values import Place, SlotState
from services.planning.reading import ZONE

Policy = Literal["online", "batch", "late"]
TOLD_BEFORE = 120
"""Minutes before the visit at which a patient who can wait is told its hour: 2 h did best in the trial."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of one request: the slot (None = nobody), what it costs in equivalent minutes (a miss costs its
    weight times three days), why, and by how much the next two lost; in French."""

    request_id: str
    slot_id: str | None
    cost: int
    reasons: tuple[str, ...]
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Decided:
    """Every request in the order of the file; and the plan of all at once (online: what could have been), whose edges
    are those considered."""

    decisions: list[Decision]
    best: Plan


def decide(asks: list[Ask], slots: list[OpenSlot], now: datetime, policy: Policy, *, explain: bool = True) -> Decided:
    """What the policy does with these requests and slots. Every seat of a slot counts as beginning with it.
    `explain` = say by how much the next two lost."""
    wide = _widened(asks, slots)
    if policy == "online":
        best = plan(wide, _open(slots), now)
        return Decided(_one_by_one(wide, _open(slots), now), best)
    seats = _open(slots)
    best = plan(wide, seats, now) if policy == "batch" else improve([], wide, seats, now).plan
    told = [_of_all(ask, best, seats, now, explain) for ask in wide]
    if policy == "late":
        told = [_promise(one, ask, seats, now) for one, ask in zip(told, wide, strict=True)]
    return Decided(told, best)


def _open(slots: Iterable[OpenSlot]) -> OpenSeats:
    seats = OpenSeats()
    for slot in slots:
        seats.put(slot)
    return seats


def _widened(asks: list[Ask], slots: list[OpenSlot]) -> list[Ask]:
    """The requests with their radius enlarged where there are few practitioners."""
    places: dict[str, dict[str, Place]] = {}
    for slot in slots:
        places.setdefault(slot.schedule.profession, {})[slot.schedule.practitioner_id] = slot.schedule.place
    points = {profession: np.array([point(one) for one in of.values()]).T for profession, of in places.items()}
    known: dict[tuple[str, Place], float] = {}
    wide = []
    for ask in asks:
        need, where = ask.need, (ask.need.profession, ask.need.place)
        if where not in known:
            here, there = point(need.place), points.get(need.profession)
            nearest: list[float] = []
            if here is not None and there is not None:
                nearest = np.sort(crow(here, (there[0], there[1], there[2])))[:ENOUGH].tolist()
            known[where] = widened(need.radius_km, nearest)
        wide.append(replace(ask, need=need.model_copy(update={"radius_km": known[where]})))
    return wide


# --- one after the other --------------------------------------------------------------------------------


def _one_by_one(asks: list[Ask], seats: OpenSeats, now: datetime) -> list[Decision]:
    """What the server does: the best seat for each, in the order of the file."""
    told = []
    for ask in asks:
        found = propose(ask.need, seats, ask.territory, now)
        if found.options:
            best = found.options[0]
            told.append(Decision(ask.request_id, best.slot.slot_id, best.cost, found.why(), found.others()))
            _book(seats, best.slot)
        else:
            told.append(_missed(ask, say_counts(found.counts)))
    return told


def _book(seats: OpenSeats, slot: OpenSlot) -> None:
    left = slot.state.free - 1
    state = SlotState(version=slot.state.version + 1, free=left, next_start=slot.state.next_start if left else None)
    seats.put(slot._replace(state=state))


def _missed(ask: Ask, why: list[str]) -> Decision:
    return Decision(ask.request_id, None, miss_cost(ask.need), tuple(why))


# --- all at once ----------------------------------------------------------------------------------------


def _of_all(ask: Ask, best: Plan, seats: OpenSeats, now: datetime, explain: bool) -> Decision:
    """One request's part of the plan: its seat, and the two that would have cost all least instead."""
    ranked = _ranked(ask, best)
    slot_id = best.chosen.get(ask.request_id)
    if slot_id is None:
        many = len(ranked) > 1
        if ranked:
            return _missed(ask, [f"{len(ranked)} créneau{'x' * many} plus utile{'s' * many} à d'autres"])
        return _missed(ask, say_counts(count_refusals(ask.need, seats, ask.territory, now)))
    look = _looking(ask, seats, now)
    chosen = look(slot_id, dict(ranked)[slot_id])
    others = [look(*one) for one in ranked[:3] if one[0] != slot_id][:2] if explain else []
    lost = tuple(f"{', '.join(one.reasons)} ({say_loss(chosen.terms, one.terms, one.crowd)})" for one in others)
    return Decision(ask.request_id, slot_id, chosen.cost, chosen.reasons, lost)


def _ranked(ask: Ask, best: Plan) -> list[tuple[str, int]]:
    """The slots considered for the request and their prices, the least cost and price together first."""
    edges, prices = best.edges, best.worth.toll
    number = best.number[ask.request_id]
    first, end = edges.request.searchsorted([number, number + 1])
    slots, costs = edges.slot[first:end], edges.cost[first:end]
    order = (costs + prices[slots]).argsort(kind="stable").tolist()
    return [(edges.slots[slots[at]], int(prices[slots[at]])) for at in order]


def _looking(ask: Ask, seats: OpenSeats, now: datetime) -> Callable[[str, int], Option]:
    def look(slot_id: str, price: int) -> Option:
        slot = seats.get(slot_id)
        assert slot is not None
        option = consider(ask.need, slot, seats, now, territory=ask.territory)
        assert option is not None  # an edge is a pair that fits
        return replace(option, terms={**option.terms, "scarcity": price})

    return look


def _promise(told: Decision, ask: Ask, seats: OpenSeats, now: datetime) -> Decision:
    """The same, told later to whoever can wait: a window now, the hour before the visit."""
    slot = seats.get(told.slot_id) if told.slot_id else None
    can_wait = ask.need.model_copy(update={"told_before": TOLD_BEFORE if urgency_weight(ask.need) == 1 else None})
    if slot is None or not told_later(can_wait, slot.start, now):
        return told
    end = ask.need.deadline.astimezone(ZONE)
    before = say_minutes(TOLD_BEFORE)
    promise = f"promis avant le {end:%d/%m à %H:%M}, heure dite {before} avant ; place gardée"
    return replace(told, reasons=(promise, *told.reasons))
