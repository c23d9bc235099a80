"""Does what was committed reach NATS, whatever fails on the way?"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import nats
import pytest
from nats.aio.client import Client
from sqlalchemy import text

from schemas.request import RequestConfirmed
from services.bus.relay import Relay
from services.bus.streams import STREAM, prepare_stream
from services.clock import Clock
from services.mailbox import Mailbox
from services.storage.database import Database
from services.storage.migrate import migrate
from tests.builders import MONDAY, an_order
from tests.journeys.town import Server

pytestmark = pytest.mark.journey


@pytest.fixture
async def sqlite(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'relais.db'}")
    await migrate(database)
    yield database
    await database.close()


@asynccontextmanager
async def relaying(server: Server, database: Database) -> AsyncIterator[tuple[Relay, Client]]:
    """A relay at work on an empty stream, with nobody who reads."""
    client = await nats.connect(server.url)
    await prepare_stream(client.jetstream())
    mailbox = Mailbox(database, Clock())
    relay = Relay(client, database, mailbox, Clock())
    running = [asyncio.ensure_future(one) for one in (mailbox.run(), relay.run())]
    try:
        yield relay, client
    finally:
        for one in running:
            one.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await asyncio.gather(*running)
        await client.close()


async def test_a_database_that_fails_after_the_publishing_does_not_stop_the_relay(
    nats_server: Server, sqlite: Database
) -> None:
    async with relaying(nats_server, sqlite) as (relay, client):
        await rename(sqlite, "outbox", "outbox_away")
        relay.hear([confirmed("r-1")])
        await until_stored(client, 1)
        await asyncio.sleep(0.1)  # long enough to fail at noting down that it was published
        await rename(sqlite, "outbox_away", "outbox")
        relay.hear([confirmed("r-2")])
        await until_stored(client, 2)


async def test_a_fact_that_is_published_twice_is_stored_once(nats_server: Server, sqlite: Database) -> None:
    async with relaying(nats_server, sqlite) as (relay, client):
        once, later = confirmed("r-1"), confirmed("r-2")
        relay.hear([once, once])
        relay.hear([once, later])
        await until_stored(client, 2)
        info = await client.jetstream().stream_info(STREAM)
        assert info.state.messages == 2


def confirmed(request_id: str) -> RequestConfirmed:
    return RequestConfirmed.after(an_order(), MONDAY, request_id=request_id, slot_id="s-1")


async def rename(database: Database, table: str, name: str) -> None:
    async with database.writing() as db:
        await db.execute(text(f"ALTER TABLE {table} RENAME TO {name}"))


async def until_stored(client: Client, number: int) -> None:
    async with asyncio.timeout(5):
        while (await client.jetstream().stream_info(STREAM)).state.messages < number:  # noqa: ASYNC110  # a server's answer
            await asyncio.sleep(0.02)
