"""How many requests a second go the whole way on PostgreSQL, with a process for each room, as in production?"""

import asyncio
import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text

from services.clock import Clock
from services.ids import new_id
from services.settings import Settings
from services.storage.database import Database
from tests.bench import corridor
from tests.bench.corridor import Rate
from tests.bench.processes import resident_mb
from tests.chaos.cast import DURABLE, WORKERS, Cast
from tests.chaos.player import Player

ROOMY = ("shared_buffers=256MB", "max_wal_size=2GB", "checkpoint_timeout=15min")
"""What a machine that is there for this would be set to; durable all the same."""
WARM = 500
"""Requests that go through before; then PostgreSQL takes its statistics, as it does of itself after a minute: without
them it guesses that hardly any booking is active."""


@dataclass(frozen=True, slots=True)
class Apart:
    """How fast it went, and by process its memory in MB, looked at ten times at equal distances."""

    rate: Rate
    memory_mb: dict[str, tuple[float, ...]]


async def measure(folder: Path, requests: int) -> Apart:
    """`requests` requests are committed and published while a process for each room stands still; then they go on. The
    database is in use: some went through before, and it has its statistics."""
    folder.parent.chmod(0o711)  # PostgreSQL runs as somebody else, and must reach its own folder
    cast = Cast(folder, postgres=(*DURABLE, *ROOMY))
    await cast.start_servers()
    try:
        settings = Settings(
            data_dir=folder / "var",
            database_url=cast.database_url(),
            keyring_url=cast.database_url("keyring"),
            nats_url=cast.nats_url("operator"),
            master_key=cast.players["web"].environment["RELAIS_MASTER_KEY"],
            channel="null",
            seed_demonstration=False,
        )
        first = await corridor.open_seats(settings, WARM + requests)
        players = [cast.players[name] for name in WORKERS]
        for player in players:
            player.environment["RELAIS_CHANNEL"] = "null"
            player.start()
        await _idle(players)
        database = Database(settings.database)
        await corridor.enter(settings, WARM)
        await corridor.until_told(database, WARM, first)
        async with database.writing() as db:
            await db.execute(text("ANALYZE"))
        first = new_id(Clock().now())
        with _standing_still(players):
            entered = await corridor.enter(settings, requests)
        before = _cpu_seconds(players)
        looks: list[list[float]] = []
        looking = asyncio.create_task(_look(players, looks))
        await corridor.until_told(database, requests, first)
        looking.cancel()
        cpu = _cpu_seconds(players) - before
        seconds = await corridor.corridor_seconds(database, first)
        await database.close()
        tenths = [looks[len(looks) * tenth // 10] for tenth in range(10)]
        memory = {player.name: tuple(look[at] for look in tenths) for at, player in enumerate(players)}
        return Apart(Rate(requests, seconds, cpu / requests * 1e6, entered), memory)
    finally:
        await cast.stop()


async def _look(players: Sequence[Player], looks: list[list[float]]) -> None:
    """How much memory each has, every second."""
    while True:
        looks.append([resident_mb(player.pid) for player in players])
        await asyncio.sleep(1)


async def _idle(players: Sequence[Player]) -> None:
    """Wait until all have started, which takes seconds of processor time each."""
    used, before = 0.0, -1.0
    while used == 0 or used - before > 0.4:
        await asyncio.sleep(1)
        used, before = _cpu_seconds(players), used


@contextmanager
def _standing_still(players: Sequence[Player]) -> Iterator[None]:
    """They run, and do nothing until the end of the block."""
    for player in players:
        os.kill(player.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for player in players:
            os.kill(player.pid, signal.SIGCONT)


def _cpu_seconds(players: Sequence[Player]) -> float:
    """Processor time of these processes since they started."""
    ticks = 0
    for player in players:
        fields = Path(f"/proc/{player.pid}/stat").read_text().rsplit(")", 1)[1].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")
