"""What does one process of Relais do, from its start to its end? Work, say how it goes, stop when it is told to.

A part under a supervisor (services/watch/supervisor.py) is given its settings on standard input, says on standard
output what it does and that it lives, and ends when its input ends: then the supervisor is gone.
"""

import asyncio
import contextlib
import os
import pickle
import signal
import sys
import threading
import time
from collections.abc import Callable

from rich.console import Console

from services.bus.relay import unpublished
from services.bus.server import NatsMissing
from services.house import House
from services.run import ALL, CLOCK, ROOMS, running, serving
from services.settings import Settings
from services.storage.migrate import NotMigrated
from services.watch.pulse import pulsing

WORKERS: dict[str, tuple[str, ...]] = {"all": ALL, "web": (), **{room: (room,) for room in (*ROOMS, CLOCK)}}
"""What each part runs beside the web, which is in `all` and `web`."""

WITH_WEB = ("all", "web")

ENDS_WITHIN = 12.0
"""Seconds a part has to stop cleanly once its supervisor is gone."""

Say = Callable[[str, str], None]
"""What a part tells: `step` and `detail` while it starts, `ready`, then `beat` while it lives; with some words."""


CANNOT_START = (NatsMissing, NotMigrated, OSError, LookupError)
"""What ends a part with words of action instead of a traceback."""


async def stay(settings: Settings, part: str, console: Console, say: Say) -> int:
    """Run the part until it is told to stop. The exit code: 0, or 1 with what to mend on the console."""
    try:
        await _work(settings, part, say)
    except CANNOT_START as wrong:
        console.print(f"[red]✗[/red] {wrong}")
        return 1
    return 0


async def _work(settings: Settings, part: str, say: Say) -> None:
    told = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, told.set)
    beating = asyncio.create_task(_beat(say))
    try:
        async with running(settings, WORKERS[part], lambda step: say("step", step)) as house:
            if settings.seed_demonstration and part in WITH_WEB:
                await _fill(house, say)
            async with (
                pulsing(house.mailbox, house.clock, part, house.lag),
                serving(house) if part in WITH_WEB else contextlib.nullcontext(),
            ):
                say("ready", "")
                await told.wait()
    finally:
        beating.cancel()


def given_settings() -> Settings:
    """The settings, read from standard input; from then on the end of that input ends this process."""
    settings: Settings = pickle.load(sys.stdin.buffer)  # our own words, through a pipe nobody else holds
    threading.Thread(target=_end_with_supervisor, daemon=True).start()
    return settings


def tell_supervisor(kind: str, words: str) -> None:
    """One line on standard output. A supervisor that is gone hears nothing, and that is known by another way."""
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.write(f"{kind} {words}\n")
        sys.stdout.flush()


def _end_with_supervisor() -> None:
    """In a thread, so that it also holds for an event loop that is stuck."""
    with contextlib.suppress(OSError):
        while os.read(0, 1):  # not the buffered file: Python would wait for its lock at the end
            pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(ENDS_WITHIN)
    os._exit(1)


async def _fill(house: House, say: Say) -> None:
    """Load the demonstration, and wait until all of it has been published."""
    from services.demo.load import load_demonstration

    say("step", "Territoires de démonstration")
    if not await load_demonstration(house, progress=lambda text: say("detail", text)):
        return
    say("step", "Créneaux en place")
    await everything_heard(house)


async def everything_heard(house: House) -> None:
    """Wait until what was committed has been published: from then on proposals are complete."""
    while True:
        async with house.database.read() as db:
            if not await unpublished(db):
                return
        await asyncio.sleep(0.1)


async def _beat(say: Say) -> None:
    """As long as the event loop turns, somebody hears it."""
    while True:
        say("beat", "")
        await asyncio.sleep(1)
