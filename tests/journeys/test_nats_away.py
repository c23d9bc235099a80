"""Does work go on while NATS is down, and does everything flow when it is back?"""

import asyncio
import dataclasses
import os
import signal
import subprocess
import sys

import pytest

from schemas.request import CareRequested
from schemas.slot import SlotHeld
from services import run
from services.bus import streams
from services.settings import Settings
from tests.builders import hours
from tests.invariants import assert_kept
from tests.journeys.town import Server, Town, living

pytestmark = pytest.mark.journey


async def test_requests_and_holds_are_answered_while_nats_is_down_and_everything_flows_when_it_is_back(
    settings: Settings, nats_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "ACK_WAIT", 2.0)  # what was on its way when the server died comes again soon
    async with living(settings) as town:
        await town.settle_in("gp-1", "gp-2")
        before = await town.open_slot("gp-1", capacity=2)
        held_later = await town.open_slot("gp-2", after=hours(5))
        await town.enter("r-1")
        await town.until_state("booked", "r-1")

        nats_server.kill()
        [entered] = await town.enter("r-2")
        assert isinstance(entered, CareRequested)
        [held] = await town.hold("r-3", held_later)
        assert isinstance(held, SlotHeld)
        await town.enter("r-3", slot_id=held_later)
        await asyncio.sleep(1)  # long enough for something to be tried, and to fail
        assert await town.states() == {"r-1": "booked", "r-2": "seeking", "r-3": "seeking"}

        await nats_server.start()
        await town.until_state("booked", "r-2", "r-3")
        assert (await town.request("r-2")).slot_id == before
        assert (await town.request("r-3")).slot_id == held_later
        await town.until_quiet()
        assert await town.told("r-2") == [("booked", "sent")]

        async with town.house.facts.listen() as passing:  # those who watch hear again, too
            await town.withdraw("r-2")
            async with asyncio.timeout(20):
                _, fact = await passing.get() or (0, None)
        assert fact is not None
        await town.until_quiet()
        await assert_kept(town.house.database, town.js)


async def test_nothing_that_nats_had_acknowledged_is_lost_when_it_is_killed_amid_the_work(
    settings: Settings, nats_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "ACK_WAIT", 2.0)
    names = [f"r-{n}" for n in range(20)]
    async with living(settings) as town:
        await town.settle_in("gp-1")
        slot_id = await town.open_slot(minutes=100, capacity=20)
        asking = asyncio.gather(*(town.enter(name) for name in names))
        await asyncio.sleep(0.05)
        nats_server.kill()
        await asking
        await nats_server.start()
        await town.until_state("booked", *names)
        await town.until_quiet()
        assert await town.free_seats(slot_id) == 0
        for name in names:
            assert await town.told(name) == [("booked", "sent")]
        await assert_kept(town.house.database, town.js)


async def test_a_house_whose_nats_is_away_stops_cleanly_and_loses_nothing(
    settings: Settings, nats_server: Server
) -> None:
    async with living(settings) as town:
        await town.settle_in("gp-1")
        nats_server.kill()
        await town.enter("r-1")
        await asyncio.sleep(0.5)
    await nats_server.start()
    async with living(settings) as town:
        await town.open_slot()
        await town.until_state("booked", "r-1")
        await town.until_quiet()
        await assert_kept(town.house.database, town.js)


async def test_an_embedded_nats_that_is_killed_comes_back_by_itself(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "ACK_WAIT", 2.0)
    alone = dataclasses.replace(settings, nats_url=None)
    async with living(alone) as town:
        await town.settle_in("gp-1")
        await town.open_slot("gp-1", capacity=2)
        await town.enter("r-1")
        await town.until_state("booked", "r-1")
        os.kill(int((alone.data_dir / "nats" / "nats-server.pid").read_text()), signal.SIGKILL)
        await town.enter("r-2")
        await town.until_state("booked", "r-2")
        await town.until_quiet()
        await assert_kept(town.house.database, town.js)


async def test_a_web_that_starts_while_nats_is_away_takes_requests_and_they_travel_when_it_is_back(
    settings: Settings, nats_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "BUS_WITHIN", 0.2)
    nats_server.kill()
    async with asyncio.timeout(60), run.running(settings, workers=()) as web:
        await Town(web, None, None).enter("r-1")  # type: ignore[arg-type]  # no server to speak of
        await nats_server.start()
        while not web.facts.connected:  # noqa: ASYNC110  # nobody tells
            await asyncio.sleep(0.05)
    async with living(settings) as town:
        await town.settle_in("gp-1")
        await town.open_slot()
        await town.until_state("booked", "r-1")
        await town.until_quiet()
        await assert_kept(town.house.database, town.js)


BROKEN_START = """
import asyncio, sys
from pathlib import Path
from faststream.nats import NatsBroker
from nats.errors import TimeoutError as NoAnswer
from services.run import running
from services.settings import Settings

start = NatsBroker.start

async def then_nobody_answers(broker):
    await start(broker)
    raise NoAnswer

NatsBroker.start = then_nobody_answers

async def main():
    async with running(Settings(data_dir=Path(sys.argv[1]), nats_url=sys.argv[2]), ("dispatcher",)):
        pass

asyncio.run(main())
"""


async def test_a_room_whose_nats_goes_away_while_it_subscribes_ends_and_can_be_started_again(
    settings: Settings,
) -> None:
    """In a process of its own: one that stands still would take this one with it."""
    command = [sys.executable, "-c", BROKEN_START, str(settings.data_dir), str(settings.nats_url)]
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("nats.errors.TimeoutError")
