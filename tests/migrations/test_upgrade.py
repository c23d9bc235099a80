"""Does every database become the one the code needs, with all that is in it, whoever starts and when?"""

import asyncio
import logging
from typing import Any

import pytest
from sqlalchemy import inspect, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.clock import Clock
from services.storage import migrate as migrations
from services.storage.database import Database
from services.storage.keyring import KEYRING_TABLES, Keyring
from services.storage.migrate import DATA, KEYS, Chain, NotMigrated, Standing, migrate, revision, standing
from services.storage.tables import GUARDS, METADATA
from tests.conftest import MASTER
from tests.migrations import rows
from tests.migrations.conftest import as_the_release_before_left_it, run_script
from tests.migrations.schema import schema

HEAD = list(DATA.files())[-1]


async def here(database: Database) -> str | None:
    async with database.read() as db:
        return await revision(db, DATA)


async def stamp(database: Database, words: str) -> None:
    async with database.writing() as db:
        await db.execute(text("UPDATE alembic_version SET version_num = :words"), {"words": words})


async def read(database: Database) -> dict[str, list[dict[str, Any]]]:
    async with database.read() as db:
        return await rows.read(db)


# --- what comes out -------------------------------------------------------------------------------------


@pytest.fixture
async def wanted(blank: Database) -> list[str]:
    """The schema as the code sees it: its tables, and the guards they are declared with."""
    async with blank.writing() as db:
        await db.run_sync(METADATA.create_all)
        for guard in GUARDS[blank.dialect]:
            await db.execute(text(guard))
    lines = await schema(blank)
    await everything_gone(blank)
    return lines


async def everything_gone(database: Database) -> None:
    async with database.writing() as db:
        await db.run_sync(METADATA.drop_all)
    assert await schema(database) == []


async def test_from_nothing_the_revisions_make_what_the_code_sees(wanted: list[str], blank: Database) -> None:
    await migrate(blank)
    assert await schema(blank) == wanted
    assert await here(blank) == HEAD


async def test_from_the_release_before_they_make_the_same(wanted: list[str], old: Database) -> None:
    await migrate(old)
    assert await schema(old) == wanted
    assert await here(old) == HEAD


async def test_no_row_of_the_release_before_is_lost_or_changed(old: Database) -> None:
    before = await read(old)
    assert all(len(found) == 1 for found in before.values())
    await migrate(old)
    assert await read(old) == before


async def test_the_store_of_keys_is_what_the_code_sees(blank: Database) -> None:
    async with blank.writing() as db:
        await db.run_sync(KEYRING_TABLES.create_all)
    wanted = await schema(blank)
    async with blank.writing() as db:
        await db.run_sync(KEYRING_TABLES.drop_all)
    await migrate(blank, KEYS)
    assert await schema(blank) == wanted


async def test_keys_of_the_release_before_still_open_what_they_sealed(blank: Database) -> None:
    async with blank.writing() as db:
        await db.run_sync(KEYRING_TABLES.create_all)
    sealed = await Keyring(blank, Clock(), MASTER).seal("req-1", "name", "Zoé")
    keyring = Keyring(blank, Clock(), MASTER)
    await keyring.create()
    assert await keyring.open(sealed) == "Zoé"


async def test_data_and_keys_in_one_database_do_not_disturb_each_other(blank: Database) -> None:
    await migrate(blank)
    await migrate(blank, KEYS)
    async with blank.read() as db:
        assert await revision(db, DATA) == HEAD
        assert await revision(db, KEYS) == list(KEYS.files())[-1]


# --- whoever starts, and when ---------------------------------------------------------------------------


async def test_a_start_with_nothing_to_change_changes_nothing(old: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    await migrate(old)
    before = await schema(old)
    monkeypatch.delattr(migrations, "_upgrade")
    await migrate(old)
    assert await schema(old) == before


@pytest.mark.parametrize("begin", ["nothing", "the release before"])
async def test_several_processes_may_start_at_once(begin: str, blank_url: str, blank: Database) -> None:
    if begin != "nothing":
        await as_the_release_before_left_it(blank)
    starting = [Database(blank_url) for _ in range(4)]
    await asyncio.gather(*(migrate(database) for database in starting))
    for database in starting:
        await database.close()
    assert await here(blank) == HEAD


async def test_the_code_of_the_release_before_goes_on_writing_and_reading(old: Database) -> None:
    [before] = (await read(old))["audit"]
    await migrate(old)
    async with old.writing() as db:
        await rows.write(db, "after", day=6)
    found = await read(old)
    assert {table: len(lines) for table, lines in found.items()} == dict.fromkeys(found, 2)
    assert before in found["audit"]


async def test_the_rows_of_the_release_before_name_every_column_it_knew(old: Database) -> None:
    async with old.read() as db:
        tables = await db.run_sync(lambda connection: inspect(connection).get_multi_columns())
    known = {str(name): {column["name"] for column in columns} - {"seq"} for (_, name), columns in tables.items()}
    assert known == {table: set(row) for table, row in rows.rows("x", day=5).items()}


# --- a newer schema, a stranger's -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "how"),
    [
        (None, Standing.BEHIND),
        ("0001_0001", Standing.BEHIND),
        ("0002_0001", Standing.BEHIND),
        ("0003_0002", Standing.CURRENT),
        ("0004_0002", Standing.AHEAD),
        ("0009_0003", Standing.AHEAD),
        ("0009_0004", Standing.STRANGE),
        ("0003_0001", Standing.STRANGE),
        ("4f1e02b8ac11", Standing.STRANGE),
    ],
)
def test_how_a_database_stands_to_code_that_knows_three_revisions(at: str | None, how: Standing) -> None:
    assert standing(at, ["0001_0001", "0002_0001", "0003_0002"]) is how


async def test_a_newer_schema_that_this_code_gets_along_with_is_left_alone_and_said(
    blank: Database, caplog: pytest.LogCaptureFixture
) -> None:
    await migrate(blank)
    await stamp(blank, "0099_0001")
    with caplog.at_level(logging.WARNING, "relais.migrations"):
        await migrate(blank)
    assert ["0099_0001" in line.getMessage() for line in caplog.records] == [True]
    assert await here(blank) == "0099_0001"


async def test_a_newer_release_that_was_first_at_the_lock_is_left_alone(
    blank: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await migrate(blank)
    await stamp(blank, "0099_0001")
    looks = iter(["0001_0001"])

    async def look(db: AsyncConnection, chain: Chain) -> str | None:
        return next(looks, None) or await revision(db, chain)

    monkeypatch.setattr(migrations, "revision", look)
    await migrate(blank)
    assert await here(blank) == "0099_0001"


async def test_a_newer_schema_beyond_this_code_is_refused_with_what_to_do(blank: Database) -> None:
    await migrate(blank)
    await stamp(blank, "0099_0098")
    with pytest.raises(NotMigrated, match=r"0099_0098.*Installez la version"):
        await migrate(blank)
    assert await here(blank) == "0099_0098"


async def test_a_database_older_than_the_release_before_is_refused_and_not_touched(old: Database) -> None:
    await run_script(old, "DROP INDEX care_request_unmatched; ALTER TABLE care_request DROP COLUMN unmatched;")
    before = await schema(old)
    with pytest.raises(NotMigrated, match="care_request il manque unmatched"):
        await migrate(old)
    assert await schema(old) == before
    assert await here(old) is None
