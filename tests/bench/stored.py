"""Does a request cost more when the database holds a million? The same corridor over ever more that is done."""

import contextlib
import sqlite3
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from tests.bench import corridor
from tests.bench.corridor import Rate

SAMPLE = 2_000
"""Requests that go through the corridor at each level, and the pattern that is copied in between."""

HOUR = 3_600_000

# Each table with the columns that are made older; the rest is copied as it is. A finished request keeps no timer.
KEPT = {
    "care_request": ("id", "slot_id"),
    "slot": ("id",),
    "booking": ("slot_id", "request_id"),
    "known_slot": ("slot_id",),
    "message": ("id", "request_id"),
    "patient_link": ("request_id", "digest", "slot_id"),
    "audit": ("event_id", "about", "slot_id"),
}
RECENT = {"outbox": ("id",), "inbox": ("event_id",), "receipt": ("order_id",)}
"""What the retention drops after a month or so: copied for the last of the stored requests alone."""
RECENT_REQUESTS = 100_000

OTHERWISE = {
    "care_request": {"state": "'fulfilled'", "closed_at": "entered_at", "start": "datetime(start, '-400 days')"},
    "slot": {"status": "'closed'", "start": "datetime(start, '-400 days')", "ends": "datetime(ends, '-400 days')"},
    "known_slot": {"start": "datetime(start, '-400 days')"},
}


async def measure(folder: Path, levels: Sequence[int]) -> AsyncIterator[tuple[int, Rate]]:
    """For each level (requests stored): how the corridor does with that many stored."""
    settings = corridor.settings_in(folder)
    await corridor.measure(settings, SAMPLE)
    pattern = folder / "pattern.db"
    with contextlib.closing(sqlite3.connect(folder / "relais.db")) as db:
        db.execute("VACUUM INTO ?", [str(pattern)])
    copied = 0
    for number, level in enumerate(levels):
        copies = range(copied + 1, 1 + level // SAMPLE - 1 - number)
        fill(folder / "relais.db", pattern, copies)
        copied = copies.stop - 1
        yield level, await corridor.measure(settings, SAMPLE)


def fill(path: Path, pattern: Path, copies: range) -> None:
    """Put copies of the pattern's requests in, each some hours older than the last."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA synchronous = OFF")
        db.execute("PRAGMA cache_size = -500000")
        db.create_function("older", 2, _older, deterministic=True)
        db.execute("ATTACH ? AS pattern", [str(pattern)])
        db.execute("BEGIN")
        for copy in copies:
            recent = RECENT if copy * SAMPLE <= RECENT_REQUESTS else {}
            for table, ids in (KEPT | recent).items():
                _copy(db, table, ids, copy)
        db.execute(_SEALED)
        db.execute("COMMIT")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


# What was copied counts as sealed: to seal millions at once is nobody's day.
_SEALED = """
INSERT INTO audit_seal
    (territory, number, first_seq, last_seq, entries, digests, previous, hash, sealed_at, key, signature)
SELECT territory, max(number) + 1, (SELECT max(seq) FROM audit), (SELECT max(seq) FROM audit), 0, x'', hash, hash,
    sealed_at, key, signature
FROM audit_seal GROUP BY territory
"""


def _copy(db: sqlite3.Connection, table: str, ids: Sequence[str], copy: int) -> None:
    columns = [row[1] for row in db.execute(f"PRAGMA table_info({table})") if row[1] != "seq"]
    written = {name: f'older("{name}", {copy})' for name in ids} | OTHERWISE.get(table, {})
    values = ", ".join(written.get(name, f'"{name}"') for name in columns)
    names = ", ".join(f'"{name}"' for name in columns)
    db.execute(f"INSERT OR IGNORE INTO {table} ({names}) SELECT {values} FROM pattern.{table}")


def _older(name: str | None, copy: int) -> str | None:
    """The id of a thing like it, made so many hours earlier."""
    if name is None or len(name) != 32:
        return name if name is None else f"{name}-{copy}"
    return f"{int(name[:12], 16) - copy * HOUR:012x}{name[12:]}"
