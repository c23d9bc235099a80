"""Is a database that is away told from one that refuses?"""

import sqlite3
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy.exc import DBAPIError, IntegrityError

from services.storage.away import is_away
from services.storage.database import Database
from services.web.problems import as_problem


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
