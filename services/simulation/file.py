"""Where does a simulated house write? The real Database on a file in memory, and a reader of our own beside it."""

import asyncio
import contextlib
import shutil
import sqlite3
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from notifications.sending import GRACE
from services.simulation.hours import DAWN
from services.storage.database import Database
from services.storage.migrate import migrate

_MEMORY = Path("/dev/shm")
RELAY_AFTER = timedelta(seconds=2)
"""What the relay's sweep leaves to those who have just committed it."""
SEEK_LATE = timedelta(seconds=100)
"""Looking again is no promise: in a simulation it may be late, which saves most of its time."""

# By sweep: the earliest moment at which it has something to do.
_DUE: Mapping[str, tuple[str, timedelta]] = {
    "timers": ("SELECT min(due) FROM request_timer WHERE wake <> 'seek'", timedelta()),
    "seek": ("SELECT min(due) FROM request_timer WHERE wake = 'seek'", SEEK_LATE),
    "holds": ("SELECT min(expires_at) FROM booking WHERE state = 'active' AND kind = 'hold'", timedelta()),
    "outbox": ("SELECT min(recorded_at) FROM outbox WHERE published_at IS NULL", RELAY_AFTER),
    "messages": ("SELECT min(send_after) FROM message WHERE state = 'due'", timedelta()),
    "lost": ("SELECT min(claimed_at) FROM message WHERE state = 'claimed'", GRACE),
}
_ALL_DUE = "SELECT " + ", ".join(f"({query})" for query, _ in _DUE.values())


class File:
    """One database file, made anew for every seed, with the connections and compiled statements of the last."""

    def __init__(self) -> None:
        folder = _MEMORY if _MEMORY.is_dir() else None
        self._folder = tempfile.TemporaryDirectory(prefix="relais-simulation-", dir=folder)
        self._path, self._empty = Path(self._folder.name) / "relais.db", Path(self._folder.name) / "empty.db"
        asyncio.run(_make(self._empty))
        self.database = Database(f"sqlite:///{self._path}")
        self._reader: sqlite3.Connection | None = None

    def change_empty(self, statements: str) -> None:
        """Change the file that every day begins with."""
        with contextlib.closing(sqlite3.connect(self._empty)) as db:
            db.executescript(statements)

    async def renew(self) -> None:
        """An empty database with all tables and guards."""
        await self.close_connections()
        for left in ("", "-wal", "-shm"):
            self._path.with_name(self._path.name + left).unlink(missing_ok=True)
        shutil.copyfile(self._empty, self._path)

    async def close_connections(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None
        await self.database.close()

    def remove(self) -> None:
        self._folder.cleanup()

    def rows(self, query: str, *about: Any) -> list[Any]:
        """What is committed, asked beside the house: no step of anybody's."""
        if self._reader is None:
            self._reader = sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, isolation_level=None)
        return self._reader.execute(query, about).fetchall()

    def due(self, now: datetime) -> list[str]:
        """The sweeps that have something to do now."""
        found = {"timers" if name == "seek" else name for name, moment in self._moments().items() if moment <= now}
        return [name for name in _DUE if name in found]

    def next_due(self) -> float | None:
        """When the next sweep has something to do, in seconds since dawn."""
        moments = self._moments()
        return (min(moments.values()) - DAWN).total_seconds() if moments else None

    def _moments(self) -> dict[str, datetime]:
        row = self.rows(_ALL_DUE)[0]
        return {
            name: datetime.fromisoformat(text).replace(tzinfo=UTC) + late
            for text, (name, (_, late)) in zip(row, _DUE.items(), strict=True)
            if text is not None
        }


async def _make(path: Path) -> None:
    database = Database(f"sqlite:///{path}")
    await migrate(database)
    await database.close()


def moment(text: str) -> datetime:
    """A moment as SQLite keeps it."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
