"""What is an open seat worth to those who have not called yet? Learned from the weeks that are over.

A bid is a term of the cost: it keeps seats near in place and time for the urgent who will call, and falls to nothing as
the hours pass and they do not. In the simulated month (docs/month.md) bids took a quarter of the gap to the limit away.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from dispatcher.matching.columns import Floats
from dispatcher.matching.open_slot import OpenSlot
from dispatcher.planning.demand import A_DAY, AHEAD, WATCHED
from dispatcher.planning.futures import A_WEEK, Call, Weeks
from dispatcher.planning.ground import Ask
from dispatcher.planning.openings import decided, supply
from schemas.scarcity import Bid
from schemas.territory import Territory

HOURS_A_WEEK = 168
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@dataclass(frozen=True, slots=True, eq=False)
class Learned:
    """By hour of the week, Monday's midnight first: `worth` of one seat more by profession, equivalent minutes; `leads`
    of those who would best have had the seats of that hour: minutes from their calls to their visits, sorted."""

    worth: Mapping[str, Floats]
    leads: Sequence[Floats]


@dataclass(frozen=True, slots=True, eq=False)
class Week:
    """A week that is over, from `since` to `until`: its slots as they were opened, and its calls; with those of the day
    before and the day after, which compete with them."""

    since: datetime
    until: datetime
    calls: Sequence[Call]
    slots: Sequence[OpenSlot]


def learn(weeks: Iterable[Week], zone: ZoneInfo) -> Learned:
    """What each week would have paid for one seat more, had every call been known in advance: the exact dual prices of
    the assignment of least cost, each call judged at its own moment. Hours of the week are those of the zone."""
    total: defaultdict[str, Floats] = defaultdict(lambda: np.zeros(HOURS_A_WEEK))
    count: defaultdict[str, Floats] = defaultdict(lambda: np.zeros(HOURS_A_WEEK))
    leads: list[list[float]] = [[] for _ in range(HOURS_A_WEEK)]
    for week in weeks:
        found = decided(supply(week.slots, (), (), ()).open, week.calls, week.since)
        begins = {slot.slot_id: slot.start for slot in week.slots if week.since < slot.start <= week.until}
        worth = dict(zip(found.edges.slots, found.worth.seat.tolist(), strict=True))
        for slot in week.slots:
            if slot.slot_id in begins:
                hour = hour_of_week(slot.start, zone)
                total[slot.schedule.profession][hour] += worth.get(slot.slot_id, 0)
                count[slot.schedule.profession][hour] += 1
        called = {call.ask.request_id: call.at for call in week.calls}
        for request_id, edge in zip(found.edges.requests, found.assignment.taken.tolist(), strict=True):
            start = begins.get(found.edges.slots[found.edges.slot[edge]]) if edge >= 0 else None
            if start is not None:
                leads[hour_of_week(start, zone)].append((start - called[request_id]) / MINUTE)
    mean = {profession: total[profession] / np.maximum(count[profession], 1) for profession in total}
    return Learned(mean, [np.sort(np.array(one)) for one in leads])


def weeks_over(known: Weeks, now: datetime, territory: str) -> list[Week]:
    """The weeks that are over, the first one first; one without calls is left out."""
    found = []
    for ago in range(WATCHED // A_WEEK, 0, -1):
        since, until = now - ago * A_WEEK, now - (ago - 1) * A_WEEK
        past = [one for one in known.past if since - A_DAY <= one.entered_at < until]
        calls = [Call(Ask(f"past-{at:06d}", one.need, territory), one.entered_at) for at, one in enumerate(past)]
        slots = [one.slot for one in known.opened if since - A_DAY < one.slot.start <= until + A_DAY]
        if any(call.at >= since for call in calls):
            found.append(Week(since, until, calls, slots))
    return found


def learned_of(known: Weeks, now: datetime, territory: Territory) -> Learned:
    """What the territory's weeks that are over have taught."""
    return learn(weeks_over(known, now, territory.id), territory.tz)


def bids(learned: Learned, now: datetime, zone: ZoneInfo) -> list[Bid]:
    """What seats of each profession are worth now, by the clock hour in which they begin, until `now` + AHEAD: what was
    learned × the share of those who would best have them that has not called yet."""
    first = int(now.timestamp()) // 3600
    found = []
    for number in range(first, first + AHEAD // HOUR + 1):
        hour = datetime.fromtimestamp(number * 3600, UTC)
        kind, left = hour_of_week(hour, zone), (hour + HOUR / 2 - now) / MINUTE
        leads = learned.leads[kind]
        share = float(np.searchsorted(leads, left)) / len(leads) if len(leads) else 0.0
        for profession, by_hour in sorted(learned.worth.items()):
            minutes = round(share * float(by_hour[kind]))
            if minutes:
                found.append(Bid(profession=profession, hour=hour, minutes=minutes))
    return found


def hour_of_week(moment: datetime, zone: ZoneInfo) -> int:
    """0 = the hour after midnight on Monday, there."""
    local = moment.astimezone(zone)
    return local.weekday() * 24 + local.hour
