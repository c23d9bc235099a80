"""Where does everything rest? SQLite or PostgreSQL behind one door for reading and one for writing."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from services.storage.later import Later, as_connection
from services.storage.sqlite import SqliteFile


class PostgresServer:
    """A pool of connections to one database of a PostgreSQL server."""

    def __init__(self, url: URL) -> None:
        self._engine = create_async_engine(url, pool_size=8, hide_parameters=True)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        async with self._engine.connect() as connection:
            yield connection

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        async with self._engine.begin() as connection:
            yield connection

    async def close(self) -> None:
        await self._engine.dispose()


class Database:
    """One database. `read()` sees what is committed; `writing()` is one transaction and belongs to the mailbox."""

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        self.dialect = self.url.get_backend_name()
        if self.dialect == "sqlite" and self.url.database:
            Path(self.url.database).parent.mkdir(parents=True, exist_ok=True)
        self._store = SqliteFile(self.url) if self.dialect == "sqlite" else PostgresServer(self.url)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection that sees one moment of what is committed."""
        async with self._store.read() as connection:
            yield connection

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """One transaction: committed when the block ends well, rolled back when it raises."""
        async with self._store.writing() as connection:
            later = Later(connection)
            yield as_connection(later)
            await later.flush()

    async def settle(self) -> None:
        """What was overwritten leaves the write-ahead log, too, where there is one beside the file."""
        if isinstance(self._store, SqliteFile):
            await self._store.checkpoint()

    async def close(self) -> None:
        await self._store.close()
