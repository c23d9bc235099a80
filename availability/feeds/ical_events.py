"""What does an iCalendar (RFC 5545) say? Google's, Outlook's, Apple's and the medical agendas' habits included.

Titles, descriptions and people are thrown away before anything reads them: only when, how often, and how long is kept.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from hashlib import blake2b
from typing import Any
from zoneinfo import ZoneInfo

import recurring_ical_events
from icalendar import Calendar, Event

from availability.feeds.ical_lines import NOT_A_CALENDAR, lean
from availability.feeds.source import MOST_TIMES, Ask, Reading, Time, Unreadable
from schemas.feed import FeedMeans
from schemas.values import LONGEST

SHORTEST = 5
"""Minutes of the shortest slot."""
_A_DAY = timedelta(days=1)
_TOO_OFTEN = frozenset({"SECONDLY", "MINUTELY", "HOURLY"})
_OLDEST_RULE = 1990
"""A rule that begins before would be walked through for seconds; no calendar is that old."""


def reading_of(content: bytes, ask: Ask) -> Reading:
    """What an iCalendar file says to who asks: unchanged, when its lines that matter are those of `ask.digest`. Raises
    `Unreadable`."""
    text, zone = lean(content, ask.zone, ask.since, ask.until)
    digest = blake2b(f"{zone.key}\x1f{text}".encode(), digest_size=16).hexdigest()
    if digest == ask.digest:
        return Reading(digest=digest, unchanged=True)
    return Reading(*_times_in(text, ask.means, zone, ask.since, ask.until), digest=digest)


def times_of(
    content: bytes, means: FeedMeans, zone: ZoneInfo, since: datetime, until: datetime
) -> tuple[tuple[Time, ...], Mapping[str, int]]:
    """The times of an iCalendar file, and how many events were left out, by reason. A time without a zone is one of
    the calendar's own zone, else of `zone`. Raises `Unreadable`.

    Every event counts, except a cancelled one and, of busy times, one that is marked as free (TRANSPARENT). An event of
    whole days is a busy time, and never an open one.
    """
    text, own_zone = lean(content, zone, since, until)
    return _times_in(text, means, own_zone, since, until)


def _times_in(
    text: str, means: FeedMeans, own_zone: ZoneInfo, since: datetime, until: datetime
) -> tuple[tuple[Time, ...], Mapping[str, int]]:
    """The same of its lines that matter. `own_zone`: of times that name none."""
    try:
        calendar = Calendar.from_ical(text)
    except (ValueError, IndexError, KeyError) as broken:
        raise Unreadable(NOT_A_CALENDAR) from broken
    if not isinstance(calendar, Calendar) or str(calendar.get("METHOD", "")).upper() == "CANCEL":
        raise Unreadable(NOT_A_CALENDAR)
    left_out: Counter[str] = Counter()
    times: dict[str, Time] = {}
    for group in _by_uid(calendar.events):
        for event in _occurrences(group, own_zone, since, until, left_out):
            time = _time(event, means, own_zone, left_out)
            if time is not None and _wanted(time, means, since, until):
                times[time.uid] = time
        if len(times) > MOST_TIMES:
            raise Unreadable("too_many")
    return tuple(sorted(times.values(), key=lambda time: (time.start, time.uid))), dict(left_out)


def _by_uid(events: Iterable[Event]) -> Iterator[list[Event]]:
    """The events that belong together: a series and its exceptions. One without a UID is known by its start."""
    groups: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        if "UID" not in event:
            event.add("UID", str(_moment(event, "DTSTART")) if "DTSTART" in event else "none")
        groups[str(event["UID"])].append(event)
    yield from groups.values()


def _occurrences(
    group: list[Event], zone: ZoneInfo, since: datetime, until: datetime, left_out: Counter[str]
) -> Iterable[Event]:
    """The events of a group near the period asked for. One that nobody can read costs only itself."""
    try:
        if not any(name in event for event in group for name in ("RRULE", "RDATE", "RECURRENCE-ID")):
            return _latest(group)
        if any(map(_too_much, group)):
            left_out["rule"] += 1
            return []
        calendar = Calendar()
        for event in group:
            calendar.add_component(event)
        near = recurring_ical_events.of(calendar)
        local = since.astimezone(zone).replace(tzinfo=None), until.astimezone(zone).replace(tzinfo=None)
        return list(near.between(local[0] - _A_DAY, local[1] + _A_DAY))
    except Exception:  # whatever the library finds no way with: rules that contradict themselves, dates out of range
        left_out["unreadable"] += 1
        return []


def _latest(group: list[Event]) -> list[Event]:
    """Those of the last SEQUENCE. More than one is a producer that gives several events one UID: each counts."""
    sequences = [int(event.get("SEQUENCE", 0)) for event in group]
    latest = [event for event, sequence in zip(group, sequences, strict=True) if sequence == max(sequences)]
    for event in latest if len(latest) > 1 else ():
        event["UID"] = f"{event['UID']}\x1f{_moment(event, 'DTSTART')}"
    return latest


def _moment(event: Event, name: str) -> date:
    """The date or the date and time of this property. Raises KeyError or AttributeError when there is none."""
    value: Any = event[name]
    moment: date = value.dt
    return moment


def _too_much(event: Event) -> bool:
    rules: Any = event.get("RRULE", [])
    old = "DTSTART" in event and _moment(event, "DTSTART").year < _OLDEST_RULE
    return any(
        old
        or str(*rule.get("FREQ", [""])).upper() in _TOO_OFTEN
        or "BYSECOND" in rule
        or len(rule.get("BYHOUR", [])) * max(1, len(rule.get("BYMINUTE", []))) > SHORTEST * 5
        for rule in (rules if isinstance(rules, list) else [rules])
    )


def _time(event: Event, means: FeedMeans, zone: ZoneInfo, left_out: Counter[str]) -> Time | None:
    """The event as a time; None when it is none, which `left_out` then says."""
    if str(event.get("STATUS", "")).upper() == "CANCELLED" or (means == "busy" and _marked_free(event)):
        return None
    try:
        start, ends = _moment(event, "DTSTART"), _end(event)
    except (KeyError, ValueError, AttributeError, TypeError):
        left_out["unreadable"] += 1
        return None
    if means == "open" and not isinstance(start, datetime):
        left_out["all_day"] += 1
        return None
    time = Time(_uid(event, zone), _utc(start, zone), _utc(ends, zone))
    if means == "open" and not SHORTEST <= time.minutes <= LONGEST:
        left_out["too_short" if time.minutes < SHORTEST else "too_long"] += 1
        return None
    return time


def _end(event: Event) -> date:
    """Where it ends (RFC 5545, 3.6.1): DTEND, else DTSTART and DURATION, else the end of the day, else at once."""
    start = _moment(event, "DTSTART")
    if "DTEND" in event:
        return _moment(event, "DTEND")
    if "DURATION" in event:
        lasts: Any = event["DURATION"]
        return start + timedelta(seconds=lasts.dt.total_seconds())
    return start if isinstance(start, datetime) else start + _A_DAY


def _marked_free(event: Event) -> bool:
    """RFC 5545 says TRANSP; Outlook says both, and its own word is the surer one."""
    outlook = str(event.get("X-MICROSOFT-CDO-BUSYSTATUS", "")).upper()
    return outlook == "FREE" if outlook else str(event.get("TRANSP", "")).upper() == "TRANSPARENT"


def _uid(event: Event, zone: ZoneInfo) -> str:
    """Of a UID only a digest is kept: some producers write names or addresses into it."""
    which = ""
    if "RECURRENCE-ID" in event:
        with suppress(AttributeError, ValueError):
            which = f"{_utc(_moment(event, 'RECURRENCE-ID'), zone):%Y%m%dT%H%M%S}"
    return blake2b(f"{event['UID']}\x1f{which}".encode(), digest_size=16).hexdigest()


def _utc(moment: date, zone: ZoneInfo) -> datetime:
    """A day begins at midnight; a time without a zone is one of `zone`. An hour that the clock leaves out is read with
    the offset before (RFC 5545, 3.3.5), as zoneinfo does."""
    if not isinstance(moment, datetime):
        moment = datetime(moment.year, moment.month, moment.day)  # noqa: DTZ001 - gets its zone below
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


def _wanted(time: Time, means: FeedMeans, since: datetime, until: datetime) -> bool:
    if means == "open":
        return since < time.start < until
    return time.start < until and time.ends > max(since, time.start)
