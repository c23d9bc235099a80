"""Is it once for the patient, however often the facts are delivered, and whoever dies on the way?"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from nats.aio.msg import Msg
from sqlalchemy import text

from dispatcher import orders as dispatcher
from services.build import build_house
from services.bus import streams
from services.settings import Settings
from tests import servers
from tests.builders import a_need, an_order
from tests.invariants import assert_kept
from tests.journeys.town import Town, living

pytestmark = pytest.mark.journey

EIGHT = [f"r-{n}" for n in range(8)]


@asynccontextmanager
async def everything_said_twice(town: Town) -> AsyncIterator[None]:
    """Every fact is published a second time, without the id by which the server would know it again."""

    async def again(message: Msg) -> None:
        if message.headers and "Nats-Msg-Id" in message.headers:
            await town.js.publish(message.subject, message.data)

    subscription = await town.nats.subscribe("care.>", cb=again)
    try:
        yield
    finally:
        await town.until_quiet()
        await subscription.unsubscribe()


async def five_of_eight(town: Town, slot_id: str) -> None:
    """Five have a seat and were told once; three wait and were told nothing."""
    states = await town.states()
    placed = [one for one in EIGHT if states[one] == "booked"]
    assert sorted(states[one] for one in EIGHT) == ["booked"] * 5 + ["seeking"] * 3
    assert await town.free_seats(slot_id) == 0
    assert len({(await town.request(one)).start for one in placed}) == 5
    for one in EIGHT:
        assert await town.told(one) == ([("booked", "sent")] if one in placed else [])


async def test_eight_requests_race_for_five_seats_and_every_fact_comes_twice(town: Town) -> None:
    slot_id = await town.open_slot(capacity=5)
    async with everything_said_twice(town):
        await asyncio.gather(*(town.enter(name) for name in EIGHT))
    await five_of_eight(town, slot_id)
    state = (await town.js.stream_info(streams.STREAM)).state
    async with town.house.database.read() as db:
        said = await db.execute(text("SELECT count(*) FROM outbox"))
        assert state.messages >= 2 * said.scalar_one() - 3  # really twice (but what was said before)


@pytest.mark.pg
async def test_eight_requests_race_for_five_seats_in_two_processes_on_postgresql(
    settings: Settings, request: pytest.FixtureRequest
) -> None:
    server: servers.Postgres = request.getfixturevalue("postgres_server")
    url = await server.fresh()
    shared = Settings(**{**vars(settings), "database_url": url, "master_key": "07" * 32})
    async with living(shared) as town, living(shared) as other:
        await town.settle_in("gp-1")
        slot_id = await town.open_slot(capacity=5)
        await other.until(lambda: heard(other, slot_id))
        async with everything_said_twice(town):
            await asyncio.gather(*((town, other)[n % 2].enter(name) for n, name in enumerate(EIGHT)))
        await five_of_eight(town, slot_id)
        await assert_kept(town.house.database, town.js)
    await server.clear(url)


async def heard(town: Town, slot_id: str) -> bool:
    return town.house.seats.get(slot_id) is not None


async def test_a_worker_that_dies_between_commit_and_acknowledgement_leaves_one_effect(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "ACK_WAIT", 1.0)
    acknowledge, delivered = Msg.ack, []

    async def lost_the_first_time(message: Msg) -> None:
        delivered.append(message.metadata.num_delivered)
        if message.metadata.num_delivered > 1:
            await acknowledge(message)

    monkeypatch.setattr(Msg, "ack", lost_the_first_time)
    async with living(settings) as town:
        await town.settle_in("gp-1")
        slot_id = await town.open_slot(capacity=2)
        await asyncio.gather(town.enter("r-1"), town.enter("r-2"))
        await town.until_quiet()
        assert await town.states() == {"r-1": "booked", "r-2": "booked"}
        assert await town.free_seats(slot_id) == 0
        for one in ("r-1", "r-2"):
            assert await town.told(one) == [("booked", "sent")]
        assert delivered.count(1) == delivered.count(2) > 0  # really delivered again
        await assert_kept(town.house.database, town.js)


async def test_what_a_crash_left_unpublished_is_found_when_the_house_starts(settings: Settings) -> None:
    house = await build_house(settings)
    committing = asyncio.ensure_future(house.mailbox.run())  # no relay: it dies before it could publish
    patient = await Town(house, None, None).patient("r-1")  # type: ignore[arg-type]  # no server to speak of
    order = an_order()
    need = a_need(now=house.clock.now())
    await house.mailbox.order(
        order, lambda db, now: dispatcher.enter_request(order, "r-1", need, patient, None, db, now), fingerprint="f"
    )
    committing.cancel()
    await house.vault.close()
    await house.database.close()

    async with living(settings) as town:
        await town.settle_in("gp-1")
        await town.open_slot()
        await town.until_state("booked", "r-1")
        await town.until_quiet()
        await assert_kept(town.house.database, town.js)


async def test_a_second_start_finds_everything_again(tmp_path: Any) -> None:
    settings = Settings(data_dir=tmp_path / "var")  # with the nats-server it starts for itself
    async with living(settings) as town:
        await town.settle_in("gp-1")
        half_full = await town.open_slot(capacity=2)
        await town.enter("r-1")
        await town.until_state("booked", "r-1")
        await town.enter("r-2", profession="60")
        await town.until_quiet()
        token = town.house.vault.token("patient", "r-1")

    async with living(settings) as town:
        known = town.house.seats.get(half_full)
        assert known is not None
        assert known.state.free == 1
        assert town.house.vault.token("patient", "r-1") == token
        assert await town.house.vault.open((await town.request("r-1")).patient.name) == "Mireille Testard"
        assert await town.states() == {"r-1": "booked", "r-2": "seeking"}

        await town.settle_in("nurse-1", profession="60")
        await town.open_slot("nurse-1")
        await town.until_state("booked", "r-2")
        await town.enter("r-3")
        await town.until_state("booked", "r-3")
        await town.until_quiet()
        assert (await town.request("r-3")).slot_id == half_full
        assert await town.told("r-1") == [("booked", "sent")]
        await assert_kept(town.house.database, town.js)
