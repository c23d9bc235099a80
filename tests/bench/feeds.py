"""How long do a thousand linked agendas take to be read and compared? `python -m tests.bench.feeds [FEEDS]`.

Each has 200 events in the next three months, as a practice writes them: single ones, a weekly series with exceptions,
long texts. They are asked over real HTTP on this machine, read, compared and written down: processor time and memory
are those of both processes. First all are new; then one event in twenty has moved; then nothing has changed; then every
server says so.
"""

import asyncio
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from rich.console import Console
from sqlalchemy import func, select, update

from availability import following
from availability.feeds.ical import read_file
from availability.feeds.source import Ask
from availability.following import EVERY
from availability.orders import register_practitioners
from availability.tables import FEED, SLOT
from availability.upstream import NewFeed
from schemas.event import derived_id
from services.build import build_house
from services.feeds.outside import Web
from services.feeds.polling import Polling
from services.house import House
from services.settings import Settings
from tests.builders import a_practitioner, an_order
from tests.elsewhere import Elsewhere, Page, elsewhere

MONDAY = datetime(2026, 1, 5, 6, tzinfo=UTC)
SINGLE, SERIES = 140, 5
out = Console(highlight=False, soft_wrap=True)


def agenda(moved: int) -> bytes:
    """200 times within 90 days: 140 single events, and five series of twelve weeks; every 20th of the single ones is
    `moved` minutes later."""
    events = []
    for number in range(SINGLE):
        later = timedelta(minutes=moved if number % 20 == 0 else 0)
        start = MONDAY + timedelta(days=1 + number // 2, hours=3 + number % 2 * 5) + later
        events.append(
            f"DTSTART:{start:%Y%m%dT%H%M%SZ}\r\nDTEND:{start + timedelta(minutes=30):%Y%m%dT%H%M%SZ}\r\n"
            f"UID:single-{number}@example\r\n"
        )
    for number in range(SERIES):
        start = MONDAY + timedelta(days=number + 1, hours=11)
        events.append(
            f"DTSTART;TZID=Europe/Paris:{start:%Y%m%dT%H%M%S}\r\nDURATION:PT30M\r\nRRULE:FREQ=WEEKLY;COUNT=13\r\n"
            f"EXDATE;TZID=Europe/Paris:{start + timedelta(days=21):%Y%m%dT%H%M%S}\r\nUID:series-{number}@example\r\n"
        )
    text = "SUMMARY:Créneau SNP\r\nDESCRIPTION:" + "Réservé aux demandes du jour. " * 6 + "\r\nSTATUS:CONFIRMED\r\n"
    body = "".join(f"BEGIN:VEVENT\r\n{event}{text}TRANSP:OPAQUE\r\nEND:VEVENT\r\n" for event in events)
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//EN\r\n{body}END:VCALENDAR\r\n".encode()


async def furnish(house: House, other: Elsewhere, feeds: int) -> None:
    people = [a_practitioner(f"gp-{number}") for number in range(feeds)]
    for at in range(0, feeds, 200):
        order = an_order()
        some = people[at : at + 200]
        await house.mailbox.order(order, partial(register_practitioners, order, some))
    for one in people:
        url = await house.vault.seal(f"practitioner:{one.id}", "feed", f"{other.base}/agenda.ics?of={one.id}")
        new = NewFeed(id=derived_id("feed", one.id), practitioner_id=one.id, kind="ical", means="open", url=url)
        order = an_order()
        await house.mailbox.order(order, partial(following.link, order, new))


async def measure(folder: Path, feeds: int) -> None:
    house = await build_house(Settings(data_dir=folder, start=MONDAY))
    work = asyncio.create_task(house.mailbox.run())
    async with elsewhere() as other:
        await furnish(house, other, feeds)
        await read_file(
            agenda(0), Ask("", "open", ZoneInfo("Europe/Paris"), MONDAY, MONDAY + EVERY)
        )  # starts the other process
        polling, now = Polling(house, Web(loopback=True)), [MONDAY]
        house.clock.now = lambda: now[0]  # type: ignore[method-assign]
        for name, moved in (("all new", 0), ("1 in 20 moved", 5), ("nothing changed", 5), ("not sent again", 5)):
            other.pages["/agenda.ics"] = Page(agenda(moved), headers={"etag": f'"{name}"'} if moved else {})
            if name == "not sent again":
                other.pages["/agenda.ics"] = Page(agenda(moved), headers={"etag": '"nothing changed"'})
            now[0] += EVERY
            if name == "all new":
                await due(house, now[0])
            await _report(name, polling.sweep, feeds)
        async with house.database.read() as db:
            open_ = (await db.execute(select(func.count()).where(SLOT.c.status == "open"))).scalar_one()
            errors = (await db.execute(select(func.count()).where(FEED.c.error.is_not(None)))).scalar_one()
        out.print(f"slots open {open_}, feeds in error {errors}")
    work.cancel()
    await house.vault.close()
    await house.database.close()


async def due(house: House, now: datetime) -> None:
    async with house.database.writing() as db:
        await db.execute(update(FEED).values(due_at=now))


async def _report(name: str, sweep: Callable[[], Awaitable[int]], feeds: int) -> None:
    late = 0.0

    async def watch() -> None:
        nonlocal late
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0.01)
            late = max(late, time.perf_counter() - before - 0.01)

    watching = asyncio.create_task(watch())
    began, cpu = time.perf_counter(), _processor()
    read = await sweep()
    took, cpu = time.perf_counter() - began, _processor() - cpu
    watching.cancel()
    memory = sum(map(_memory, _processes()))
    out.print(
        f"{name:16} {read:5d} of {feeds} feeds  {took:6.1f} s  processor {cpu:6.1f} s  "
        f"{took / max(read, 1) * 1000:5.1f} ms a feed  loop late {late * 1000:4.0f} ms  memory {memory:5.0f} MB"
    )


def _processes() -> list[int]:
    """This one, and the one that reads calendars."""
    return [os.getpid(), *(one.pid or 0 for one in multiprocessing.active_children())]


def _memory(process: int) -> float:
    """The most megabytes it ever had (proc(5): VmHWM, in kB)."""
    said = Path(f"/proc/{process}/status").read_text().partition("VmHWM:")[2]
    return int(said.split()[0]) / 1024


def _processor() -> float:
    """Seconds that they computed (proc(5): utime and stime, in ticks)."""
    ticks = 0
    for one in _processes():
        said = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        ticks += int(said[11]) + int(said[12])
    return ticks / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        asyncio.run(measure(Path(place), int(sys.argv[1]) if len(sys.argv) > 1 else 1_000))
