"""How does an appointment get into the patient's own calendar? One RFC 5545 event, without health data."""

import re
from datetime import UTC, datetime, timedelta

LINE = 75  # octets, without the line break (RFC 5545, 3.1)


def appointment(
    *,
    uid: str,
    sequence: int,
    stamp: datetime,
    start: datetime,
    minutes: int,
    title: str,
    where: str,
    about: str,
    url: str,
) -> bytes:
    """The calendar file of one appointment, in UTF-8. Moments are aware; `stamp` is now.

    `uid` stays the same for one request and `sequence` grows when it is moved, so that a second file replaces
    the first. `title`, `where` and `about` are shown as they are: say nothing in them of the reason, nor of
    the practitioner's specialty. Raises ValueError for a naive moment.
    """
    lines = (
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Relais//rendez-vous//FR",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        "BEGIN:VEVENT",
        f"UID:{_text(uid)}",
        f"SEQUENCE:{sequence}",
        f"DTSTAMP:{_moment(stamp)}",
        f"DTSTART:{_moment(start)}",
        f"DTEND:{_moment(start + timedelta(minutes=minutes))}",
        f"SUMMARY:{_text(title)}",
        f"LOCATION:{_text(where)}",
        f"DESCRIPTION:{_text(about)}",
        f"URL:{_bare(url)}",
        "CLASS:PRIVATE",
        "TRANSP:OPAQUE",
        "END:VEVENT",
        "END:VCALENDAR",
    )
    return b"".join(_folded(line) for line in lines)


def _moment(moment: datetime) -> str:
    if moment.utcoffset() is None:
        raise ValueError("A moment must be aware of its time zone.")
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _text(text: str) -> str:
    """TEXT of RFC 5545, 3.3.11: backslash, semicolon, comma, line break are escaped; controls dropped."""
    one_break = text.replace("\r\n", "\n").replace("\r", "\n")
    escaped = re.sub(r"([\\;,])", r"\\\1", one_break).replace("\n", "\\n")
    return _bare(escaped)


def _bare(text: str) -> str:
    return re.sub(r"[\x00-\x08\x0a-\x1f\x7f]", "", text)


def _folded(line: str) -> bytes:
    """The line in pieces of at most 75 octets, each after the first begun by a space; no sign is cut."""
    pieces: list[bytes] = []
    piece = b""
    for sign in line:
        octets = sign.encode()
        if len(piece) + len(octets) > LINE:
            pieces.append(piece)
            piece = b" "
        piece += octets
    return b"\r\n".join((*pieces, piece)) + b"\r\n"
