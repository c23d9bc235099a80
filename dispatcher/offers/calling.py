"""Who is gently called to open a seat, before a peak for which the forecast misses some? Few, and seldom."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from dispatcher.offers.people import Known
from schemas.call import Peak
from schemas.scarcity import Shortage

REST = timedelta(hours=24)
"""Nobody is called again sooner."""
LEAST = 2
"""Missing seats below which nobody is disturbed: a forecast errs by as much (ours)."""
PER_SEAT = 3
"""People called for each missing seat: of those asked about a patient one in four says yes (docs/offers.md)."""
BUSY = 0.3
"""Share of those expected who would find no seat, from which any day is a peak: the flu brings 30 to 55 % more."""
BY_DAY = 9, 19
"""Hours of the clock between which people are called."""


def peak_of(shortage: Shortage, now: datetime, zone: ZoneInfo, holidays: Collection[date]) -> Peak | None:
    """Which known peak the next day is before, None = none: then nobody is called."""
    local = now.astimezone(zone)
    if not BY_DAY[0] <= local.hour < BY_DAY[1] or round(shortage.short) < LEAST:
        return None
    today = local.date()
    if any(today + timedelta(days=ahead) in holidays for ahead in (0, 1, 2)):
        return "holiday"
    if today.weekday() in (6, 0):
        return "monday"
    return "busy" if shortage.short >= BUSY * shortage.asked else None


def to_call(shortage: Shortage, known: Iterable[Known], called: Mapping[str, datetime], now: datetime) -> list[str]:
    """Practitioners (ids) of the profession to call, least recently called first: those who agreed to be asked, are
    neither on pause nor away, and were not called within REST."""
    could = [
        one.practitioner_id
        for one in known
        if one.profession == shortage.profession and _agrees(one, now) and _rested(called.get(one.practitioner_id), now)
    ]
    ordered = sorted(could, key=lambda one: (called[one].timestamp() if one in called else 0.0, one))
    return ordered[: PER_SEAT * round(shortage.short)]


def _agrees(one: Known, now: datetime) -> bool:
    terms = one.terms
    paused = terms.paused_until is not None and terms.paused_until > now
    return terms.offers and not paused and not any(away.since <= now < away.until for away in terms.absences)


def _rested(last: datetime | None, now: datetime) -> bool:
    return last is None or now - last >= REST
