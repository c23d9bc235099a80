"""Is a fact that a reader acknowledged and forgot found, and one that still waits left alone? On a real stream."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from services.bus.server import NatsMissing, find_server
from services.checks import readers
from services.checks.examine import examine
from services.checks.look import Check, Look
from services.settings import Settings
from tests import servers
from tests.checks.conftest import taken_back
from tests.invariants import broken
from tests.journeys.town import Town, living

pytestmark = pytest.mark.journey

ENTERED = "dispatcher-request-entered-v1"


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    """A town on its embedded nats-server in which three patients have a place."""
    try:
        find_server()
    except NatsMissing as missing:
        servers.missing(str(missing))
    async with living(Settings(data_dir=tmp_path / "var")) as town:
        await town.settle_in("gp-1")
        await town.open_slot(capacity=3)
        for one in ("r-1", "r-2", "r-3"):
            await town.enter(one)
        await town.until_state("booked", "r-1", "r-2", "r-3")
        await town.until_quiet()
        yield town


async def found(town: Town, check: Check, *planted: str, later: timedelta = timedelta()) -> list[str]:
    """What the checker finds after these statements, in a transaction that is taken back."""
    floors = await readers.readers_of(town.js)
    async with taken_back(town.house.database) as db:
        for statement in planted:
            await db.execute(text(statement))
        return await check(Look(db, "sqlite", town.house.clock.now() + later, None, town.js, floors))


async def test_a_town_at_rest_keeps_every_promise(town: Town) -> None:
    verdicts = await examine(town.house.database, town.house.clock.now, town.js)
    assert [(verdict.name, verdict.found) for verdict in verdicts if not verdict.kept] == []


async def test_what_a_reader_acknowledged_and_forgot_is_found(town: Town) -> None:
    forgotten = f"DELETE FROM inbox WHERE reader = '{ENTERED}'"
    said = await found(town, readers.acknowledged_and_not_dealt_with, forgotten)
    assert len(said) == 3
    assert await found(town, readers.acknowledged_and_not_dealt_with, forgotten, later=timedelta(days=31)) == []
    assert all(f"ni en attente chez {ENTERED}" in one for one in said)
    assert await found(town, readers.acknowledged_and_not_dealt_with) == []


async def test_a_message_of_a_stranger_is_dealt_with_too(town: Town) -> None:
    await town.js.publish("care.tarn-ouest.request.entered.v1", b"garbage")
    await town.until_quiet()
    assert await found(town, readers.acknowledged_and_not_dealt_with) == []
    (said,) = await found(town, readers.acknowledged_and_not_dealt_with, "DELETE FROM aside")
    assert ENTERED in said


async def test_what_waits_for_a_reader_is_not_missed(town: Town) -> None:
    await town.pause(ENTERED)
    await town.enter("r-4")
    await town.until(lambda: _published(town))
    for check in (readers.acknowledged_and_not_dealt_with, readers.published_and_not_waiting):
        assert await found(town, check) == []
    await town.resume(ENTERED)
    await town.until_quiet()


async def test_what_was_lost_with_the_stream_is_found(town: Town) -> None:
    await town.pause(ENTERED)
    await town.enter("r-4")
    await town.until(lambda: _published(town))
    await town.js.purge_stream("CARE")
    (said,) = await found(town, readers.published_and_not_waiting)
    assert f"et {ENTERED} ne l'aura jamais" in said


async def _published(town: Town) -> bool:
    async with town.house.database.read() as db:
        return not (await db.execute(text("SELECT count(*) FROM outbox WHERE published_at IS NULL"))).scalar_one()


async def test_the_command_asks_a_town_that_is_running(town: Town, tmp_path: Path) -> None:
    code, said = await check(tmp_path / "var")
    assert [(one["invariant"], one["state"]) for one in said if one["state"] != "kept"] == []
    assert (code, len(said)) == (0, 8)

    async with town.house.database.writing() as db:
        await db.execute(text("UPDATE care_request SET state = 'seeking' WHERE id = 'r-1'"))
    code, said = await check(tmp_path / "var")
    assert code == 1
    broken_ones = {one["invariant"]: one["found"] for one in said if one["state"] == "broken"}
    assert set(broken_ones) == {"I2", "I3", "I5"}
    assert all("r-1" in sentence for sentences in broken_ones.values() for sentence in sentences)
    assert len(await broken(town.house.database, town.js)) == sum(map(len, broken_ones.values()))


async def check(folder: Path) -> tuple[int, list[dict[str, Any]]]:
    """The exit code and the JSON of `relais check`, as a process of its own."""
    command = ["-m", "services.cli.main", "check", "--json", "--grace", "0.1", "--data", str(folder)]
    process = await asyncio.create_subprocess_exec(sys.executable, *command, stdout=asyncio.subprocess.PIPE)
    said, _ = await process.communicate()
    return process.returncode or 0, json.loads(said)
