"""What does a process see of NATS? As much of nats-py and of FastStream's broker as the house uses, in virtual time."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine
from types import SimpleNamespace
from typing import Any

from nats.js import api
from nats.js.errors import NotFoundError

from services.bus.streams import STREAM
from services.simulation.stepping import Stepper
from services.simulation.transport import Reader, Stored, Transport

UNLIMITED = 1_000_000
Headers = dict[str, str]
Message = tuple[str, bytes, Headers]


class Wire:
    """One process's connection: the part of nats.Client and of JetStreamContext that Relais calls."""

    def __init__(self, transport: Transport, stepper: Stepper) -> None:
        self.transport = transport
        self.stepper = stepper
        self.is_connected = True
        self._busy_until = 0.0
        self._batches: dict[str, list[Message]] = {}

    def jetstream(self, **_: Any) -> "Wire":
        return self

    # --- publishing -------------------------------------------------------------------------------------

    async def publish_async(self, topic: str, body: bytes, *, headers: Headers, **_: Any) -> asyncio.Future[api.PubAck]:
        """On its way in the order of the calls; the future is the server's word, which may never come."""
        await self.stepper.step(f"publishes {topic} {headers['Nats-Msg-Id'][:6]}")
        word: asyncio.Future[api.PubAck] = self.transport.world.loop.create_future()
        self._send(self._arrive, (topic, body, headers), word)
        return word

    async def publish(self, topic: str, body: bytes, *, headers: Headers) -> None:
        """One of an atomic batch: it counts when the last one has come."""
        await self.stepper.step(f"publishes {topic} {headers['Nats-Msg-Id'][:6]}, with others")
        self._send(self._collect, (topic, body, headers))

    async def request(self, topic: str, body: bytes, patience: float, *, headers: Headers) -> Any:
        """The last of an atomic batch, and the server's word on all of it."""
        await self.stepper.step(f"publishes {topic} {headers['Nats-Msg-Id'][:6]}, and that is all")
        word: asyncio.Future[Any] = self.transport.world.loop.create_future()
        self._send(self._arrive_together, (topic, body, headers), word)
        return await asyncio.wait_for(word, patience)

    def _send(self, arrive: Callable[..., None], *what: Any) -> None:
        if not self.is_connected:
            raise ConnectionError("no connection")
        world = self.transport.world
        self._busy_until = max(self._busy_until, world.elapsed + world.latency())
        world.loop.call_at(self._busy_until, self._unless_cut_off, arrive, what)

    def _unless_cut_off(self, arrive: Callable[..., None], what: tuple[Any, ...]) -> None:
        if self.is_connected or self.transport.world.dice.random() < 0.5:  # else the bytes were not out yet
            arrive(*what)

    def _arrive(self, message: Message, word: "asyncio.Future[Any]") -> None:
        fault = self.transport.world.strikes("no answer")
        seq = self.transport.store(*message)
        self._answer(word, api.PubAck(stream=STREAM, seq=seq), fault is None)

    def _collect(self, message: Message) -> None:
        self._batches.setdefault(message[2]["Nats-Batch-Id"], []).append(message)

    def _arrive_together(self, last: Message, word: "asyncio.Future[Any]") -> None:
        """All, or none: not when one is missing, nor when one of them is known already."""
        fault = self.transport.world.strikes("no answer")
        batch = [*self._batches.pop(last[2]["Nats-Batch-Id"], []), last]
        ids = [headers["Nats-Msg-Id"] for _, _, headers in batch]
        whole = len(batch) == int(last[2]["Nats-Batch-Sequence"]) and not any(map(self.transport.knows, ids))
        for topic, body, headers in batch if whole else ():
            self.transport.store(topic, body, {"Nats-Msg-Id": headers["Nats-Msg-Id"]})
        said = {} if whole else {"error": {"code": 400}}
        self._answer(word, SimpleNamespace(data=json.dumps(said).encode()), fault is None)

    def _answer(self, word: "asyncio.Future[Any]", said: Any, arrives: bool) -> None:
        if arrives and self.is_connected and not self.stepper.dead:
            world = self.transport.world
            world.loop.call_later(world.latency(), _say, word, said)

    # --- stream and readers -----------------------------------------------------------------------------

    async def stream_info(self, name: str) -> Any:
        if not self.transport.readers:
            raise NotFoundError
        config = api.StreamConfig(name=name, subjects=[])
        return SimpleNamespace(config=config, state=SimpleNamespace(first_seq=1, last_seq=len(self.transport.stored)))

    async def add_stream(self, config: api.StreamConfig) -> None:
        """There is one stream, and it is there."""

    async def update_stream(self, config: api.StreamConfig) -> None:
        """It takes what somebody understands, whatever is asked."""

    async def add_consumer(self, stream: str, config: api.ConsumerConfig) -> None:
        subject = str(config.filter_subject).split(".", 2)[2]
        wait, most = float(config.ack_wait or 30), config.max_deliver or -1
        self.transport.add_reader(Reader(str(config.durable_name), subject, wait, most if most > 0 else UNLIMITED))

    async def consumers_info(self, stream: str) -> list[Any]:
        return [
            SimpleNamespace(
                name=reader.name,
                ack_floor=SimpleNamespace(stream_seq=self.transport.ack_floor(reader)),
                num_pending=sum(not tries for tries in reader.tries.values()),
                num_ack_pending=sum(tries > 0 for tries in reader.tries.values()),
            )
            for reader in self.transport.readers.values()
        ]

    async def subscribe(
        self, subject: str, *, cb: Callable[[Any], Awaitable[None]], config: api.ConsumerConfig, **_: Any
    ) -> "Following":
        """Everything from a sequence on, in order, as long as this connection lasts."""
        if not self.is_connected:
            raise ConnectionError("no connection")
        return Following(self, cb, int(config.opt_start_seq or 1))


class Following:
    """An ordered, ephemeral reader."""

    def __init__(self, wire: Wire, hear: Callable[[Any], Awaitable[None]], first: int) -> None:
        self._wire = wire
        self._hear = hear
        self._next = first
        self._under_way = False
        wire.transport.watchers.append(self._wake)
        self._wake()

    async def unsubscribe(self) -> None:
        if self._wake in self._wire.transport.watchers:
            self._wire.transport.watchers.remove(self._wake)

    def _wake(self) -> None:
        if not self._under_way and self._next <= len(self._wire.transport.stored):
            self._under_way = True
            world = self._wire.transport.world
            world.loop.call_later(world.latency(), self._bring)

    def _bring(self) -> None:
        """All there is by now. The house's callback waits for nothing, so it is run to its end here."""
        self._under_way = False
        if not self._wire.is_connected or self._wire.stepper.dead:
            return
        for message in self._wire.transport.stored[self._next - 1 :]:
            self._next += 1
            self._run(SimpleNamespace(subject=message.topic, data=message.data, metadata=_metadata("", message, 1)))

    def _run(self, message: Any) -> None:
        try:
            self._hear(message).__await__().__next__()
        except StopIteration:
            return
        raise AssertionError("a watcher of facts must not wait")


class Raw:
    """A delivered message as nats-py shows it."""

    def __init__(self, wire: Wire, reader: str, message: Stored, delivery: int) -> None:
        self._wire = wire
        self._reader = reader
        self._message = message
        self.subject, self.data, self.headers = message.topic, message.data, message.headers
        self.metadata = _metadata(reader, message, delivery)

    async def ack(self) -> None:
        await self._wire.stepper.step(f"acknowledges {self._message.seq} for {self._reader}")
        if self._wire.is_connected:
            self._wire.transport.ack(self._reader, self._message)

    async def nak(self, delay: float) -> None:
        await self._wire.stepper.step(f"wants {self._message.seq} for {self._reader} again in {delay:.1f} s")
        if self._wire.is_connected:
            self._wire.transport.nak(self._reader, self._message, delay)


class Ears:
    """FastStream's broker as `services/bus/worker.py` uses it: each reader takes what is there, one batch at a time."""

    def __init__(self, wire: Wire, spawn: Callable[[Coroutine[Any, Any, None]], object]) -> None:
        self._wire = wire
        self._spawn = spawn
        self._listeners: dict[str, tuple[Callable[[Any], Awaitable[Any]], Callable[[Any], Awaitable[None]]]] = {}
        self._arrived: dict[str, list[Raw]] = {}

    def subscriber(self, topic: str, *, durable: str, decoder: Any, **_: Any) -> Callable[[Any], Any]:
        def register(listener: Any) -> Any:
            self._listeners[durable] = (decoder, listener)
            return listener

        return register

    def hear(self, reader: str, message: Stored, delivery: int) -> None:
        """A delivery: taken at once, or with the next batch when the reader is busy."""
        raw = Raw(self._wire, reader, message, delivery)
        if reader in self._arrived:
            self._arrived[reader].append(raw)
        else:
            self._arrived[reader] = [raw]
            self._spawn(self._read(reader))

    async def _read(self, reader: str) -> None:
        while self._arrived[reader]:
            batch, self._arrived[reader] = self._arrived[reader], []
            await self.listen(reader, batch)
        del self._arrived[reader]

    async def listen(self, reader: str, batch: list[Raw]) -> None:
        """What FastStream does with a batch."""
        decode, listen = self._listeners[reader]
        await listen(await decode(SimpleNamespace(raw_message=batch)))


def _metadata(reader: str, message: Stored, delivery: int) -> Any:
    sequence = SimpleNamespace(stream=message.seq)
    return SimpleNamespace(num_delivered=delivery, consumer=reader, sequence=sequence)


def _say(word: "asyncio.Future[Any]", said: Any) -> None:
    if not word.done():
        word.set_result(said)
