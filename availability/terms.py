"""Who may change what a practitioner allows, and what does a pause in one tap mean? The one it is about may change
all; others may only take away."""

from datetime import UTC, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from schemas.practitioner import Absence, Terms

Pause = Literal["two_hours", "today", "tonight", "over"]
"""Nobody for two hours · nobody until tomorrow morning · nobody this evening and night · as before."""
EVENING, MORNING = time(18), time(8)
"""« Tonight » is from six until eight the next morning (ours)."""


def paused(terms: Terms, pause: Pause, now: datetime, zone: ZoneInfo) -> Terms:
    """The terms with this pause, by the clock of the place."""
    today = now.astimezone(zone).date()
    if now.astimezone(zone).time() < MORNING:  # the night belongs to the day before
        today -= timedelta(days=1)
    evening = datetime.combine(today, EVENING, zone).astimezone(UTC)
    morning = datetime.combine(today + timedelta(days=1), MORNING, zone).astimezone(UTC)
    night = Absence(since=evening, until=morning)
    others = tuple(away for away in terms.absences if away != night)
    if pause == "tonight":
        coming = tuple(away for away in others if away.until > now)[-49:]
        return terms.model_copy(update={"absences": (*coming, night)})
    if pause == "over":
        left = tuple(away for away in others if not away.since <= now < away.until)
        return terms.model_copy(update={"paused_until": None, "absences": left})
    until = now + timedelta(hours=2) if pause == "two_hours" else morning
    return terms.model_copy(update={"paused_until": until})


def resting_until(terms: Terms, now: datetime) -> datetime | None:
    """Until when nobody is sent, counting from now; None = somebody may be."""
    now_or_never = [away.until for away in terms.absences if away.since <= now < away.until]
    if terms.paused_until is not None and terms.paused_until > now:
        now_or_never.append(terms.paused_until)
    return max(now_or_never, default=None)


def widens(old: Terms, new: Terms, now: datetime) -> tuple[str, ...]:
    """The fields of `new` that allow something `old` does not."""
    wider = {
        "paused_until": _later(old.paused_until, now) > _later(new.paused_until, now),
        "absences": any(away.until > now and away not in new.absences for away in old.absences),
        "per_day": _more(old.per_day, new.per_day),
        "per_week": _more(old.per_week, new.per_week),
        "offers": new.offers and not old.offers,
        "neighbours": new.neighbours and not old.neighbours,
        "extra": new.extra and not old.extra,
        "give_back": old.give_back is not None and (new.give_back is None or new.give_back < old.give_back),
    }
    return tuple(name for name, so in wider.items() if so)


def _later(moment: datetime | None, now: datetime) -> datetime:
    return now if moment is None else max(moment, now)


def _more(old: int | None, new: int | None) -> bool:
    return old is not None and (new is None or new > old)
