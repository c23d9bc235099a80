"""What does Relais show on its first start, and does a second one add only what is missing?"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from availability import store as agendas
from dispatcher import roster
from services.build import build_house
from services.demo.load import load_demonstration
from services.house import House
from services.settings import Settings

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TERRITORY = "toulouse-ouest"


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[object]:
    """`await start(now)`: Relais starts at that moment on the same folder, with one territory."""
    async with AsyncExitStack() as stack:

        async def start(now: datetime) -> House:
            built = await build_house(Settings(data_dir=tmp_path, start=now))
            house = replace(built, territories={TERRITORY: built.territories[TERRITORY]})
            stack.push_async_callback(house.database.close)
            stack.push_async_callback(house.vault.close)
            stack.callback(asyncio.create_task(house.mailbox.run()).cancel)
            return house

        yield start


async def slots(house: House):
    async with house.database.read() as db:
        people = await agendas.find_practitioners(db, TERRITORY, limit=1000)
        found = [await agendas.agenda(db, one.id, MONDAY, MONDAY + timedelta(days=9)) for one in people]
    return [slot for agenda in found for slot in agenda]


async def test_an_empty_relais_gets_people_their_coming_slots_and_whom_to_alert(start) -> None:
    house = await start(MONDAY)
    said: list[str] = []
    opened = await load_demonstration(house, progress=said.append)
    async with house.database.read() as db:
        people = await agendas.find_practitioners(db, TERRITORY, limit=1000)
        on_call = await roster.people(db, TERRITORY)
        mine = await agendas.practitioners(db, await agendas.delegations(db, f"sec-{TERRITORY}"))
    assert len(people) == 53
    assert [one.person for one in on_call] == [f"reg-{TERRITORY}", f"coord-{TERRITORY}", "ops"]
    assert {one.profession for one in mine.values()} == {"10"}
    known = await slots(house)
    assert len(known) == opened > 50
    assert min(slot.start for slot in known) > MONDAY
    assert {slot.start.date() for slot in known} == {MONDAY.date() + timedelta(days=ahead) for ahead in range(3)}
    assert f"{opened} créneaux nouveaux" in said[-1]


async def test_a_second_start_adds_nothing_and_the_next_day_only_one_day(start) -> None:
    await load_demonstration(await start(MONDAY))
    assert await load_demonstration(await start(MONDAY + timedelta(hours=3))) == 0
    house = await start(MONDAY + timedelta(days=1))
    before = await slots(house)
    added = await load_demonstration(house)
    after = await slots(house)
    assert len(after) == len(before) + added
    new = {slot.slot_id for slot in after} - {slot.slot_id for slot in before}
    assert {slot.start.date() for slot in after if slot.slot_id in new} == {MONDAY.date() + timedelta(days=3)}
