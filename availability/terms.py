"""Who may change what a practitioner allows? The one it is about may; others may only take away."""

from datetime import datetime

from schemas.practitioner import Terms


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
    }
    return tuple(name for name, so in wider.items() if so)


def _later(moment: datetime | None, now: datetime) -> datetime:
    return now if moment is None else max(moment, now)


def _more(old: int | None, new: int | None) -> bool:
    return old is not None and (new is None or new > old)
