"""How is SQLite asked without a thread hop a statement? In the event loop; only waiting for the disk leaves it.

A statement of ours takes 10–50 µs, handing it to aiosqlite's thread and back four times as long as that (a hop for
the cursor, the statement, the rows, the end). What waits for the disk (`COMMIT`) still runs in that thread, so that
the loop goes on meanwhile. Measured in docs/figures.md.
"""

import sqlite3
from functools import partial
from typing import Any

import aiosqlite

PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=10000", "foreign_keys=ON")
"""One writer beside many readers; a commit is on the disk when it returns (a promise is a promise)."""


class LoopConnection(aiosqlite.Connection):
    """An aiosqlite connection whose quick calls run where they are made."""

    async def _execute(self, fn: Any, *args: Any, **kwargs: Any) -> Any:
        if _may_wait(fn):
            return await super()._execute(fn, *args, **kwargs)  # type: ignore[no-untyped-call]
        if not self._running or not self._connection:
            raise ValueError("Connection closed")
        return fn(*args, **kwargs)


def connect(path: str) -> aiosqlite.Connection:
    """A connection to the file, in autocommit: transactions begin when we say so (Python 3.11's sqlite3 otherwise
    breaks savepoints). To be awaited."""
    connection = LoopConnection(partial(_open, path), iter_chunk_size=64)
    connection._thread.daemon = True
    return connection


def _open(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=256)
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    return connection


def _may_wait(fn: Any) -> bool:
    """Whether the call waits for the disk. No lock is waited for: a data folder has one Relais (services/up.py)."""
    return isinstance(getattr(fn, "__self__", None), sqlite3.Connection) and fn.__name__ in ("commit", "close")
