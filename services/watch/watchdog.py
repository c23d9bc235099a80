"""Who notices that nothing happens any more? A second process, which believes its own monotonic clock only."""

import asyncio
import contextlib
import logging
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from rich.console import Console

from services.settings import Settings
from services.storage.beats import READERS, SWEEP, BeatRow, beats
from services.storage.database import Database
from services.watch.ways import KINDS, Tell, Ways, ways_of

log = logging.getLogger("relais.watchdog")

LOOK = 5.0
"""Seconds between two looks."""


@dataclass(frozen=True, slots=True)
class Look:
    """What one look saw. `sweep`: the last beat of the timers' sweep, None when nobody could read it; `standing`: the
    readers that stand still, as the clock worker noted (services/bus/upkeep.py)."""

    database: bool
    bus: bool
    sweep: datetime | None
    standing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What has been missing for too long (kind: seconds), and what was just seen to be well."""

    silent: dict[str, float]
    well: frozenset[str]


class Judge:
    """Decides what has been missing for too long. It compares no two clocks: a beat lives when it changes."""

    def __init__(self, silence: float) -> None:
        self._silence = silence
        self._missing = dict.fromkeys(KINDS, 0.0)
        self._sweep: datetime | None = None
        self._knows_sweep = False

    def judge(self, look: Look, elapsed: float) -> Verdict:
        """`elapsed`: seconds since the look before, on our own clock."""
        seen = {
            "database_away": look.database,
            "bus_away": look.bus,
            "no_sweep": look.database and self._knows_sweep and look.sweep != self._sweep,
            "reader_stands": look.database and not look.standing,
        }
        for kind, well in seen.items():
            self._missing[kind] = 0.0 if well else self._missing[kind] + elapsed
        if look.database:
            self._sweep, self._knows_sweep = look.sweep, True
        else:
            for kind in ("no_sweep", "reader_stands"):  # nobody can know: it is the database that is missing
                self._missing[kind] = 0.0
        silent = {kind: since for kind, since in self._missing.items() if since >= self._silence}
        return Verdict(silent, frozenset(kind for kind, well in seen.items() if well))


class Watchdog:
    """Looks, judges, alarms by every way there is; and says when it is over."""

    def __init__(self, database: Database, bus: str | None, ways: Ways, silence: float) -> None:
        self._database = database
        self._bus = bus
        self._ways = ways
        self._judge = Judge(silence)
        self._pause = min(LOOK, silence / 6)

    async def run(self) -> None:
        """For ever. After a sleep of the whole machine nobody is to blame: a look counts for three pauses at most."""
        last = time.monotonic()
        while True:
            await asyncio.sleep(self._pause)
            try:
                look = await self._look()
                now = time.monotonic()
                elapsed, last = min(now - last, 3 * self._pause), now
                verdict = self._judge.judge(look, elapsed)
                await self._ways.follow(verdict.silent, verdict.well, look.database)
            except Exception as failed:  # whoever watches must not die of what he sees
                log.error("the watchdog stumbled: %s", type(failed).__name__)

    async def _look(self) -> Look:
        heard: dict[str, BeatRow] | None = None
        with contextlib.suppress(Exception):  # refused, timed out, gone: whatever it is, the database does not answer
            async with asyncio.timeout(3 * self._pause), self._database.read() as db:
                heard = {beat.name: beat for beat in await beats(db)}
        bus = self._bus is None or await answers(self._bus, self._pause)
        if heard is None:
            return Look(database=False, bus=bus, sweep=None)
        sweep, readers = heard.get(SWEEP), heard.get(READERS)
        return Look(
            True, bus, None if sweep is None else sweep.at, () if readers is None else tuple(readers.detail.split())
        )


async def answers(url: str, within: float) -> bool:
    """Whether one of these NATS servers greets: a frozen one accepts a connection, but says nothing."""
    for one in url.split(","):
        at = urlsplit(one if "//" in one else f"nats://{one}")
        with contextlib.suppress(OSError, ValueError):  # a time-out is an OSError
            async with asyncio.timeout(within):
                reader, writer = await asyncio.open_connection(at.hostname, at.port or 4222)
                try:
                    if (await reader.readline()).startswith(b"INFO"):
                        return True
                finally:
                    writer.close()
    return False


@asynccontextmanager
async def watching(settings: Settings, tell: Tell, silence: float, part: str = "watch") -> AsyncIterator[None]:
    """A watchdog for as long as the block lasts. It makes no tables and needs no NATS of its own."""
    async with ways_of(settings, tell, part) as (database, ways):
        task = asyncio.create_task(Watchdog(database, settings.nats_url, ways, silence).run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])


async def stay_watching(settings: Settings, console: Console, silence: float) -> int:
    """The watchdog alone, until Ctrl-C."""
    told = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, told.set)
    async with watching(settings, console.print, silence):
        console.print(f"watch : une alarme après {silence:.0f} s de silence")
        await told.wait()
    return 0
