"""Does the database keep what it promises, of both kinds?"""

import asyncio
import contextlib
import sqlite3
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError

from availability.tables import GUARDS
from dispatcher import roster, store
from dispatcher.life import Timer, Wake
from dispatcher.tables import TIMER
from dispatcher.views import OnCall
from services.storage.database import Database
from services.storage.migrate import migrate
from services.storage.tables import MODELS
from tests.builders import MONDAY, TARN

ANNE, BRUNO = OnCall("anne", 0, "Anne"), OnCall("bruno", 1, "Bruno")


async def on_roster(database: Database) -> list[OnCall]:
    async with database.read() as db:
        return await roster.people(db, TARN)


# --- transactions ---------------------------------------------------------------------------------------


async def test_what_was_committed_is_read_by_others(database: Database) -> None:
    async with database.writing() as db:
        await roster.put(db, TARN, [ANNE])
    assert await on_roster(database) == [ANNE]


async def test_what_is_not_committed_yet_is_read_by_nobody(database: Database) -> None:
    async with database.writing() as db:
        await roster.put(db, TARN, [ANNE])
        assert await on_roster(database) == []


async def test_a_transaction_that_fails_leaves_no_trace(database: Database) -> None:
    with contextlib.suppress(LookupError):
        async with database.writing() as db:
            await roster.put(db, TARN, [ANNE])
            raise LookupError
    assert await on_roster(database) == []


async def test_a_savepoint_that_fails_undoes_its_own_work_and_no_other(database: Database) -> None:
    async with database.writing() as db:
        await roster.put(db, TARN, [ANNE])
        savepoint = await db.begin_nested()
        await roster.put(db, TARN, [ANNE, BRUNO])
        assert len(await roster.people(db, TARN)) == 2
        await savepoint.rollback()
        assert await roster.people(db, TARN) == [ANNE]
    assert await on_roster(database) == [ANNE]


async def test_after_a_statement_that_failed_in_a_savepoint_the_transaction_goes_on(database: Database) -> None:
    async with database.writing() as db:
        savepoint = await db.begin_nested()
        with pytest.raises(DBAPIError):
            await db.execute(text("SELECT * FROM no_such_table"))
        await savepoint.rollback()
        await roster.put(db, TARN, [ANNE])
    assert await on_roster(database) == [ANNE]


async def test_a_savepoint_inside_a_transaction_that_fails_is_gone_too(database: Database) -> None:
    with contextlib.suppress(LookupError):
        async with database.writing() as db:
            savepoint = await db.begin_nested()
            await roster.put(db, TARN, [ANNE])
            await savepoint.commit()
            raise LookupError
    assert await on_roster(database) == []


async def test_writers_wait_for_one_another(database: Database) -> None:
    async with database.writing() as db:
        await store.add_timers(db, "req-1", [Timer(Wake.SEEK, MONDAY)])

    async def a_minute_later() -> None:
        async with database.writing() as db:
            due = (await db.execute(TIMER.select().with_for_update())).one().due
            await asyncio.sleep(0)
            await store.add_timers(db, "req-1", [Timer(Wake.SEEK, due + timedelta(minutes=1))])

    await asyncio.gather(*(a_minute_later() for _ in range(5)))
    async with database.read() as db:
        assert (await db.execute(TIMER.select())).one().due == MONDAY + timedelta(minutes=5)


# --- what it holds --------------------------------------------------------------------------------------


async def test_moments_come_back_in_utc_whatever_zone_they_came_in(database: Database) -> None:
    local = datetime(2026, 1, 5, 9, 0, tzinfo=timezone(timedelta(hours=1)))
    async with database.writing() as db:
        await store.add_timers(db, "req-1", [Timer(Wake.SEEK, local)])
    async with database.writing() as db:
        assert await store.take_due(store.Desk(db), MONDAY - timedelta(seconds=1)) == []
        [(_, timer)] = await store.take_due(store.Desk(db), MONDAY)
    assert timer.due == local
    assert timer.due.utcoffset() == timedelta()


async def test_a_moment_without_a_zone_is_not_stored(database: Database) -> None:
    with pytest.raises(ValueError, match="timezone"):
        async with database.writing() as db:
            await store.add_timers(db, "req-1", [Timer(Wake.SEEK, MONDAY.replace(tzinfo=None))])


async def test_an_error_does_not_show_what_was_to_be_stored(database: Database) -> None:
    with pytest.raises(DBAPIError) as error:
        async with database.writing() as db:
            await db.execute(text("INSERT INTO no_such_table VALUES (:phone)"), {"phone": "0639980001"})
    assert "0639980001" not in str(error.value)


# --- made at every start --------------------------------------------------------------------------------


async def test_every_table_of_the_house_is_there(database: Database) -> None:
    async with database.read() as db:
        names = set(await db.run_sync(lambda connection: inspect(connection).get_table_names()))
    assert {str(model.__tablename__) for model in MODELS} <= names


async def test_a_second_start_finds_everything_as_it_was(database: Database) -> None:
    async with database.writing() as db:
        await roster.put(db, TARN, [ANNE])
    await migrate(database)
    assert await on_roster(database) == [ANNE]


async def test_several_processes_may_start_at_once(database: Database) -> None:
    await asyncio.gather(*(migrate(database) for _ in range(3)))


async def test_the_guards_against_overlaps_are_there(database: Database) -> None:
    assert database.dialect in GUARDS
    asked = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'slot_overlap%'",
        "postgresql": "SELECT conname FROM pg_constraint WHERE conname = 'slot_overlap'",
    }
    async with database.read() as db:
        assert (await db.execute(text(asked[database.dialect]))).scalars().all()


# --- SQLite's own promises ------------------------------------------------------------------------------


@pytest.mark.parametrize(("pragma", "value"), [("journal_mode", "wal"), ("synchronous", 2), ("busy_timeout", 10000)])
async def test_sqlite_keeps_what_it_has_committed(sqlite_url: str, pragma: str, value: object) -> None:
    database = Database(sqlite_url)
    async with database.writing() as db:
        assert (await db.execute(text(f"PRAGMA {pragma}"))).scalar_one() == value  # synchronous 2 = FULL
    async with database.read() as db:
        assert (await db.execute(text(f"PRAGMA {pragma}"))).scalar_one() == value
    await database.close()


async def test_a_reader_of_sqlite_sees_one_moment(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    await migrate(database)
    async with database.read() as db:
        assert await roster.people(db, TARN) == []
        async with database.writing() as other:
            await roster.put(other, TARN, [ANNE])
        assert await roster.people(db, TARN) == []
    assert await on_roster(database) == [ANNE]
    await database.close()


async def test_sqlite_makes_the_folder_it_lies_in(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'new' / 'folder' / 'relais.db'}")
    await migrate(database)
    await database.close()
    assert (tmp_path / "new" / "folder" / "relais.db").stat().st_size > 0


async def test_sqlite_takes_the_write_lock_before_it_reads(sqlite_url: str, tmp_path: Path) -> None:
    database = Database(sqlite_url)
    await migrate(database)
    with contextlib.closing(sqlite3.connect(tmp_path / "relais.db", timeout=0)) as other:
        async with database.writing():
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                other.execute("BEGIN IMMEDIATE")
        other.execute("BEGIN IMMEDIATE")
    await database.close()


async def test_the_loop_goes_on_while_another_process_writes_to_the_file(sqlite_url: str, tmp_path: Path) -> None:
    database = Database(sqlite_url)
    await migrate(database)

    async def write() -> None:
        async with database.writing() as db:
            await roster.put(db, TARN, [ANNE])

    with contextlib.closing(sqlite3.connect(tmp_path / "relais.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        writing = asyncio.create_task(write())
        for _ in range(20):
            await asyncio.sleep(0.01)
        assert not writing.done()
        other.execute("COMMIT")
        await writing
    assert await on_roster(database) == [ANNE]
    await database.close()
