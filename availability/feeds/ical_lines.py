"""Which lines of an iCalendar are worth reading, and which time zone does each name mean?

A calendar of five years holds thousands of events that are over, and texts about people. Both are dropped here, as
text: parsing what is left takes a third of the time, and nothing personal goes further.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from availability.feeds.source import Fault, Unreadable

NOT_A_CALENDAR: Fault = "not_a_calendar"
LONGEST_EVENT = timedelta(days=60)
"""An event that says no end is taken to be over this long after its start."""
ANY_ZONE = timedelta(days=2)

_FOLD = re.compile(rb"\r?\n[ \t]")
_NAME = re.compile(r"[A-Za-z0-9-]+")
_TZID = re.compile(r';TZID=("[^"]*"|[^:;]*)', re.IGNORECASE)
_DAY = re.compile(r":(\d{8})")
_KEPT = frozenset(
    {"BEGIN", "END", "UID", "DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID", "STATUS"}
    | {"SEQUENCE", "TRANSP", "X-MICROSOFT-CDO-BUSYSTATUS"}
)
_REPEATS = frozenset({"RRULE", "RDATE", "RECURRENCE-ID"})

Line = tuple[str, str]
"""The property's name in capitals, and the whole line."""


def lean(content: bytes, zone: ZoneInfo, since: datetime, until: datetime) -> tuple[str, ZoneInfo]:
    """The calendar with what matters for [since, until) alone, and the zone of its times that name none.

    Zones are named as IANA names them wherever that can be known; a `VTIMEZONE` stays only where nothing else says
    what its name means. Raises `Unreadable`.
    """
    lines = list(_lines(content))
    if not lines or lines[0] != ("BEGIN", "BEGIN:VCALENDAR"):
        raise Unreadable(NOT_A_CALENDAR)
    own = next((_value(line) for name, line in lines if name == "X-WR-TIMEZONE"), "")
    floating = ZoneInfo(_iana(own) or zone.key)
    defined = {_value(line) for name, line in lines if name == "TZID"}
    days = (f"{since - ANY_ZONE:%Y%m%d}", f"{since - LONGEST_EVENT:%Y%m%d}", f"{until + ANY_ZONE:%Y%m%d}")
    kept = ["BEGIN:VCALENDAR", *(line for name, line in lines if name == "METHOD")]
    for component in _components(lines):
        if component[0][1].upper() == "BEGIN:VTIMEZONE":
            name = next((_value(line) for name, line in component if name == "TZID"), "")
            kept += [] if _iana(name) else (line for _, line in component)
        elif _near(component, *days):
            kept += (_zoned(line, defined, floating) for _, line in component)
    return "\r\n".join([*kept, "END:VCALENDAR", ""]), floating


def _lines(content: bytes) -> Iterator[Line]:
    """The unfolded lines. Unfolded as bytes: a fold may come between two bytes of one letter (RFC 5545, 3.1)."""
    whole = _FOLD.sub(b"", content.removeprefix(b"\xef\xbb\xbf").lstrip())
    try:
        text = whole.decode()
    except UnicodeDecodeError:
        text = whole.decode("cp1252", "replace")  # older software of Windows
    for line in text.splitlines():
        name = _NAME.match(line)
        if name:
            yield name[0].upper(), line


def _components(lines: Iterable[Line]) -> Iterator[list[Line]]:
    """The events, with the lines that matter, and the time zones. What lies inside an event (alarms) is dropped."""
    stack: list[str] = []
    component: list[Line] = []
    for name, line in lines:
        if name == "BEGIN":
            stack.append(_value(line).upper())
            component = [] if len(stack) == 2 else component
        if stack[1:2] == ["VTIMEZONE"] or (stack[1:] == ["VEVENT"] and name in _KEPT):
            component.append((name, line))
        if name == "END" and stack:
            if stack[1:] in (["VEVENT"], ["VTIMEZONE"]):
                yield component
            stack.pop()


def _near(event: list[Line], since: str, long_since: str, until: str) -> bool:
    """Whether a single event may matter for these days (YYYYMMDD); one that repeats always may."""
    if any(name in _REPEATS for name, _ in event):
        return True
    day = {name: found[1] for name, line in event if name in ("DTSTART", "DTEND") and (found := _DAY.search(line))}
    if "DTSTART" not in day:
        return True
    return day["DTSTART"] <= until and (day["DTEND"] >= since if "DTEND" in day else day["DTSTART"] >= long_since)


def _zoned(line: str, defined: set[str], floating: ZoneInfo) -> str:
    """The line with its zone named as IANA does. A name that nobody knows and nothing defines is a floating time."""
    found = _TZID.search(line)
    if found is None:
        return line
    name = found[1].strip('"')
    known = _iana(name) or (name if name in defined else floating.key)
    return f'{line[: found.start()]};TZID="{known}"{line[found.end() :]}'


@cache
def _iana(name: str) -> str | None:
    """The IANA zone that a vendor's name means: IANA's own, with any prefix ("/mozilla.org/20050126_1/Europe/Paris"),
    or Windows's ("Romance Standard Time"); None when nobody knows."""
    name = name.strip().strip('"')
    parts = [part for part in name.split("/") if part]
    for begin in range(max(0, len(parts) - 3), len(parts)):
        known = _by_small_letters().get("/".join(parts[begin:]).lower())
        if known:
            return known
    return WINDOWS_TO_OLSON.get(name)


@cache
def _by_small_letters() -> dict[str, str]:
    return {name.lower(): name for name in available_timezones()}


def _value(line: str) -> str:
    return line.partition(":")[2].strip()
