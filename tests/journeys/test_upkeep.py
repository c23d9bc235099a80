"""Is the stream kept small without losing a fact, does a full one lose nothing, and is a lost one rebuilt?"""

import dataclasses

import pytest
from nats.js.api import ConsumerConfig
from sqlalchemy import text

from services.bus import upkeep
from services.bus.relay import unpublished
from services.bus.streams import STREAM, prepare_stream
from services.bus.upkeep import republish
from services.run import upkeep_of
from services.settings import Settings
from services.storage.beats import READERS, beats
from services.watch.alarms import open_alarms
from tests.invariants import assert_kept
from tests.journeys.town import Town, living

pytestmark = pytest.mark.journey

SLOW = "notifications-request-booked-v1"


async def alarms(town: Town) -> list[str]:
    async with town.house.database.read() as db:
        return [one.kind for one in await open_alarms(db)]


async def first_seq(town: Town) -> int:
    return (await town.js.stream_info(STREAM)).state.first_seq


async def test_what_everybody_has_read_leaves_and_what_a_slow_reader_has_not_stays(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "MARGIN", 0)
    await town.open_slot(minutes=250, capacity=50)
    await town.pause(SLOW)
    names = [f"r-{number}" for number in range(10)]
    for name in names:
        await town.enter(name)
    await town.until_state("booked", *names)
    for _ in range(3):
        await upkeep_of(town.house, town.nats).sweep()
    info = await town.js.consumer_info(STREAM, SLOW)
    assert info.num_pending == 10
    await town.resume(SLOW)
    await town.until_quiet()
    for name in names:
        assert await town.told(name) == [("booked", "sent")]
    last = (await town.js.stream_info(STREAM)).state.last_seq
    await upkeep_of(town.house, town.nats).sweep()
    assert await first_seq(town) >= last - 1
    await town.enter("r-late")
    await town.until_state("booked", "r-late")


async def test_a_reader_that_stands_still_is_noted_for_the_watchdog_until_it_reads(town: Town) -> None:
    keeper = upkeep_of(town.house, town.nats)

    async def noted() -> list[str]:
        await keeper.look_at_readers()
        async with town.house.database.read() as db:
            return next(beat.detail for beat in await beats(db) if beat.name == READERS).split()

    await town.js.add_consumer(STREAM, ConsumerConfig(durable_name="nobody", filter_subject="care.>"))
    assert await noted() == []
    await town.open_slot()
    await town.enter("r-1")
    await town.until_state("booked", "r-1")
    assert await noted() == ["nobody"]
    somebody = await town.js.pull_subscribe_bind("nobody", STREAM)
    for message in await somebody.fetch(100, timeout=2):
        await message.ack_sync()
    assert await noted() == []
    await town.js.delete_consumer(STREAM, "nobody")


async def test_a_full_stream_is_said_keeps_all_in_the_outbox_and_flows_again(
    settings: Settings, nats_server: object
) -> None:
    async with living(dataclasses.replace(settings, stream_max_bytes=20_000)) as town:
        await town.settle_in("gp-1")
        await town.open_slot(minutes=250, capacity=50)
        await town.pause("dispatcher-request-entered-v1")
        names = [f"r-{number}" for number in range(20)]
        for name in names:
            await town.enter(name)

        async def stuck() -> bool:
            await upkeep_of(town.house, town.nats).sweep()
            async with town.house.database.read() as db:
                return await unpublished(db) > 0 and await alarms(town) == ["stream_full"]

        await town.until(stuck)
        assert set((await town.states()).values()) == {"seeking"}
        await prepare_stream(town.js, 10_000_000)
        await town.resume("dispatcher-request-entered-v1")
        await town.until_state("booked", *names)
        await town.until_quiet()
        await upkeep_of(town.house, town.nats).sweep()
        assert await alarms(town) == []
        for name in names:
            assert await town.told(name) == [("booked", "sent")]
        await assert_kept(town.house.database, town.js)


async def half_done(town: Town) -> list[str]:
    """Requests of which some are finished and some are stopped in the middle; the first of them are done."""
    await town.settle_in("gp-1")
    await town.open_slot(minutes=250, capacity=50)
    names = [f"r-{number}" for number in range(8)]
    for name in names[:4]:
        await town.enter(name)
    await town.until_state("booked", *names[:4])
    await town.until_quiet()
    for reader in ("availability-slot-chosen-v1", SLOW):
        await town.pause(reader)
    for name in names[4:]:
        await town.enter(name)

    async def published() -> bool:
        async with town.house.database.read() as db:
            return not await unpublished(db)

    await town.until(published)
    return names


async def test_a_lost_stream_is_noticed_at_the_start_told_and_rebuilt(settings: Settings, nats_server: object) -> None:
    async with living(settings) as town:
        names = await half_done(town)
        await upkeep_of(town.house, town.nats).sweep()
        await town.js.delete_stream(STREAM)
    async with living(settings) as town:
        assert await alarms(town) == ["stream_lost"]
        await town.until_state("booked", *names)
        await town.until_quiet()
        for name in names:
            assert await town.told(name) == [("booked", "sent")]
        await assert_kept(town.house.database, town.js)
    async with living(settings) as town:  # the second start finds nothing wrong
        async with town.house.database.read() as db:
            raised = (await db.execute(text("SELECT count(*) FROM alarm"))).scalar_one()
        assert raised == 1


async def test_an_operator_has_recorded_facts_published_again_and_nothing_happens_twice(
    settings: Settings, nats_server: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def blind(_: upkeep.Upkeep) -> bool:
        return False

    monkeypatch.setattr(upkeep.Upkeep, "look_back", blind)
    async with living(settings) as town:
        names = await half_done(town)
        await town.js.delete_stream(STREAM)
    async with living(settings) as town:
        count = await republish(town.house.database, town.house.mailbox, None)
        assert count > 8
        await town.until_state("booked", *names)
        await town.until_quiet()
        for name in names:
            assert await town.told(name) == [("booked", "sent")]
        await assert_kept(town.house.database, town.js)


async def test_a_first_start_is_no_loss(town: Town) -> None:
    assert await alarms(town) == []
    assert not await upkeep_of(town.house, town.nats).look_back()
