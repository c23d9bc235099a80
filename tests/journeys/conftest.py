"""What does a journey need? A real nats-server of its own, and a town that runs on it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.bus.server import NatsMissing, find_server
from services.settings import Settings
from tests import servers
from tests.invariants import assert_kept
from tests.journeys.town import Server, Town, living


@pytest.fixture
async def nats_server(tmp_path: Path) -> AsyncIterator[Server]:
    """A nats-server with an empty store, for this test alone."""
    try:
        find_server()
    except NatsMissing as missing:
        servers.missing(str(missing))
    server = Server(tmp_path / "nats")
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
def settings(tmp_path: Path, nats_server: Server) -> Settings:
    return Settings(data_dir=tmp_path / "var", nats_url=nats_server.url)


@pytest.fixture
async def town(settings: Settings) -> AsyncIterator[Town]:
    """A running town with one practitioner, gp-1. When the test is over, everything comes to rest and is checked."""
    async with living(settings) as town:
        await town.settle_in("gp-1")
        yield town
        await town.until_quiet()
        await assert_kept(town.house.database, town.js)
