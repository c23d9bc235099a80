"""Does a reader get what has arrived at once, all of it, and once, also after a cut?"""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import nats
import pytest
from nats.errors import ConnectionClosedError
from nats.errors import TimeoutError as NothingCame
from nats.js import api

from services.bus.pull import EagerPull, EagerStream
from services.bus.server import EmbeddedNats

pytestmark = pytest.mark.journey


@pytest.fixture
async def pull(tmp_path: Path) -> AsyncIterator[tuple[EagerStream, EagerPull]]:
    server = EmbeddedNats(tmp_path / "nats")
    client = await nats.connect(await server.start())
    js = EagerStream(client)
    await js.add_stream(api.StreamConfig(name="S", subjects=["s"]))
    found = await js.pull_subscribe("s", durable="reader", stream="S", config=api.ConsumerConfig(max_ack_pending=2000))
    assert isinstance(found, EagerPull)
    yield js, found
    await client.close()
    await server.stop()


async def all_of(pull: EagerPull, count: int, batch: int = 16) -> list[str]:
    """As FastStream asks: again for the rest, until nothing came."""
    heard: list[str] = []
    for _ in range(50 * count):
        if len(heard) >= count:
            break
        try:
            messages = await pull.fetch(batch, timeout=1.0)
        except NothingCame:
            continue
        for message in messages:
            heard.append(message.data.decode())
            await message.ack()
    return heard


async def test_a_lone_message_does_not_wait_for_company(
    pull: tuple[EagerStream, EagerPull], monkeypatch: pytest.MonkeyPatch
) -> None:
    js, reader = pull
    await js.publish("s", b"one")
    assert [message.data for message in await reader.fetch(100, timeout=30)] == [b"one"]
    monkeypatch.setattr(reader, "_first", pytest.fail)
    with pytest.raises(NothingCame):  # asked for the rest, it says that there is none, and waits for nothing
        await reader.fetch(99, timeout=30)


async def test_everything_comes_once_and_in_order(pull: tuple[EagerStream, EagerPull]) -> None:
    js, reader = pull
    for number in range(300):
        await js.publish("s", str(number).encode())
    assert await all_of(reader, 300) == [str(number) for number in range(300)]
    info = await reader.consumer_info()
    assert (info.num_pending, info.num_redelivered) == (0, 0)


async def test_what_comes_after_a_silence_is_heard(pull: tuple[EagerStream, EagerPull]) -> None:
    js, reader = pull
    began = time.monotonic()
    while time.monotonic() - began < 2.5:  # longer than a request for messages lives
        with pytest.raises(NothingCame):
            await reader.fetch(16, timeout=1.0)
    await js.publish("s", b"late")
    assert await all_of(reader, 1) == ["late"]


async def test_a_reader_that_is_gone_is_not_asked_a_thousand_times(pull: tuple[EagerStream, EagerPull]) -> None:
    js, reader = pull
    await js.delete_consumer("S", "reader")
    asked = 0
    began = time.monotonic()
    while time.monotonic() - began < 2.0:
        with pytest.raises(NothingCame):
            await reader.fetch(16, timeout=1.0)
        asked += 1
    assert asked < 10


async def test_a_reader_whose_connection_is_closed_lets_others_work(pull: tuple[EagerStream, EagerPull]) -> None:
    """Who reads asks again at once: were nothing waited for, nothing else of the process would ever run again."""
    js, reader = pull
    await js._nc.close()
    others = asyncio.Event()
    asyncio.get_running_loop().call_soon(others.set)
    with pytest.raises(ConnectionClosedError):
        await reader.fetch(16, timeout=1.0)
    assert others.is_set()
