"""Is scarcity worked out once an hour, for territories of which enough is known, beside the event loop?"""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select

from dispatcher import scarcity as kept
from dispatcher.tables import KNOWN, REQUEST
from schemas.practitioner import PractitionerDescribed, usual_terms
from schemas.values import Mode
from services import scarcity
from services.build import build_house
from services.house import House
from services.settings import Settings
from services.storage.ledger import OUTBOX
from tests.builders import GAILLAC, LISLE, TARN, a_need, a_patient, a_slot, an_order, hours, minutes

MONDAY = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)  # 9 h in France
A_WEEK = timedelta(days=7)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    house = await build_house(Settings(data_dir=tmp_path, start=MONDAY))
    work = asyncio.create_task(house.mailbox.run())
    yield house
    work.cancel()
    await house.vault.close()
    await house.database.close()


async def past(house: House, count: int, profession: str = "10") -> None:
    """So many requests, three hours apart, that are over."""
    rows = []
    for number in range(1, count + 1):
        at = MONDAY - hours(3 * number)
        need = a_need(now=at, profession=profession, place=(GAILLAC, LISLE)[number % 2])
        rows.append(
            {
                "id": f"{profession}-{number}", "territory": TARN, "state": "fulfilled", "profession": profession,
                "need": need.model_dump_json(), "patient": a_patient().model_dump_json(), "deadline": need.deadline,
                "entered_at": at, "entered_by": "reg-1",
            }
        )  # fmt: skip
    async with house.database.writing() as db:
        await db.execute(insert(REQUEST), rows)


def practises(house: House, number: int, profession: str = "10") -> None:
    described = PractitionerDescribed.after(
        an_order(id=f"describe-{number}"), MONDAY, practitioner_id=f"gp-{number}", profession=profession,
        place=(GAILLAC, LISLE)[number % 2], terms=usual_terms(profession), version=1,
    )  # fmt: skip
    house.seats.hear(described)


async def said(house: House) -> list[Any]:
    async with house.database.read() as db:
        rows = await db.execute(select(OUTBOX.c.topic).where(OUTBOX.c.topic.like("%.scarcity.%")))
        return [row.topic for row in rows]


async def look_and_read(house: House) -> Any:
    await scarcity.look(house)
    async with house.database.read() as db:
        return await kept.latest(db, TARN)


async def test_where_nobody_ever_asked_nothing_is_said(house: House) -> None:
    assert await look_and_read(house) is None
    assert await said(house) == []


async def test_a_seat_is_worth_something_where_somebody_practises_and_nothing_is_open(house: House) -> None:
    await past(house, 60)
    practises(house, 0)
    at, found = await look_and_read(house)
    assert abs(at - MONDAY) < minutes(5)
    assert {(one.profession, one.commune) for one in found.prices} == {("10", GAILLAC.commune)}
    (gp,) = found.shortages
    assert (gp.open, gp.short > 3, gp.asked > 3) == (0, True, True)
    assert await said(house) == ["care.tarn-ouest.scarcity.priced.v1"]
    await scarcity.look(house)
    assert len(await said(house)) == 1, "an hour has not passed"


async def test_open_seats_are_worth_less_more_and_the_table_counts_them(house: House) -> None:
    await past(house, 60)
    practises(house, 0)
    for number in range(80):
        house.seats.hear(a_slot(f"s-{number}", MONDAY + hours(1 + number), capacity=4, minutes=60))
    _, found = await look_and_read(house)
    (gp,) = found.shortages
    assert gp.open == 24 * 4
    assert gp.short < 1
    assert max((one.minutes for one in found.prices), default=0) < 24 * 60


async def test_the_hours_that_slots_were_opened_late_last_week_are_remembered(house: House) -> None:
    await past(house, 160)
    then = MONDAY - A_WEEK
    facts = [a_slot("old", then - hours(20)).model_copy(update={"at": then - hours(40)})]
    for number in range(1, 70):
        slot = a_slot(f"s-{number}", then + hours(number), capacity=4, minutes=60, modes=(Mode.OFFICE,))
        facts.append(slot.model_copy(update={"at": then + minutes(5)}))
    async with house.database.writing() as db:
        rows = [
            {
                "slot_id": one.slot_id, "version": 1, "state": one.state.model_dump_json(),
                "details": one.model_dump_json(), "start": one.start,
            }
            for one in facts
        ]  # fmt: skip
        await db.execute(insert(KNOWN), rows)
    _, found = await look_and_read(house)
    (gp,) = found.shortages
    assert gp.open == 0
    assert gp.short < gp.asked / 4


async def test_with_too_few_requests_the_profession_is_named_and_not_forecast(house: House) -> None:
    await past(house, 60)
    await past(house, 5, "70")
    practises(house, 1, "70")
    _, found = await look_and_read(house)
    assert found.unknown == ("70",)
    assert {one.profession for one in found.prices} <= {"10"}


async def test_a_flood_is_not_drawn(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scarcity, "MOST", 3)
    await past(house, 60)
    assert await look_and_read(house) is None


async def test_one_territory_that_fails_stops_no_other(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []

    async def fails(house: House, territory: Any) -> None:
        tried.append(territory.id)
        raise ValueError

    monkeypatch.setattr(scarcity, "price", fails)
    await scarcity.look(house)
    assert tried == list(house.territories)


async def test_while_it_is_worked_out_the_event_loop_turns(house: House) -> None:
    await past(house, 200)
    practises(house, 0)
    turns = 0

    async def turn() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    turning = asyncio.create_task(turn())
    await scarcity.look(house)
    turning.cancel()
    assert turns > scarcity.FUTURES
    assert len(await said(house)) == 1
