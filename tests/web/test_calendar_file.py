"""Is the calendar file one that every calendar reads?"""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.web.ics import LINE, appointment

START = datetime(2026, 11, 24, 9, 30, tzinfo=timezone(timedelta(hours=1)))
STAMP = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


def made(**changes: Any) -> bytes:
    said: dict[str, Any] = {
        "uid": "one@relais",
        "sequence": 2,
        "stamp": STAMP,
        "start": START,
        "minutes": 20,
        "title": "Rendez-vous",
        "where": "1, place du Port ; Lavaur",
        "about": "Une ligne\nune autre",
        "url": "http://127.0.0.1:8016/p/abc",
    } | changes
    return appointment(**said)


def test_it_says_when_in_utc_where_and_what_replaces_what() -> None:
    lines = made().decode().split("\r\n")
    for line in (
        "UID:one@relais",
        "SEQUENCE:2",
        "DTSTAMP:20261123T080000Z",
        "DTSTART:20261124T083000Z",
        "DTEND:20261124T085000Z",
        "LOCATION:1\\, place du Port \\; Lavaur",
        "DESCRIPTION:Une ligne\\nune autre",
        "CLASS:PRIVATE",
    ):
        assert line in lines
    assert lines[0] == "BEGIN:VCALENDAR"
    assert lines[-2:] == ["END:VCALENDAR", ""]


def test_the_same_appointment_gives_the_same_file() -> None:
    assert made() == made()


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        made(start=datetime(2026, 11, 24, 9, 30))  # noqa: DTZ001


@given(st.text(), st.text())
def test_whatever_a_place_is_called_it_stays_one_property_and_comes_back_whole(where: str, about: str) -> None:
    file = made(where=where, about=about)
    raw = file.split(b"\r\n")
    assert all(len(line) <= LINE for line in raw)
    lines = file.decode().replace("\r\n ", "").split("\r\n")
    assert len(lines) == 20
    assert not any("\n" in line or "\r" in line for line in lines)
    kept = "".join(sign for sign in where.replace("\r\n", "\n").replace("\r", "\n") if sign >= " " or sign in "\t\n")
    kept = kept.replace("\x7f", "")
    written = next(line for line in lines if line.startswith("LOCATION:")).removeprefix("LOCATION:")
    assert unescaped(written) == kept


def unescaped(text: str) -> str:
    signs, out = iter(text), []
    for sign in signs:
        out.append({"n": "\n"}.get(following := next(signs), following) if sign == "\\" else sign)
    return "".join(out)
