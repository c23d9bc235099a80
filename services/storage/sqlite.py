"""How is SQLite asked without a thread hop a statement? In the event loop; only waiting leaves it.

A statement of ours takes 10–50 µs; through an asynchronous driver it costs several times that in hops and adapters.
So a plain connection is asked where the handler runs, behind the two methods of AsyncConnection that the house uses,
and only what waits (`BEGIN IMMEDIATE` while another process writes, `COMMIT` for the disk) runs in a thread
(docs/decisions/0003).
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, Dialect, Engine, Executable, create_engine, event
from sqlalchemy.engine import URL, CursorResult
from sqlalchemy.engine.base import NestedTransaction, RootTransaction
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection

T = TypeVar("T")

PATIENCE = "busy_timeout=10000"
"""Milliseconds to wait for another process's lock."""
PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "wal_autocheckpoint=8000", PATIENCE, "foreign_keys=ON")
"""One writer beside many readers; a commit is on the disk when it returns (a promise is a promise). The log goes into
the file every 8 000 pages (32 MB) instead of 1 000: most pages were written again meanwhile, 3 to 5 % of the time."""


class Savepoint:
    """A savepoint, with the methods of AsyncTransaction that the mailbox uses."""

    def __init__(self, nested: NestedTransaction) -> None:
        self._nested = nested

    async def commit(self) -> None:
        self._nested.commit()

    async def rollback(self) -> None:
        self._nested.rollback()


class LoopConnection:
    """What a handler sees of a connection: the part of AsyncConnection that the house uses, asked on the spot."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def execute(self, statement: Executable, parameters: Any = None) -> CursorResult[Any]:
        return self._connection.execute(statement, parameters)

    async def exec_driver_sql(self, sql: str, rows: Any) -> CursorResult[Any]:
        return self._connection.exec_driver_sql(sql, rows)

    @property
    def dialect(self) -> Dialect:
        return self._connection.dialect

    async def begin_nested(self) -> Savepoint:
        return Savepoint(self._connection.begin_nested())

    async def run_sync(self, work: Callable[..., T], *arguments: Any) -> T:
        return work(self._connection, *arguments)


class SqliteFile:
    """One file: one writer at a time (`BEGIN IMMEDIATE`), beside it readers who each see the last commit."""

    def __init__(self, url: URL) -> None:
        plain = url.set(drivername="sqlite")
        self._writer = _engine(plain, "BEGIN IMMEDIATE")
        self._reader = _engine(plain, "BEGIN")
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        with self._reader.connect() as connection:
            yield _as_async(connection)

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        async with self._turn:
            with self._writer.connect() as connection:
                transaction = await _begin(connection)
                try:
                    yield _as_async(connection)
                except BaseException:
                    transaction.rollback()
                    raise
                try:
                    await _to_the_end(transaction.commit)
                except BaseException:
                    connection.invalidate()  # a COMMIT that failed leaves SQLite's transaction open
                    raise

    async def checkpoint(self) -> None:
        """Move everything from the write-ahead log into the file, and empty the log."""

        def empty() -> None:
            connection = self._writer.raw_connection()
            try:
                connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            finally:
                connection.close()

        async with self._turn:
            await _to_the_end(empty)

    async def close(self) -> None:
        self._writer.dispose()
        self._reader.dispose()


async def _begin(connection: Connection) -> RootTransaction:
    """Take the lock at once when it is free; wait in a thread while another process has it."""
    driver = connection.connection.cursor()
    driver.execute("PRAGMA busy_timeout=0")
    try:
        with suppress(OperationalError):
            return connection.begin()
    finally:
        driver.execute(f"PRAGMA {PATIENCE}")
    return await _to_the_end(connection.begin)


async def _to_the_end(work: Callable[[], T]) -> T:
    """Wait for the disk, or for another process's lock, in a thread; to the end, also when cancelled."""
    done = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(done)
    except asyncio.CancelledError:
        await done
        raise


def _as_async(connection: Connection) -> AsyncConnection:
    return cast(AsyncConnection, LoopConnection(connection))


def _engine(url: URL, begin: str) -> Engine:
    # Readers are never kept waiting: in the event loop nobody could give a connection back meanwhile.
    arguments = {"check_same_thread": False, "isolation_level": None, "cached_statements": 256}
    engine = create_engine(
        url, connect_args=arguments, max_overflow=-1, hide_parameters=True, pool_reset_on_return=None
    )

    @event.listens_for(engine, "connect")
    def set_up(connection: Any, _: Any) -> None:
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def start(connection: Connection) -> None:
        # The driver is in autocommit: Python 3.11's sqlite3 otherwise breaks savepoints.
        connection.exec_driver_sql(begin)

    return engine
