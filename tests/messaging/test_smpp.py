"""Does our SMPP client say and hear what an SMSC says, on its bad days, too?"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from notifications.channels.sms_smpp import Channel, Config
from notifications.outcome import Accepted, Ambiguous, Heard, Letter, NotSent, Outcome, Receipt, Rejected, Reply
from tests.messaging import smsc
from tests.messaging.smsc import Phones, Smsc


class Line:
    """Our client, bound, and what it heard."""

    def __init__(self, channel: Channel) -> None:
        self.channel, self.heard = channel, list[Heard]()
        self.fails = 0

    async def hear(self, heard: Sequence[Heard]) -> None:
        if self.fails:
            self.fails -= 1
            raise ConnectionError
        self.heard += heard

    async def send(self, last_digits: str = "00", text: str = "Bonjour", **said: Any) -> Outcome:
        to = f"+336399800{last_digits}"
        return await self.channel.send(Letter("m-1", "booked", "req-1", to, text, reference=4711, **said))

    async def until(self, what: Any, seconds: float = 5) -> None:
        async with asyncio.timeout(seconds):
            while not what():  # noqa: ASYNC110  # nobody rings here
                await asyncio.sleep(0.01)


@asynccontextmanager
async def bound(server: Smsc, **said: Any) -> AsyncIterator[Line]:
    config = Config(name="a", host="127.0.0.1", port=server.port, system_id="relais", password="secret", **said)
    line = Line(Channel(config))
    running = asyncio.create_task(line.channel.run(line.hear))
    try:
        await line.until(lambda: line.channel.heard_for() > timedelta())
        yield line
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_an_sms_is_accepted_shown_and_its_receipt_names_it() -> None:
    async with Smsc(Phones(), "a") as server, bound(server) as line:
        until = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)
        taken = await line.send(valid_until=until, sender="CPTS Tarn O")
        assert isinstance(taken, Accepted)
        await line.until(lambda: line.heard)
        assert line.heard == [Receipt(taken.provider_id, "delivered", "", 4711, "+33639980000")]
        assert server.phones.shown["33639980000"] == ["Bonjour"]
        assert (server.validity, server.senders) == (["260105093000000+"], ["CPTS Tarn O"])
        await line.until(lambda: not server.pending)


async def test_a_receipt_that_says_everything_in_its_text_is_understood() -> None:
    async with Smsc(Phones(), "a", echo=False, by_text=True) as server, bound(server) as line:
        taken = await line.send(smsc.UNDELIVERABLE)
        assert isinstance(taken, Accepted)
        await line.until(lambda: line.heard)
        assert line.heard == [Receipt(taken.provider_id, "undelivered", "001", None, "+33639980090")]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Rendez-vous à 9h : où ? là", "Rendez-vous \x7f 9h : o\x06 ? l\x7f"),
        ("a" * 400, "a" * 400),
        ("naïveté ⚕ " * 20, "naïveté ⚕ " * 20),
        ("🩺" * 90, "🩺" * 90),
    ],
)
async def test_long_and_accented_texts_arrive_whole(text: str, shown: str) -> None:
    async with Smsc(Phones(), "a") as server, bound(server) as line:
        assert isinstance(await line.send(text=text), Accepted)
        assert server.phones.shown["33639980000"] == [shown]


@pytest.mark.parametrize(
    ("digits", "outcome"),
    [
        (smsc.THROTTLED, Rejected("smpp 0x58", transient=True)),
        (smsc.SILENT, Ambiguous("no answer in time")),
        (smsc.CUT, Ambiguous("connection lost: before the answer")),
        (smsc.HOLE, Ambiguous("no answer in time")),
    ],
)
async def test_what_is_not_certain_is_ambiguous_and_only_that(digits: str, outcome: Outcome) -> None:
    async with Smsc(Phones(), "a") as server, bound(server, answer_within=0.5) as line:
        assert await line.send(digits) == outcome


async def test_not_bound_is_not_sent() -> None:
    async with Smsc(Phones(), "a") as server, bound(server) as line:
        await server.shut()
        await line.until(lambda: line.channel.heard_for() == timedelta())
        assert await line.send() == NotSent("not bound", link=True)
        await server.open()
        await line.until(lambda: line.channel.heard_for() > timedelta())
        assert isinstance(await line.send(), Accepted)
        assert server.binds == 2


async def test_a_receipt_is_acknowledged_only_when_it_is_written_down() -> None:
    async with Smsc(Phones(), "a") as server, bound(server) as line:
        line.fails = 1
        await line.send()
        await line.until(lambda: line.heard)
        assert server.refused == [0x08]
        await line.until(lambda: not server.pending)


async def test_after_a_cut_the_receipt_comes_with_the_next_bind() -> None:
    async with Smsc(Phones(), "a") as server, bound(server) as line:
        await line.send(smsc.CUT)
        await line.until(lambda: line.heard)
        assert isinstance(line.heard[0], Receipt)
        assert line.heard[0].reference == 4711


async def test_what_people_write_is_heard_whole() -> None:
    async with Smsc(Phones(), "a") as server, bound(server) as line:
        server.say("+33639980001", "OUI")
        server.say("+33639980002", "été ⚕", coding=8)
        for part, text in ((2, "bas"), (1, "tout la-")):
            server.say("+33639980003", text, udh=bytes((5, 0, 3, 77, 2, part)))
        await line.until(lambda: len(line.heard) == 3)
        assert [(one.number, one.text) for one in line.heard if isinstance(one, Reply)] == [
            ("+33639980001", "OUI"),
            ("+33639980002", "été ⚕"),
            ("+33639980003", "tout la-bas"),
        ]


async def test_a_silent_smsc_is_left() -> None:
    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        octets = await reader.readexactly(16)
        await reader.readexactly(int.from_bytes(octets[:4], "big") - 16)
        writer.write(bytes.fromhex("0000001180000009") + bytes(4) + octets[12:] + b"\0")
        await reader.read()
        writer.close()

    server = await asyncio.start_server(mute, "127.0.0.1", 0)
    fake = Smsc(Phones(), "mute")
    fake.port = server.sockets[0].getsockname()[1]
    async with bound(fake, answer_within=0.2, enquire_every=0.1) as line:
        await line.until(lambda: line.channel.heard_for() == timedelta(), 2)
    server.close()
