"""How does one see that a process lives, and how it feels? A row every ten seconds, and the lag of its event loop."""

import asyncio
import contextlib
import json
import logging
import os
import platform
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from importlib.metadata import version

from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.event import Event
from services.clock import Clock
from services.ids import own_order
from services.mailbox import Mailbox
from services.storage.beats import SWEEP, beats, forget_beat, keep_beat

log = logging.getLogger("relais.pulse")

EVERY = 10.0
"""Seconds between two beats in the database."""

FORGOTTEN_AFTER = timedelta(days=1)

LOOK = 0.5
"""Seconds between two looks at the event loop."""


class Lag:
    """How late the event loop was, at worst, in the last minute: what everybody here had to wait."""

    def __init__(self) -> None:
        self._late: deque[float] = deque(maxlen=int(60 / LOOK))

    def worst(self) -> float:
        """Seconds."""
        return max(self._late, default=0.0)

    async def measure(self) -> None:
        """For ever."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + LOOK
            await asyncio.sleep(LOOK)
            self._late.append(max(0.0, loop.time() - due))


@asynccontextmanager
async def pulsing(mailbox: Mailbox, clock: Clock, part: str, lag: Lag) -> AsyncIterator[None]:
    """This process beats while the block lasts; a clean end takes the row away, a crash leaves it for doctor."""
    name = f"{part}@{platform.node()}:{os.getpid()}"
    with contextlib.suppress(Exception):  # the database is away: they are found the next time
        async with asyncio.timeout(5):
            await _write(mailbox, lambda db: forget_dead(db, part))
    tasks = [asyncio.create_task(work) for work in (_beat(mailbox, clock, name), lag.measure())]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        with contextlib.suppress(Exception):  # the database is away: doctor will find the row
            async with asyncio.timeout(2):
                await _write(mailbox, lambda db: forget_beat(db, name))


async def forget_dead(db: AsyncConnection, part: str) -> None:
    """Whose work we take up: the same part on this machine, killed. And what was not heard of for a day."""
    for beat in await beats(db):
        mine, _, pid = beat.name.rpartition(":")
        killed = mine == f"{part}@{platform.node()}" and not _lives(pid)
        if killed or (beat.name != SWEEP and datetime.now(UTC) - beat.at > FORGOTTEN_AFTER):
            await forget_beat(db, beat.name)


def _lives(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True


def detail(clock: Clock) -> str:
    """What a beat says besides the hour: which release, and how far the wall clock has strayed from ours."""
    return json.dumps({"version": version("relais"), "strayed": round(clock.jump().total_seconds())})


async def _beat(mailbox: Mailbox, clock: Clock, name: str) -> None:
    while True:
        try:
            await _write(mailbox, lambda db: keep_beat(db, name, detail(clock)))
        except Exception as failed:
            log.warning("no beat: %s", type(failed).__name__)
        await asyncio.sleep(EVERY)


async def _write(mailbox: Mailbox, act: Callable[[AsyncConnection], Awaitable[None]]) -> None:
    async def decide(db: AsyncConnection, now: datetime) -> list[Event]:
        await act(db)
        return []

    await mailbox.order(own_order(), decide)
