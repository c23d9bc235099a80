"""Which seats would serve this need best, and if none, why? Best-first and exact, never a full scan."""

import heapq
from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from dispatcher.eligibility import Case, refusal, usable_mode
from dispatcher.ranking import cost, place_bound, reasons, say_minutes, waiting_cost
from dispatcher.seats import OpenSeats, OpenSlot, Shelf
from dispatcher.travel import distance_km, travel_minutes
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


def consider(need: Need, slot: OpenSlot, seats: OpenSeats, now: datetime) -> Option | None:
    """This very slot as an option, or None when a rule refuses it."""
    case = _case(need, slot, seats, now)
    return None if slot.profession != need.profession or refusal(case) else _option(case)


def count_refusals(need: Need, seats: OpenSeats, territory: str, now: datetime) -> dict[str, int]:
    """How many of the coming slots of the profession each rule refuses."""
    coming = (slot for slot in seats.all_of(territory, need.profession) if slot.start > now)
    counted = Counter(refusal(_case(need, slot, seats, now)) for slot in coming)
    return {code: count for code, count in counted.items() if code}


def _usual(need: Need, seats: OpenSeats, territory: str, now: datetime, without: Collection[str]) -> Iterator[Case]:
    """The usual practitioner's own seats that may serve, soonest first."""
    if need.usual_practitioner is None:
        return
    cases = [
        case
        for slot in seats.of_practitioner(need.usual_practitioner)
        if slot.territory == territory
        and slot.profession == need.profession
        and slot.slot_id not in without
        and refusal(case := _case(need, slot, seats, now)) is None
    ]
    yield from sorted(cases, key=lambda case: (cost(case), case.slot.slot_id))


def _by_cost(need: Need, seats: OpenSeats, territory: str, now: datetime, without: Collection[str]) -> Iterator[Case]:
    """Eligible cases, cheapest first: a heap of shelves, each entered by the least its next slot can cost."""
    heap: list[tuple[float, str, str, Shelf, int, float]] = []
    for place, shelf in seats.places(territory, need.profession).items():
        km = distance_km(need.place, place)
        if Mode.TELE not in need.modes and (km is None or km > need.radius_km):
            continue
        bound = place_bound(need, km)
        start = bisect_left(shelf, (max(now, need.earliest), ""))
        if start < len(shelf):
            least = bound + waiting_cost(need, shelf[start][0], now)
            heap.append((least, shelf[start][1], "", shelf, start, bound))
    heapq.heapify(heap)
    cases: dict[str, Case] = {}
    while heap:
        least, slot_id, settled, shelf, index, bound = heapq.heappop(heap)
        if settled:
            yield cases.pop(settled)
            continue
        if index + 1 < len(shelf) and shelf[index + 1][0] <= need.deadline:
            begin, following = shelf[index + 1]
            heapq.heappush(heap, (bound + waiting_cost(need, begin, now), following, "", shelf, index + 1, bound))
        slot = seats.get(slot_id)
        if slot is None or slot_id in without:
            continue
        case = _case(need, slot, seats, now)
        if refusal(case) is None:
            cases[slot_id] = case
            heapq.heappush(heap, (max(least, cost(case)), slot_id, slot_id, shelf, index, bound))


def _case(need: Need, slot: OpenSlot, seats: OpenSeats, now: datetime) -> Case:
    return Case(need, slot, usable_mode(need, slot), distance_km(need.place, slot.place), seats.free(slot, now), now)


def _option(case: Case) -> Option:
    assert case.mode is not None  # a case without a mode was refused
    way = None if case.mode is Mode.TELE else travel_minutes(case.km)
    said = reasons(case)
    return Option(case.slot, case.mode, case.slot.start, cost(case), way, said)
