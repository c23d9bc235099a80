"""Where does everything rest? SQLite or PostgreSQL behind one door for reading and one for writing."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

from sqlalchemy import MetaData, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from services.sqlite import connect


class Database:
    """One database. `read()` sees what is committed; `writing()` is one transaction and belongs to the mailbox.

    SQLite has one writer: one connection, `BEGIN IMMEDIATE`; its readers see the last commit (services/sqlite.py).
    """

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        self.dialect = self.url.get_backend_name()
        if self.dialect == "sqlite":
            if self.url.database:
                Path(self.url.database).parent.mkdir(parents=True, exist_ok=True)
            self._writer = _sqlite(self.url, size=1, begin="BEGIN IMMEDIATE")
            self._reader = _sqlite(self.url, size=4, begin="BEGIN")
        else:
            self._writer = self._reader = create_async_engine(url, pool_size=8, hide_parameters=True)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection that sees one moment of what is committed."""
        async with self._reader.connect() as connection:
            yield connection

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """One transaction: committed when the block ends well, rolled back when it raises."""
        async with self._writer.begin() as connection:
            yield connection

    async def create(self, metadata: MetaData, guards: Mapping[str, Sequence[str]] = MappingProxyType({})) -> None:
        """Make the tables, and the guards (SQL by dialect) that are not there yet. Safe to run twice at once."""
        async with self.writing() as connection:
            if self.dialect == "postgresql":
                await connection.execute(text("SELECT pg_advisory_xact_lock(7369)"))
            await connection.run_sync(metadata.create_all)
            for guard in guards.get(self.dialect, ()):
                await connection.execute(text(guard))

    async def close(self) -> None:
        await self._writer.dispose()
        if self._reader is not self._writer:
            await self._reader.dispose()


def _sqlite(url: URL, *, size: int, begin: str) -> AsyncEngine:
    path = url.database or ":memory:"
    engine = create_async_engine(
        url,
        async_creator=lambda: _opened(path),
        pool_size=size,
        max_overflow=0,
        hide_parameters=True,
    )

    @event.listens_for(engine.sync_engine, "begin")
    def start(connection: Any) -> None:
        connection.exec_driver_sql(begin)

    return engine


async def _opened(path: str) -> Any:
    return await connect(path)
