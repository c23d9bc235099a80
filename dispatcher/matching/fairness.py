"""Who was given more than the others? Of the seats of a week, the share that each practitioner's patients have."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from dispatcher.matching.open_slot import OpenSlot
from dispatcher.matching.standing import day_and_week
from dispatcher.offers.people import Known, People

EVERY = timedelta(hours=1)
"""How old the shares may be when somebody looks for a seat."""
STEP = 0.05
"""Shares are rounded to this: a quarter of an hour of the cost, so that a visit more does not stir the whole index."""


def excesses(given: Mapping[str, int], opened: Mapping[str, int]) -> dict[str, float]:
    """The excess of each practitioner of one profession who opened seats in a week: the share of their seats that was
    given, above the mean share (0 … 1)."""
    counted, seats = Counter(given), sum(opened.values())
    mean = sum(counted[one] for one in opened) / seats if seats else 0.0
    return {one: max(0.0, counted[one] / most - mean) if most else 0.0 for one, most in opened.items()}


def shares(people: People, slots: Iterable[OpenSlot], now: datetime) -> dict[str, float]:
    """The excess of every practitioner of whom a visit or a free seat of this week is known, beside those of the same
    profession and territory. Seats that passed unused help nobody any more: they count for nothing."""
    free = Counter[str]()
    for slot in slots:
        whose = slot.schedule.practitioner_id
        if slot.state.free > 0 and (one := people.get(whose)) and _this_week(slot.start, now, one):
            free[whose] += slot.state.free
    given: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for one in people.everybody():
        visits = sum(_this_week(visit.start, now, one) for visit in people.visits(one.practitioner_id))
        if visits or one.practitioner_id in free:
            given[one.territory, one.profession][one.practitioner_id] = visits
    found: dict[str, float] = {}
    for counted in given.values():
        opened = {one: visits + free[one] for one, visits in counted.items()}
        found |= {one: STEP * round(excess / STEP) for one, excess in excesses(counted, opened).items()}
    return found


def _this_week(start: datetime, now: datetime, one: Known) -> bool:
    """Whether it is in the same week of the calendar there."""
    return day_and_week(start, one.zone.key)[1] == day_and_week(now, one.zone.key)[1]
