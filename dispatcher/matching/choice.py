"""Which seats would serve this need best, and if none, why? Best-first and exact, never a full scan."""

import heapq
from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from dispatcher.matching.eligibility import Case, judge
from dispatcher.matching.ranking import cost, place_bound, reasons, say_minutes, waiting_cost
from dispatcher.matching.seats import OpenSeats, OpenSlot, Shelf
from dispatcher.matching.travel import distance_km, travel_minutes
from schemas.request import Need
from schemas.values import Mode


@dataclass(frozen=True, slots=True)
class Option:
    """One proposal: the slot, how, when, its cost in equivalent minutes, and why, in French."""

    slot: OpenSlot
    mode: Mode
    start: datetime
    cost: float
    travel_minutes: float | None
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Proposals:
    """The best options, best first. `counts` (slots refused by each rule) is filled only when there is none."""

    options: tuple[Option, ...]
    counts: dict[str, int]

    def others(self) -> tuple[str, ...]:
        """The runners-up and by how much they lost, in French."""
        if not self.options:
            return ()
        best = self.options[0].cost
        return tuple(f"{', '.join(option.reasons)} (+{say_minutes(option.cost - best)})" for option in self.options[1:])


NONE: frozenset[str] = frozenset()


def propose(
    need: Need,
    seats: OpenSeats,
    territory: str,
    now: datetime,
    *,
    limit: int = 3,
    without: Collection[str] = NONE,
) -> Proposals:
    """The `limit` best slots for the need, the usual practitioner's first, then by cost; ties by id.

    `without` are slots already lost for this request. The order in which slots were heard of never matters.
    """
    found = [_option(case) for case in _usual(need, seats, territory, now, without)][:limit]
    taken = {option.slot.slot_id for option in found} | set(without)
    for case in _by_cost(need, seats, territory, now, taken):
        if len(found) >= limit:
            break
        found.append(_option(case))
    return Proposals(tuple(found), {} if found else count_refusals(need, seats, territory, now))


def consider(need: Need, slot: OpenSlot, seats: OpenSeats, now: datetime, *, held: bool = False) -> Option | None:
    """This very slot as an option, or None when a rule refuses it. `held` = one seat of it is kept for this need."""
    km, free = distance_km(need.place, slot.place), seats.free(slot, now) + held
    case, why_not = judge(need, slot, km, free, now)
    return None if slot.profession != need.profession or why_not else _option(case)


def count_refusals(need: Need, seats: OpenSeats, territory: str, now: datetime) -> dict[str, int]:
    """How many of the coming slots of the profession each rule refuses."""
    coming = (slot for slot in seats.all_of(territory, need.profession) if slot.start > now)
    counted = Counter(_judge(need, slot, seats, now)[1] for slot in coming)
    return {code: count for code, count in counted.items() if code}


def _usual(need: Need, seats: OpenSeats, territory: str, now: datetime, without: Collection[str]) -> Iterator[Case]:
    """The usual practitioner's own seats that may serve, soonest first."""
    if need.usual_practitioner is None:
        return
    own = [
        _judge(need, slot, seats, now)
        for slot in seats.of_practitioner(need.usual_practitioner)
        if slot.territory == territory and slot.profession == need.profession and slot.slot_id not in without
    ]
    cases = [case for case, why_not in own if why_not is None]
    yield from sorted(cases, key=lambda case: (cost(case), case.slot.slot_id))


def _by_cost(need: Need, seats: OpenSeats, territory: str, now: datetime, without: Collection[str]) -> Iterator[Case]:
    """Eligible cases, cheapest first. A heap of shelves, each entered by the least its next slot can cost; a slot that
    fits goes back into the heap with its true cost, and comes out when nothing can be cheaper."""
    heap = _shelves(need, seats, territory, now)
    fitting: dict[str, Case] = {}
    while heap:
        least, slot_id, number, shelf, index, bound = heapq.heappop(heap)
        if number < 0:
            yield fitting[slot_id]
            continue
        if index + 1 < len(shelf) and shelf[index + 1][0] <= need.deadline:
            start, following = shelf[index + 1]
            later = bound + waiting_cost(need, start, now)
            heapq.heappush(heap, (later, following, number, shelf, index + 1, bound))
        slot = seats.get(slot_id)
        if slot is None or slot_id in without or slot_id in fitting or seats.free(slot, now) < 1:
            continue
        case, why_not = _judge(need, slot, seats, now)
        if why_not is None:
            fitting[slot_id] = case
            heapq.heappush(heap, (max(least, cost(case)), slot_id, TRUE_COST, shelf, index, bound))


Entry = tuple[float, str, int, Shelf, int, float]
"""Least cost, slot, number of its shelf (ties are broken before the shelf itself is compared), shelf, index, bound."""
TRUE_COST = -1
"""Instead of a shelf's number: the cost is no longer a bound."""


def _shelves(need: Need, seats: OpenSeats, territory: str, now: datetime) -> list[Entry]:
    """The heap to begin with: the first slot in time of each shelf within reach."""
    area, soonest = seats.area(territory, need.profession, now), (max(now, need.earliest), "")
    reach: list[tuple[Shelf, float]] = [(area.on_screen, 0.0)] if Mode.TELE in need.modes else []
    reach += [(shelf, place_bound(need, km)) for km, shelf in area.within(need.place, need.radius_km)]
    heap: list[Entry] = []
    for number, (shelf, bound) in enumerate(reach):
        index = bisect_left(shelf, soonest)
        if index < len(shelf):
            start, slot_id = shelf[index]
            heap.append((bound + waiting_cost(need, start, now), slot_id, number, shelf, index, bound))
    heapq.heapify(heap)
    return heap


def _judge(need: Need, slot: OpenSlot, seats: OpenSeats, now: datetime) -> tuple[Case, str | None]:
    return judge(need, slot, distance_km(need.place, slot.place), seats.free(slot, now), now)


def _option(case: Case) -> Option:
    assert case.mode is not None  # a case without a mode was refused
    way = None if case.mode is Mode.TELE else travel_minutes(case.km)
    return Option(case.slot, case.mode, case.slot.start, cost(case), way, reasons(case))
