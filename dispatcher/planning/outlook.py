"""What do several futures say together? The mean worth of a seat more, and who will look for a place in vain."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from dispatcher.matching.open_slot import OpenSlot
from dispatcher.matching.standing import Standing
from dispatcher.planning.demand import AHEAD, Demand
from dispatcher.planning.futures import Call, Weeks, calls, still_to_open
from dispatcher.planning.openings import Site, Value, supply, value
from schemas.practitioner import DAY_BEGINS, DAY_ENDS
from schemas.scarcity import Price, Scarcity, Shortage

SOON = timedelta(hours=24)


@dataclass(frozen=True, slots=True, eq=False)
class Present:
    """What all futures of a territory begin with: now, what the last weeks say and lead to expect, the slots that are
    open, practitioners' terms, and the sites and clock hours (epoch seconds // 3600) where a seat might be added."""

    now: datetime
    territory: str
    weeks: Weeks
    expected: Demand
    slots: Sequence[OpenSlot]
    standings: Sequence[Standing]
    sites: Sequence[Site]
    hours: Sequence[int]


@dataclass(frozen=True, slots=True, eq=False)
class Future:
    """The calls of one future, what seats would be worth in it, and the slots that this is about: the same ones in
    every future."""

    calls: Sequence[Call]
    value: Value
    more: Sequence[OpenSlot]


def working_hours(now: datetime, zone: ZoneInfo) -> list[int]:
    """The clock hours that begin until `now` + AHEAD, between 8 and 20 h in the zone: at night care is out-of-hours
    care, which is organised otherwise."""
    first, last = int(now.timestamp() // 3600) + 1, int((now + AHEAD).timestamp() // 3600)
    local = {one: datetime.fromtimestamp(one * 3600, UTC).astimezone(zone).hour for one in range(first, last + 1)}
    return [one for one, hour in local.items() if DAY_BEGINS <= hour < DAY_ENDS]


def played(present: Present, seed: int) -> Future:
    """One future: who waits and who will call, on the seats that are open and those that will be."""
    weeks, now = present.weeks, present.now
    later = still_to_open(weeks.opened, now, seed)
    on = supply([*present.slots, *later], present.standings, present.sites, present.hours)
    coming = [*weeks.waiting, *calls(present.expected, weeks.past, now, present.territory, seed)]
    return Future(coming, value(on, coming, now), on.more)


def scarcity(present: Present, futures: Sequence[Future]) -> Scarcity:
    """The means of the futures, of which there is one at least. What is worth less than half a minute is left out."""
    worth = np.rint(np.mean([one.value.more for one in futures], axis=0)).astype(np.int64)
    prices = [
        Price(
            profession=slot.schedule.profession, commune=slot.schedule.place.commune, hour=slot.start, minutes=minutes
        )
        for slot, minutes in zip(futures[0].more, worth.tolist(), strict=True)
        if minutes
    ]
    prices.sort(key=lambda one: (-one.minutes, one.hour, one.profession, one.commune))
    shortages = sorted(_shortages(present, futures), key=lambda one: (-one.short, one.profession))
    return Scarcity(prices=tuple(prices), shortages=tuple(shortages), unknown=present.expected.unknown)


def _shortages(present: Present, futures: Sequence[Future]) -> list[Shortage]:
    """The next 24 h of each profession that is forecast."""
    until, asked, missed, seats = present.now + SOON, Counter[str](), Counter[str](), Counter[str]()
    for one in futures:
        soon = [call.ask.need.profession if call.at < until else "" for call in one.calls]
        asked.update(soon)
        missed.update(soon[number] for number in one.value.missed)
    for slot in present.slots:
        if present.now < slot.start <= until:
            seats[slot.schedule.profession] += slot.state.free
    mean = 1 / len(futures)
    return [
        Shortage(profession=one, asked=round(asked[one] * mean, 1), open=seats[one], short=round(missed[one] * mean, 1))
        for one in {profession for profession, _ in present.expected.expected}
    ]
