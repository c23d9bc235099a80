"""Is a database that is away told from one that refuses?"""

import asyncio
import sqlite3
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy.exc import DBAPIError, IntegrityError

from services.storage.away import DatabaseAway, is_away, until_it_answers
from services.storage.database import Database
from services.web.problems import as_problem
from tests import servers


@pytest.mark.parametrize(
    "error",
    [
        ConnectionRefusedError(),
        TimeoutError(),
        asyncpg.CannotConnectNowError("starting up"),
        asyncpg.AdminShutdownError("stopped"),
        asyncpg.DiskFullError("no room"),
        asyncpg.ConnectionDoesNotExistError("gone"),
        DBAPIError("", None, ConnectionResetError()),
        DBAPIError("", None, Exception(), connection_invalidated=True),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_database_that_cannot_be_reached_is_away_and_people_are_told_to_try_again(error: Exception) -> None:
    assert is_away(error)
    problem = as_problem(error)
    assert problem is not None
    assert problem.status == 503


@pytest.mark.parametrize(
    "error",
    [
        ValueError(),
        KeyError("x"),
        asyncpg.UniqueViolationError("twice"),
        asyncpg.DeadlockDetectedError("later"),
        IntegrityError("", None, sqlite3.IntegrityError()),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_refusal_or_a_mistake_is_not_taken_for_it(error: Exception) -> None:
    assert not is_away(error)
    assert as_problem(error) is None


async def test_a_sqlite_file_that_cannot_be_opened_is_away(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'relais.db'}")
    (tmp_path / "relais.db").mkdir()
    with pytest.raises(Exception) as raised:
        async with database.writing():
            pass
    assert is_away(raised.value)
    await database.close()


async def test_a_postgresql_that_is_not_there_is_away(tmp_path: Path) -> None:
    database = Database(f"postgresql+asyncpg://relais@/relais?host={tmp_path}")
    with pytest.raises(OSError) as raised:
        async with database.read():
            pass
    assert is_away(raised.value)
    await database.close()


async def test_a_start_waits_for_a_database_that_is_away_and_says_so_once(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'relais.db'}")
    (tmp_path / "relais.db").mkdir()
    said: asyncio.Queue[str] = asyncio.Queue()
    waiting = asyncio.create_task(until_it_answers(database, said.put_nowait, within=60))
    await said.get()
    await asyncio.sleep(0.6)
    assert not waiting.done()
    (tmp_path / "relais.db").rmdir()
    await waiting
    assert said.empty()
    await database.close()


async def test_a_start_gives_up_with_words_of_action(tmp_path: Path) -> None:
    (tmp_path / "relais.db").mkdir()
    database = Database(f"sqlite:///{tmp_path / 'relais.db'}")
    with pytest.raises(DatabaseAway, match=r"relais\.db.*Vérifiez"):
        await until_it_answers(database, within=0)
    await database.close()


@pytest.mark.pg
async def test_a_database_that_refuses_us_is_said_at_once_without_the_password(
    postgres_server: servers.Postgres,
) -> None:
    said: list[str] = []
    database = Database(postgres_server.url("nowhere").replace("relais@", "relais:secret@"))
    with pytest.raises(DatabaseAway, match='"nowhere" does not exist') as refused:
        await until_it_answers(database, said.append)
    assert not said
    assert "secret" not in str(refused.value)
    await database.close()
