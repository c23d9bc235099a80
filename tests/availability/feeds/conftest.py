"""What do tests of feeds share? A server elsewhere, and the files."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from availability.feeds.ical_events import times_of
from availability.feeds.source import Time
from tests.builders import MONDAY
from tests.elsewhere import Elsewhere, elsewhere

FILES = Path(__file__).parent / "files"
SAS = Path(__file__).parent / "sas"
PARIS = ZoneInfo("Europe/Paris")
QUARTER = timedelta(days=90)


@pytest.fixture
async def other() -> AsyncIterator[Elsewhere]:
    async with elsewhere() as server:
        yield server


def calendar(*events: str, zone: str = "") -> bytes:
    """A calendar of these events, each its lines without BEGIN and END, separated by |."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", *([f"X-WR-TIMEZONE:{zone}"] if zone else [])]
    for number, event in enumerate(events):
        uid = [] if "UID:" in event else [f"UID:{number}@example"]
        lines += ["BEGIN:VEVENT", *uid, *event.split("|"), "END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


def read(content: bytes, means: Any = "open", since: datetime = MONDAY, **more: Any) -> tuple[Time, ...]:
    return times_of(content, means, more.get("zone", PARIS), since, since + more.get("within", QUARTER))[0]


def left_out(content: bytes, means: Any = "open", since: datetime = MONDAY) -> dict[str, int]:
    return dict(times_of(content, means, PARIS, since, since + QUARTER)[1])


def local(times: tuple[Time, ...], zone: ZoneInfo = PARIS) -> list[str]:
    """As the practitioner would say them: "06/01 14:00 120"."""
    return [f"{time.start.astimezone(zone):%d/%m %H:%M} {time.minutes}" for time in times]
