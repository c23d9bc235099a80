"""Does a backlog drain without memory growing with it? A real `relais up` finds thousands of requests waiting."""

import asyncio
import contextlib
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path

from tests.bench import corridor
from tests.bench.processes import largest_mb, running_relais


@dataclass(frozen=True, slots=True)
class Drained:
    """Requests, seconds until the last hand-over, and MB of the largest process after each tenth of them."""

    requests: int
    seconds: float
    memory_mb: tuple[float, ...]


async def measure(folder: Path, requests: int) -> Drained:
    """`requests` requests wait in the stream when Relais starts."""
    settings = corridor.settings_in(folder)
    await corridor.open_seats(settings, requests)
    await corridor.enter(settings, requests)
    memory: list[float] = []
    async with running_relais(folder) as (_, pid):
        began = time.perf_counter()
        while len(memory) < 10:
            await asyncio.sleep(1)
            told = _told(folder / "relais.db")
            while told >= requests * (len(memory) + 1) / 10 and len(memory) < 10:
                memory.append(largest_mb(pid))
        return Drained(requests, time.perf_counter() - began, tuple(memory))


def _told(path: Path) -> int:
    """Messages handed to patients, read beside the running Relais."""
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        (told,) = db.execute("SELECT count(*) FROM message WHERE recipient = 'patient' AND state = 'sent'").fetchone()
        return int(told)
