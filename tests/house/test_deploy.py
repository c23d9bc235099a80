"""Does the NATS configuration we ship let each room say its own facts, and nothing else?"""

import asyncio
import contextlib
import importlib
import os
import pkgutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import nats
import pytest
from nats.aio.client import Client
from nats.js import JetStreamContext, api

import schemas
from schemas.event import FACTS
from services.bus.server import find_server, writes_synced
from services.bus.streams import STREAM, prepare_stream
from services.ports import free_port

for module in pkgutil.iter_modules(schemas.__path__):  # a fact is known once its module is read
    importlib.import_module(f"schemas.{module.name}")

pytestmark = pytest.mark.journey

CONFIGURATION = Path(__file__).parents[2] / "deploy" / "nats" / "nats-server.conf"
USERS = ("web", "dispatcher", "availability", "notifications", "clock", "operator")
SECRETS = {f"NATS_{user.upper()}_PASSWORD": f"secret-of-{user}" for user in USERS}

# One fact a room says, and one it must not be able to say.
OWN_AND_OTHERS = [
    ("dispatcher", "request.booked.v1", "slot.booked.v1"),
    ("dispatcher", "slot.chosen.v1", "message.due.v2"),
    ("availability", "slot.booked.v1", "request.booked.v1"),
    ("availability", "slot.opened.v1", "slot.chosen.v1"),
    ("notifications", "message.due.v2", "request.booked.v1"),
]


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    """A nats-server on the shipped configuration; only its ports and its folder are another's."""
    port, monitor = free_port(), free_port()
    text = CONFIGURATION.read_text("utf-8")
    for shipped, here in ((":4222", f":{port}"), (":8222", f":{monitor}"), ("/var/lib/nats", str(tmp_path))):
        assert shipped in text
        text = text.replace(shipped, here)
    (tmp_path / "nats-server.conf").write_text(text, "utf-8")
    with (tmp_path / "log").open("wb") as log:
        command = [find_server(), "-c", str(tmp_path / "nats-server.conf")]
        server = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, **SECRETS})
    try:
        for _ in range(400):
            assert server.poll() is None, (tmp_path / "log").read_text()
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"http://127.0.0.1:{monitor}/healthz?js-server-only=true").close()
                assert writes_synced(f"http://127.0.0.1:{monitor}") is True
                break
            time.sleep(0.025)
        yield port
    finally:
        server.terminate()
        server.wait(10)


async def sign_in(port: int, user: str) -> Client:
    """A connection as one of the users; what the server refuses is heard as a time-out, not logged."""

    async def silent(_: Exception) -> None: ...

    return await nats.connect(
        f"nats://{user}:secret-of-{user}@127.0.0.1:{port}", error_cb=silent, allow_reconnect=False
    )


async def says(js: JetStreamContext, fact: str) -> bool:
    """Whether the stream stored it. The server answers a forbidden publish with silence."""
    try:
        await js.publish(f"care.tarn-ouest.{fact}", b"{}", timeout=0.3)
    except (TimeoutError, nats.errors.Error):
        return False
    return True


@pytest.mark.parametrize("user", [user for user in USERS if user != "operator"])
async def test_a_process_can_set_up_what_it_reads(port: int, user: str) -> None:
    connection = await sign_in(port, user)
    await prepare_stream(connection.jetstream(timeout=2))
    await connection.close()


@pytest.mark.parametrize(("room", "own", "others"), OWN_AND_OTHERS)
async def test_a_room_says_its_own_facts_and_no_others(port: int, room: str, own: str, others: str) -> None:
    connection = await sign_in(port, room)
    js = connection.jetstream(timeout=2)
    await prepare_stream(js)
    assert await says(js, own)
    assert not await says(js, others)
    await connection.close()


async def test_a_room_reads_and_acknowledges(port: int) -> None:
    connection = await sign_in(port, "notifications")
    js = connection.jetstream(timeout=2)
    await prepare_stream(js)
    assert await says(js, "message.due.v2")
    config = api.ConsumerConfig(durable_name="n", ack_policy=api.AckPolicy.EXPLICIT)
    reader = await js.pull_subscribe("care.*.message.due.v2", durable="n", stream=STREAM, config=config)
    (message,) = await reader.fetch(1, timeout=2)
    await message.ack_sync(timeout=2)
    await connection.close()


async def test_the_web_and_the_clock_may_say_every_fact_of_the_house(port: int) -> None:
    for user in ("web", "clock"):
        connection = await sign_in(port, user)
        js = connection.jetstream(timeout=2)
        await prepare_stream(js)
        assert [fact for fact in FACTS if not await says(js, fact)] == []
        await connection.close()


@pytest.mark.parametrize("user", ["web", "dispatcher", "availability", "notifications"])
async def test_nobody_but_the_operator_can_empty_the_stream(port: int, user: str) -> None:
    connection = await sign_in(port, user)
    js = connection.jetstream(timeout=0.3)
    await prepare_stream(js)
    with pytest.raises((TimeoutError, nats.errors.Error)):
        await js.purge_stream(STREAM)
    with pytest.raises((TimeoutError, nats.errors.Error)):
        await js.delete_stream(STREAM)
    await connection.close()
    operator = await sign_in(port, "operator")
    assert await operator.jetstream().delete_stream(STREAM)
    await operator.close()


async def test_every_fact_has_a_room_that_may_say_it(port: int) -> None:
    said: set[str] = set()
    for room in ("dispatcher", "availability", "notifications"):
        connection = await sign_in(port, room)
        js = connection.jetstream(timeout=2)
        await prepare_stream(js)
        answers = await asyncio.gather(*(says(js, fact) for fact in FACTS))
        said |= {fact for fact, stored in zip(FACTS, answers, strict=True) if stored}
        await connection.close()
    assert set(FACTS) - said == {
        "aside.replayed.v1",
        "aside.dropped.v1",
        "text.reworded.v1",
    }, "what operators and coordinators do, they do through the web"
