"""Which databases do the revisions begin with? An empty one, and one that the release before them has used."""

import contextlib
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from services.storage.database import Database
from tests import servers
from tests.conftest import BOTH
from tests.migrations import rows


@pytest.fixture(params=BOTH)
async def blank_url(request: pytest.FixtureRequest, sqlite_url: str) -> str:
    """The URL of a database with nothing in it."""
    if request.param == "sqlite":
        return sqlite_url
    server: servers.Postgres = request.getfixturevalue("postgres_server")
    return await server.blank()


@pytest.fixture
async def blank(blank_url: str) -> AsyncIterator[Database]:
    """A database with nothing in it."""
    database = Database(blank_url)
    yield database
    await database.close()


@pytest.fixture
async def old(blank: Database) -> Database:
    """A database as the release before the revisions made it, with a row in each table."""
    await as_the_release_before_left_it(blank)
    return blank


async def as_the_release_before_left_it(blank: Database) -> None:
    script = Path(__file__).with_name(f"before_alembic.{blank.dialect}.sql").read_text("utf-8")
    await run_script(blank, script)
    async with blank.writing() as db:
        await rows.write(db, "before", day=5)


async def run_script(database: Database, script: str) -> None:
    """Several statements at once, as psql or sqlite3 would."""
    url = database.url
    if database.dialect == "sqlite":
        with contextlib.closing(sqlite3.connect(str(url.database))) as connection:
            connection.executescript(script)
        return
    connection = await asyncpg.connect(host=url.query["host"], user=url.username, database=url.database)
    await connection.execute(script)
    await connection.close()
