"""Which time does an offer propose? The first at which both can be there; whoever accepts may write another."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from dispatcher.matching.eligibility import NOTICE
from dispatcher.matching.pair import HOME, OFFICE, TELE
from dispatcher.matching.travel import travel_minutes
from schemas.request import Need
from schemas.values import Mode

MINUTES = 15
"""How long the visit is, unless whoever accepts says otherwise (ours)."""
QUARTER = 15 * 60
_CODES = {Mode.OFFICE: OFFICE, Mode.HOME: HOME, Mode.TELE: TELE}
OPENS, CLOSES = 8, 20
"""Nobody is proposed a visit at night; the acceptor may write one."""


def proposed_start(
    need: Need,
    mode: Mode,
    km: float | None,
    zone: ZoneInfo,
    busy: Sequence[tuple[datetime, datetime]],
    now: datetime,
    lasts: timedelta,
) -> datetime | None:
    """A full quarter of an hour after the answer may come and the patient may be there, in opening hours when the
    deadline allows, beside what the agenda has (`busy`). None = nobody could be there in time."""
    notice = timedelta(seconds=NOTICE[_CODES[mode]])
    if mode is Mode.OFFICE and (way := travel_minutes(km)) is not None:
        notice = max(notice, timedelta(minutes=way))
    soonest = max(need.earliest, now + notice)
    if soonest > need.deadline:
        return None
    start = _beside(busy, _quarter(max(need.earliest, now + lasts + notice)))
    if not is_open(start, zone):
        start = _beside(busy, _next_opening(start, zone))
    if start <= need.deadline:
        return start
    start = _beside(busy, _quarter(soonest))  # with little time left the answer must come at once, or at night
    return start if start <= need.deadline else soonest.astimezone(UTC)


def is_open(moment: datetime, zone: ZoneInfo) -> bool:
    """Whether a practice may be open then."""
    return OPENS <= moment.astimezone(zone).hour < CLOSES


def _next_opening(moment: datetime, zone: ZoneInfo) -> datetime:
    local = moment.astimezone(zone)
    day = local.date() + timedelta(days=local.hour >= OPENS)
    return datetime(day.year, day.month, day.day, OPENS, tzinfo=zone).astimezone(UTC)


def _quarter(moment: datetime) -> datetime:
    """The next full quarter of an hour."""
    seconds = -(-moment.timestamp() // QUARTER) * QUARTER
    return datetime.fromtimestamp(seconds, UTC)


def _beside(busy: Sequence[tuple[datetime, datetime]], start: datetime) -> datetime:
    """The first quarter from `start` on at which nothing else is."""
    length = timedelta(minutes=MINUTES)
    for begins, ends in sorted(busy):
        if begins < start + length and start < ends:
            start = _quarter(ends)
    return start
