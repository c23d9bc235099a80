"""What does JetStream do, well and badly? One stream, durable readers, redelivery, a window of known ids."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from schemas.event import fact_of
from services.simulation.world import World

WINDOW = 120.0
"""Seconds for which the stream knows an id again (as services/bus/streams.py asks of the real one)."""
NOBODY_THERE = 1.0


@dataclass(frozen=True, slots=True)
class Stored:
    """A message of the stream."""

    seq: int
    topic: str
    data: bytes
    headers: dict[str, str]


@dataclass(slots=True)
class Reader:
    """A durable consumer: which messages it has not yet acknowledged, and how often each was delivered."""

    name: str
    subject: str
    ack_wait: float
    max_deliver: int
    tries: dict[int, int] = field(default_factory=dict)
    given_up: list[int] = field(default_factory=list)


class Listener(Protocol):
    """A process as the transport sees it."""

    name: str

    def reachable(self) -> bool: ...
    def hear(self, reader: str, message: Stored, delivery: int) -> None: ...


class Transport:
    """At least once, in any order, with the faults of the seed."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.stored: list[Stored] = []
        self.readers: dict[str, Reader] = {}
        self.listeners: list[Listener] = []
        self.watchers: list[Callable[[], None]] = []
        self.strange: list[str] = []
        """Ids of what strangers said: to be set aside."""
        self._known: dict[str, tuple[float, int]] = {}

    def store(self, topic: str, data: bytes, headers: dict[str, str]) -> int:
        """Keep a message, once for each id it has seen in the last two minutes. Its sequence."""
        if fact_of(topic) is None:
            raise LookupError(f"no stream takes {topic}")
        key = headers.get("Nats-Msg-Id", "")
        if self.knows(key):
            self.world.note("stream", f"knows {key[:6]} already")
            return self._known[key][1]
        message = Stored(len(self.stored) + 1, topic, data, headers)
        self.stored.append(message)
        self.world.note("stream", f"{message.seq} {topic} {key[:6]}")
        if key:
            self._known[key] = (self.world.elapsed, message.seq)
        for reader in self.readers.values():
            if topic.split(".", 2)[2] == reader.subject:
                reader.tries[message.seq] = 0
                self.world.loop.call_later(self.world.latency(), self._deliver, reader, message, 0)
        for wake in list(self.watchers):
            wake()
        return message.seq

    def knows(self, key: str) -> bool:
        """Whether a message of this id came in the last two minutes."""
        seen = self._known.get(key)
        return seen is not None and seen[0] + WINDOW > self.world.elapsed

    def store_strange(self, topic: str, data: bytes, key: str) -> None:
        """Something nobody of the house said."""
        self.strange.append(key)
        self.store(topic, data, {"Nats-Msg-Id": key})

    def forget_ids(self) -> None:
        self._known.clear()

    def add_reader(self, reader: Reader) -> None:
        self.readers.setdefault(reader.name, reader)

    def ack(self, name: str, message: Stored) -> None:
        if self.world.strikes("lost ack") is None:
            self.readers[name].tries.pop(message.seq, None)

    def nak(self, name: str, message: Stored, delay: float) -> None:
        """Deliver it again after the delay."""
        reader = self.readers[name]
        if message.seq in reader.tries:
            self.world.loop.call_later(delay, self._deliver, reader, message, reader.tries[message.seq])

    def ack_floor(self, reader: Reader) -> int:
        """Everything up to here was acknowledged."""
        return min(reader.tries, default=len(self.stored) + 1) - 1

    def waiting(self) -> list[str]:
        """What is not yet dealt with, in words."""
        return [f"{reader.name} has not acknowledged {seq}" for reader in self.readers.values() for seq in reader.tries]

    def _deliver(self, reader: Reader, message: Stored, after: int) -> None:
        """Hand the message to somebody who listens, unless it was acknowledged or handed over again meanwhile."""
        if reader.tries.get(message.seq) != after:
            return
        there = [one for one in self.listeners if one.reachable()]
        if not there:
            self.world.loop.call_later(NOBODY_THERE, self._deliver, reader, message, after)
            return
        if after >= reader.max_deliver:
            reader.given_up.append(message.seq)
            return
        delivery = reader.tries[message.seq] = after + 1
        self.world.loop.call_later(reader.ack_wait, self._deliver, reader, message, delivery)
        fault = self.world.strikes("lost", "twice", "late")
        to = self.world.pick(there)
        if fault is None or fault.kind == "twice":
            to.hear(reader.name, message, delivery)
        if fault is not None and fault.kind == "twice":
            other = next((one for one in there if one is not to), to)
            self.world.loop.call_later(self.world.latency(), _hand, other, reader.name, message, delivery)
        if fault is not None and fault.kind == "late":
            self.world.loop.call_later(fault.lasts, _hand, to, reader.name, message, delivery)


def _hand(to: Listener, reader: str, message: Stored, delivery: int) -> None:
    if to.reachable():
        to.hear(reader, message, delivery)
