"""Is everything done when the database was away for long, however often its facts were delivered in vain?"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifications.outcome import Accepted, Letter, Outcome
from services.bus import streams
from services.settings import Settings
from services.storage.database import Database
from tests.builders import hours
from tests.invariants import assert_kept
from tests.journeys.town import Town, living

TRIES_IN_VAIN = 26
"""Of each fact: more than a message that fails by itself is given, twice over."""

pytestmark = pytest.mark.journey

REQUESTS = [f"r-{n}" for n in range(4)]


@asynccontextmanager
async def database_away(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """Nobody can write until the block ends."""

    def refused(self: Database) -> AbstractAsyncContextManager[AsyncConnection]:
        raise ConnectionRefusedError

    with monkeypatch.context() as patch:
        patch.setattr(Database, "writing", refused)
        yield


async def delivered(town: Town, reader: str) -> int:
    """How often the reader was given something, in vain or not."""
    info = await town.js.consumer_info(streams.STREAM, reader)
    return info.delivered.consumer_seq if info.delivered else 0


async def test_what_was_delivered_in_vain_while_the_database_was_away_is_done_when_it_is_back(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "ACK_WAIT", 0.3)
    monkeypatch.setattr(streams, "LONGEST_DELAY", 0.2)
    reader = "dispatcher-request-entered-v1"
    async with living(settings) as town:
        await town.settle_in("gp-1")
        await town.open_slot(capacity=len(REQUESTS), minutes=60, after=hours(4))
        await town.pause(reader)
        for name in REQUESTS:
            await town.enter(name)
        async with database_away(monkeypatch):
            before = await delivered(town, reader)
            await town.resume(reader)
            for _ in range(250):
                if await delivered(town, reader) - before > TRIES_IN_VAIN * len(REQUESTS):
                    break
                await asyncio.sleep(0.1)
        await town.until_state("booked", *REQUESTS)
        await town.until_quiet()
        async with town.house.database.read() as db:
            assert (await db.execute(text("SELECT count(*) FROM aside"))).scalar_one() == 0
        await assert_kept(town.house.database, town.js)


async def test_a_message_that_left_while_the_database_went_away_is_known_to_have_left(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    cuts: list[asyncio.Task[None]] = []

    async def cut() -> None:
        async with database_away(monkeypatch):
            await asyncio.sleep(1)

    class CutOff:
        name = way = "console"

        async def send(self, letter: Letter) -> Outcome:
            if not cuts:
                cuts.append(asyncio.create_task(cut()))
                await asyncio.sleep(0.1)
            return Accepted(letter.key)

    async with living(settings) as town:
        town.house.channels["console"] = CutOff()
        await town.settle_in("gp-1")
        await town.open_slot()
        await town.enter("r-1")
        await town.until(lambda: sent(town, "r-1"))
        assert cuts
        await town.until_quiet()
        await assert_kept(town.house.database, town.js)


async def sent(town: Town, request_id: str) -> bool:
    return await town.told(request_id) == [("booked", "sent")]
