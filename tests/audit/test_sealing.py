"""Is every committed entry sealed once, in order, whoever sweeps and whatever is slow?"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from services.audit import entries, sealer
from services.storage.database import Database
from tests.audit.conftest import Journal, writing_to

# SQLite has one writer, and no TRUNCATE.
on_postgresql = pytest.mark.parametrize(
    "database_url", [pytest.param("postgresql", marks=pytest.mark.pg)], indirect=True
)


@pytest.fixture
async def neighbour(journal: Journal, database_url: str) -> AsyncIterator[Journal]:
    """Another machine with a mailbox and a sealer of its own."""
    database = Database(database_url)
    async with writing_to(database) as other:
        yield other
    await database.close()


async def test_each_territory_has_a_chain_of_its_own(journal: Journal) -> None:
    await journal.write("a", "b", "a")
    assert await journal.sealer.sweep() == 3
    await journal.write("a")
    assert await journal.sealer.sweep() == 1
    assert sorted(await journal.seals()) == [("a", 1, 1, 3, 2), ("a", 2, 4, 4, 1), ("b", 1, 2, 2, 1)]
    assert await journal.faults() == []


async def test_a_sweep_that_finds_nothing_writes_nothing(journal: Journal) -> None:
    assert await journal.sealer.sweep() == 0
    await journal.write("a")
    assert [await journal.sealer.sweep(), await journal.sealer.sweep()] == [1, 0]
    assert len(await journal.seals()) == 1


async def test_what_waited_long_is_sealed_in_batches(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entries, "BATCH", 3)
    await journal.write(*"abaabba")
    assert await journal.sealer.sweep() == 7
    assert sum(one[-1] for one in await journal.seals()) == 7
    assert await journal.faults() == []


async def test_two_machines_that_sweep_at_once_seal_each_entry_once(journal: Journal, neighbour: Journal) -> None:
    for _ in range(8):
        await journal.write("a", "b", "a")
        await asyncio.gather(journal.sealer.sweep(), neighbour.sealer.sweep(), journal.write("b"))
    await journal.sealer.sweep()
    assert sum(one[-1] for one in await journal.seals()) == len(journal.written)
    assert await journal.faults() == []


async def test_the_database_refuses_a_second_seal_for_the_same_entries(journal: Journal) -> None:
    await journal.write("a")
    await journal.sealer.sweep()
    columns = "last_seq, entries, digests, previous, hash, sealed_at, key, signature"
    again = f"INSERT INTO audit_seal (territory, number, first_seq, {columns})"
    with pytest.raises(DBAPIError):
        async with journal.database.writing() as db:
            await db.execute(text(f"{again} SELECT territory, 2, first_seq, {columns} FROM audit_seal"))


async def test_a_sweep_that_fails_before_its_commit_is_made_up_for_by_the_next(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    await journal.write("a", "b")

    async def crash(*_: Any) -> bool:
        raise ConnectionError

    with monkeypatch.context() as patched:
        patched.setattr(journal.sealer, "_write", crash)
        with pytest.raises(ConnectionError):
            await journal.sealer.sweep()
    assert await journal.sealer.sweep() == 2
    assert await journal.faults() == []


@pytest.fixture
async def slow(journal: Journal) -> AsyncIterator[Any]:
    """Somebody who takes a number of the audit and does not commit."""
    url = journal.database.url
    connection: Any = await asyncpg.connect(host=str(url.query["host"]), user="relais", database=url.database)
    await connection.execute("BEGIN")
    await connection.execute(
        "INSERT INTO audit (event_id, subject, territory, about, actor, at)"
        " VALUES ('slow', 'request.closed.v1', 'a', 'r-0', '{}', now())"
    )
    yield connection
    await connection.close()


@on_postgresql
async def test_an_entry_that_commits_late_under_an_early_number_is_not_skipped(
    journal: Journal, slow: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealer, "PATIENCE", 0.1)
    await journal.write("a", "a")
    assert await journal.sealer.sweep() == 0
    await slow.execute("COMMIT")
    assert await journal.sealer.sweep() == 3
    assert await journal.faults() == []


@on_postgresql
async def test_a_sweep_waits_for_those_who_write_and_for_nobody_who_came_later(journal: Journal, slow: Any) -> None:
    await journal.write("a")
    sweep = asyncio.create_task(journal.sealer.sweep())
    await asyncio.sleep(0.1)
    await journal.write("a", "b")  # nobody who writes is kept waiting
    assert not sweep.done()
    await slow.execute("COMMIT")
    assert await sweep == 2
    assert await journal.sealer.sweep() == 2


@on_postgresql
async def test_without_waiting_the_entry_would_be_skipped_and_the_proof_would_say_so(
    journal: Journal, slow: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nobody(_: Any) -> set[str]:
        return set()

    monkeypatch.setattr(sealer, "_writers", nobody)
    await journal.write("a", "b")
    assert await journal.sealer.sweep() == 2
    await slow.execute("COMMIT")
    assert await journal.sealer.sweep() == 0
    (fault,) = await journal.faults()
    assert "dans aucun sceau" in fault
    assert "slow" in fault


@pytest.mark.parametrize("table", ["audit", "audit_seal"])
@pytest.mark.parametrize("act", ["UPDATE {} SET territory = 'b'", "DELETE FROM {}"])
async def test_the_database_refuses_to_change_or_remove_what_was_written(
    journal: Journal, table: str, act: str
) -> None:
    await journal.write("a")
    await journal.sealer.sweep()
    await refused(journal, table, act)


@on_postgresql
@pytest.mark.parametrize("table", ["audit", "audit_seal"])
async def test_the_database_refuses_to_empty_what_was_written(journal: Journal, table: str) -> None:
    await refused(journal, table, "TRUNCATE {}")


async def refused(journal: Journal, table: str, act: str) -> None:
    with pytest.raises(DBAPIError, match=f"{table} is append only"):
        async with journal.database.writing() as db:
            await db.execute(text(act.format(table)))


async def test_both_databases_say_an_entry_in_the_same_words(journal: Journal) -> None:
    await journal.tamper(
        "INSERT INTO audit (event_id, subject, territory, about, slot_id, actor, at)"
        " VALUES ('e-1', 'slot.opened.v1', 'aï', 's:1', 's:1', '{}', '2026-01-05 08:00:00.000007+00')"
        if journal.database.dialect == "postgresql"
        else "INSERT INTO audit (event_id, subject, territory, about, slot_id, actor, at)"
        " VALUES ('e-1', 'slot.opened.v1', 'aï', 's:1', 's:1', '{}', '2026-01-05 08:00:00.000007')"
    )
    async with journal.database.read() as db:
        (row,) = await entries.entries_between(db, journal.database.dialect, 0, 1)
    assert row.entry == "1:3:e-114:slot.opened.v12:aï3:s:12:{}3:s:12026-01-05 08:00:00.000007"
