"""Does everything leave when its time is over, and nothing before; and does looking cost the same in a large table?"""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, text, update

from dispatcher.tables import REQUEST
from notifications.outcome import Receipt, Reply
from notifications.reach import REMEMBERED
from notifications.tables import ATTEMPT, INBOUND, LINK, MESSAGE
from schemas.sealed import Erased
from services import retention
from services.addresses import sender_of
from services.build import build_house
from services.house import House
from services.retention import Periods, Retention, next_heard, old_sessions, oldest_facts
from services.settings import Settings
from services.storage.ledger import Inbox, Outbox
from services.taking_in import take_in
from services.watch.alarms import clear_alarm, raise_alarm
from tests.builders import MONDAY
from tests.services.test_erasure import enter, live, withdraw

KEEP = Periods()
DAY = timedelta(days=1)


@pytest.fixture
async def house(tmp_path: Path, database_url: str) -> AsyncIterator[House]:
    house = await build_house(Settings(data_dir=tmp_path / "var", database_url=database_url))
    work = asyncio.create_task(house.mailbox.run())
    yield house
    work.cancel()
    await house.vault.close()
    await house.database.close()


@pytest.fixture
def ages(house: House, monkeypatch: pytest.MonkeyPatch) -> Any:
    """`await ages(timedelta)`: everything sweeps as if so much time had passed."""

    async def pass_by(time: timedelta, rounds: int = 1) -> None:
        honest = house.clock.now
        with monkeypatch.context() as patched:
            patched.setattr(house.clock, "now", lambda: honest() + time)
            sweeper = Retention(house)
            for _ in range(rounds):
                await sweeper.sweep()

    return pass_by


async def count(house: House, table: str) -> int:
    async with house.database.read() as db:
        return int((await db.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one())


async def publish_all(house: House) -> None:
    async with house.database.writing() as db:
        await db.execute(update(Outbox).values(published_at=house.clock.now()))


async def test_facts_leave_after_a_month_and_only_those_that_were_published(house: House, ages: Any) -> None:
    await enter(house, "r-1")
    await publish_all(house)
    await enter(house, "r-2")
    await ages(KEEP.outbox - DAY)
    assert await count(house, "outbox") == 2
    await ages(KEEP.outbox + DAY)
    assert await count(house, "outbox") == 1


async def test_ids_and_answers_outlive_the_facts(house: House, ages: Any) -> None:
    await live(house, "r-1")
    assert KEEP.inbox > KEEP.outbox
    await ages(KEEP.inbox - DAY)
    assert (await count(house, "inbox"), await count(house, "receipt")) == (2, 1)
    await ages(KEEP.inbox + DAY)
    assert (await count(house, "inbox"), await count(house, "receipt")) == (0, 0)


async def test_a_message_loses_text_and_number_a_week_after_its_end(house: House, ages: Any) -> None:
    await live(house, "r-1")

    async def texts() -> list[tuple[str, bool, bool]]:
        async with house.database.read() as db:
            rows = list(await db.execute(select(MESSAGE).order_by(MESSAGE.c.recipient)))
        return [(row.state, '"box":""' in row.body, row.to is None) for row in rows]

    await ages(KEEP.message + 2 * DAY)  # still due: it has not ended
    assert await texts() == [("due", False, False), ("due", False, True)]
    async with house.database.writing() as db:
        await db.execute(update(MESSAGE).values(state="sent", sent_at=house.clock.now()))
    await ages(KEEP.message - DAY)
    assert await texts() == [("sent", False, False), ("sent", False, True)]
    await ages(KEEP.message + DAY)
    assert await texts() == [("sent", True, True), ("sent", True, True)]


async def test_what_a_patient_wrote_leaves_a_week_later_with_the_hash_of_her_number(house: House, ages: Any) -> None:
    heard: list[Receipt | Reply] = [
        Reply(number="+33639980001", text="OUI", id="in-1"),
        Receipt("p-1", "delivered", number="+33639980001"),
    ]
    await take_in(house.mailbox, house.vault, house.clock, {}, [], "a", heard)

    async def kept() -> list[tuple[str, str | None, bool, bool]]:
        async with house.database.read() as db:
            rows = list(await db.execute(select(INBOUND).order_by(INBOUND.c.kind)))
        return [(row.kind, row.fate or row.code, row.body is None, row.digest is None) for row in rows]

    await ages(KEEP.message - DAY)
    assert await kept() == [("receipt", "delivered", True, False), ("reply", "yes", False, False)]
    await ages(KEEP.message + DAY)
    assert await kept() == [("receipt", "delivered", True, True), ("reply", "yes", True, True)]


async def test_the_hash_of_a_number_leaves_when_it_tells_nothing_about_reach_any_more(house: House, ages: Any) -> None:
    await live(house, "r-1")
    await sender_of(house).send_due()

    async def hashes() -> int:
        async with house.database.read() as db:
            return len((await db.execute(select(ATTEMPT).where(ATTEMPT.c.to_digest.is_not(None)))).all())

    sent = await hashes()
    assert sent > 0
    await ages(REMEMBERED - DAY)
    assert await hashes() == sent
    await ages(REMEMBERED + DAY)
    assert await hashes() == 0


async def test_a_link_leaves_a_month_after_it_expired(house: House, ages: Any) -> None:
    await live(house, "r-1")
    await ages(KEEP.link - DAY)
    assert await count(house, LINK.name) == 1
    await ages(KEEP.link + DAY)
    assert await count(house, LINK.name) == 0


async def test_an_alarm_leaves_a_year_after_it_was_cleared(house: House, ages: Any) -> None:
    for about in ("one", "two"):
        await raise_alarm(house.mailbox, "disk", about, "…")
    await clear_alarm(house.mailbox, "disk", "one")
    await ages(KEEP.alarm - DAY)
    assert await count(house, "alarm") == 2
    await ages(KEEP.alarm + DAY)
    assert await count(house, "alarm") == 1


async def test_a_request_loses_its_person_a_year_after_its_end_and_keeps_its_figures(house: House, ages: Any) -> None:
    for request_id in ("r-open", "r-ended"):
        await enter(house, request_id)
    await withdraw(house, "r-ended")
    await ages(KEEP.request - DAY)
    assert await house.vault.held(["r-open", "r-ended"]) == ["r-ended", "r-open"]
    await ages(KEEP.request + DAY, rounds=2)
    assert await house.vault.held(["r-open", "r-ended"]) == ["r-open"]
    async with house.database.read() as db:
        row = (await db.execute(select(REQUEST).where(REQUEST.c.id == "r-ended"))).one()
        said = await db.execute(text("SELECT count(*) FROM audit WHERE subject = 'request.erased.v1'"))
        assert said.scalar_one() == 1
    assert (row.state, row.profession, row.phone_digest) == ("withdrawn", "10", None)
    with pytest.raises(Erased):
        await house.vault.seal("r-ended", "name", "…")


async def test_a_key_that_nobody_used_is_removed_the_others_stay(house: House, ages: Any) -> None:
    await live(house, "r-1")
    sealed = await house.vault.seal("never-entered", "name", "…")
    reason = await house.vault.seal("dropped:0d9f", "why", "…")
    await ages(DAY / 2)
    assert await house.vault.held(["never-entered"])
    await ages(DAY * 2)
    assert await house.vault.held(["never-entered", "r-1", "dropped:0d9f"]) == ["dropped:0d9f", "r-1"]
    with pytest.raises(Erased):
        await house.vault.open(sealed)
    assert await house.vault.open(reason) == "…"
    await ages(KEEP.outbox + DAY)
    assert await house.vault.held(["dropped:0d9f"]) == []


async def test_one_sweep_looks_at_a_batch_and_the_next_goes_on(
    house: House, ages: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", 10)
    async with house.database.writing() as db:
        rows = [{"reader": f"x-{n % 3}", "event_id": f"{n:04}", "at": house.clock.now()} for n in range(35)]
        await db.execute(insert(Inbox), rows)
    await ages(KEEP.inbox + DAY, rounds=1)
    assert await count(house, "inbox") == 25
    await ages(KEEP.inbox - DAY, rounds=9)
    assert await count(house, "inbox") == 25
    await ages(KEEP.inbox + DAY, rounds=4)
    assert await count(house, "inbox") == 0


@pytest.mark.parametrize(
    "query", [oldest_facts(), next_heard("x", "1"), old_sessions(MONDAY)], ids=["facts", "inbox", "sessions"]
)
async def test_a_sweep_follows_an_index_and_stops_at_its_batch(house: House, query: Any) -> None:
    """Whatever the size of the table: no sort, no walk through all of it."""
    async with house.database.read() as db:
        compiled = query.compile(dialect=house_dialect(house), compile_kwargs={"literal_binds": True})
        if house.database.dialect == "sqlite":
            plan = [row.detail for row in await db.execute(text(f"EXPLAIN QUERY PLAN {compiled}"))]
            assert not [step for step in plan if "TEMP B-TREE" in step], plan
            assert all("USING" in step or step == "SCAN outbox" for step in plan), plan  # in the order of its rowid
        else:
            for other in ("seqscan", "bitmapscan", "sort"):  # of an empty table all plans are as good
                await db.execute(text(f"SET LOCAL enable_{other} = off"))
            plan = [row[0] for row in await db.execute(text(f"EXPLAIN {compiled}"))]
            assert not [step for step in plan if "Seq Scan" in step or "Sort" in step], plan
            assert "Limit" in plan[0]


def house_dialect(house: House) -> Any:
    from sqlalchemy.dialects import postgresql, sqlite

    return {"sqlite": sqlite, "postgresql": postgresql}[house.database.dialect].dialect()
