"""How many requests a second go the whole way on PostgreSQL, with a process for each room, as in production?"""

import os
from pathlib import Path

from services.settings import Settings
from services.storage.database import Database
from tests.bench import corridor
from tests.bench.corridor import Rate
from tests.chaos.cast import DURABLE, WORKERS, Cast

ROOMY = ("shared_buffers=256MB", "max_wal_size=2GB", "checkpoint_timeout=15min")
"""What a machine that is there for this would be set to; durable all the same."""


async def measure(folder: Path, requests: int) -> Rate:
    """`requests` requests are committed and published while no room listens; then a process for each room starts."""
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
        entered, first = await corridor.prepare(settings, requests)
        players = [cast.players[name] for name in WORKERS]
        for player in players:
            player.environment["RELAIS_CHANNEL"] = "null"
            player.start()
        database = Database(settings.database)
        await corridor.until_told(database, requests, first)
        cpu = sum(_cpu_seconds(player.pid) for player in players)
        seconds = await corridor.corridor_seconds(database, first)
        await database.close()
        return Rate(requests, seconds, cpu / requests * 1e6, entered)
    finally:
        await cast.stop()


def _cpu_seconds(pid: int) -> float:
    """Processor time of a process since it started."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
