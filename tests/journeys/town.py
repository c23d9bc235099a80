"""Who lives in a journey? A running house with practitioners, patients and regulators, and a look at what passes."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import nats
from nats.aio.client import Client
from nats.js import JetStreamContext

from availability import orders as availability
from availability import store as seats
from availability.agenda import NewSlot
from dispatcher import orders as dispatcher
from dispatcher import store as requests
from dispatcher.views import RequestRow
from notifications import store as messages
from notifications.store import MessageRow
from schemas.event import Event, Order
from schemas.request import Patient
from schemas.values import Mode, Refused, Role
from services.bus.relay import unpublished
from services.bus.server import EmbeddedNats, embedded_address
from services.bus.streams import STREAM
from services.house import House
from services.run import running
from services.settings import Settings
from services.storage.aside import AsideRow, listing
from tests.builders import TARN, a_need, a_practitioner, an_order, somebody

PATIENCE = 30.0
"""Seconds until a journey gives up waiting; nothing is asserted about how long something took."""

Answer = list[Event] | Refused
_KEYS = count(1)


class Server:
    """A nats-server of the test's own, that can be killed and comes back with its store under the same address."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._embedded = EmbeddedNats(folder)
        self.url = ""

    async def start(self) -> None:
        self.url = await self._embedded.start()

    def kill(self) -> None:
        """As `kill -9` does it: no last word."""
        os.kill(int((self._folder / "nats-server.pid").read_text()), signal.SIGKILL)

    async def stop(self) -> None:
        await self._embedded.stop()


@dataclass
class Town:
    """A running house of Tarn Ouest, and people who ask it for things."""

    house: House
    nats: Client
    js: JetStreamContext

    async def give(self, act: Callable[..., Awaitable[Answer]], *said: Any, order: Order | None = None) -> Answer:
        """What a regulator asks, through the same door as the web; every order is remembered."""
        given = order or an_order(id=f"journey-{next(_KEYS)}")
        return await self.house.mailbox.order(given, lambda db, now: act(given, *said, db, now), fingerprint="the same")

    async def settle_in(self, *practitioner_ids: str, **said: Any) -> None:
        people = [a_practitioner(one, **said) for one in practitioner_ids]
        await self.give(availability.register_practitioners, people)

    async def open_slot(
        self,
        practitioner_id: str = "gp-1",
        *,
        after: timedelta = timedelta(hours=2),
        minutes: int = 60,
        capacity: int = 1,
        modes: tuple[Mode, ...] = (Mode.OFFICE,),
    ) -> str:
        """A slot that begins so long from now; its id, once the whole house has heard of it."""
        start = (self.house.clock.now() + after).replace(microsecond=0)
        new = NewSlot(start=start, minutes=minutes, capacity=capacity, modes=modes)
        facts = await self.give(availability.publish_slots, practitioner_id, [new])
        assert isinstance(facts, list), facts
        slot_id: str = facts[0].slot_id  # type: ignore[attr-defined]  # a SlotOpened
        await self.until(lambda: self._heard_of(slot_id))
        return slot_id

    async def enter(self, request_id: str, *, slot_id: str | None = None, **need: Any) -> Answer:
        """Somebody of Gaillac calls; `need` as in the builders, from now on."""
        wanted = a_need(now=self.house.clock.now(), **need)
        return await self.give(dispatcher.enter_request, request_id, wanted, await self.patient(request_id), slot_id)

    async def patient(self, request_id: str, name: str = "Mireille Testard", phone: str = "+33639980001") -> Patient:
        seal = self.house.vault.seal
        return Patient(name=await seal(request_id, "name", name), phone=await seal(request_id, "phone", phone))

    async def hold(self, request_id: str, slot_id: str) -> Answer:
        return await self.give(availability.hold_seat, request_id, slot_id, Mode.OFFICE)

    async def withdraw(self, request_id: str, role: Role = Role.REGULATOR) -> Answer:
        key = f"journey-{next(_KEYS)}"
        return await self.give(dispatcher.withdraw, request_id, order=an_order(somebody(role), id=key))

    async def cancel_slot(self, slot_id: str) -> Answer:
        return await self.give(availability.cancel_slot, slot_id)

    async def request(self, request_id: str) -> RequestRow:
        async with self.house.database.read() as db:
            row = await requests.request(db, request_id)
        assert row is not None, f"request {request_id} does not exist"
        return row

    async def states(self) -> dict[str, str]:
        """Every request that was ever entered, with its state."""
        async with self.house.database.read() as db:
            rows = await requests.entered_between(db, TARN, datetime.fromisoformat("2000-01-01T00:00:00Z"),
                                                  datetime.fromisoformat("2100-01-01T00:00:00Z"))  # fmt: skip
        return {row.request_id: row.state.value for row in rows}

    async def free_seats(self, slot_id: str) -> int:
        async with self.house.database.read() as db:
            slot = await seats.slot(db, slot_id)
        assert slot is not None
        return slot.capacity - len(slot.seats)

    async def told(self, request_id: str, recipient: str = "patient") -> list[tuple[str, str]]:
        """What the patient (or another) is told of the request: (kind, state), oldest first.

        Without the reminder: whether one is written depends on the hour at which the test runs."""
        rows = await self.messages_about(request_id)
        return [(row.kind, row.state) for row in rows if row.recipient == recipient and row.kind != "reminder"]

    async def messages_about(self, request_id: str) -> list[MessageRow]:
        async with self.house.database.read() as db:
            return await messages.messages_about(db, request_id)

    async def aside(self) -> list[AsideRow]:
        async with self.house.database.read() as db:
            return await listing(db)

    async def until(self, happens: Callable[[], Awaitable[Any]]) -> None:
        """Wait until it is so. Fails, with what is seen instead, when it does not become so."""
        try:
            async with asyncio.timeout(PATIENCE):
                while not await happens():  # noqa: ASYNC110  # it happens in a database: no event to wait for
                    await asyncio.sleep(0.03)
        except TimeoutError:
            raise AssertionError(f"it did not happen; the requests are {await self.states()}") from None

    async def until_state(self, state: str, *request_ids: str) -> None:
        async def so() -> bool:
            states = await self.states()
            return all(states.get(one) == state for one in request_ids)

        await self.until(so)

    async def until_quiet(self) -> None:
        """Wait until everything said was published, heard and acknowledged, and what is due has left."""
        calm = 0

        async def so() -> bool:
            nonlocal calm
            calm = calm + 1 if await self._is_quiet() else 0
            return calm >= 3

        await self.until(so)

    async def pause(self, reader: str, *, resume: bool = False) -> None:
        """Let a reader hear nothing for now; what is said waits for it in the stream."""
        body = json.dumps({} if resume else {"pause_until": "2099-01-01T00:00:00Z"}).encode()
        answer = await self.nats.request(f"$JS.API.CONSUMER.PAUSE.{STREAM}.{reader}", body, timeout=5)
        assert "error" not in json.loads(answer.data), answer.data

    async def resume(self, reader: str) -> None:
        await self.pause(reader, resume=True)

    async def _heard_of(self, slot_id: str) -> bool:
        return self.house.seats.get(slot_id) is not None

    async def _is_quiet(self) -> bool:
        async with self.house.database.read() as db:
            if await unpublished(db):
                return False
            due = await messages.next_due(db)
        if due is not None and due <= self.house.clock.now():
            return False
        readers = await self.js.consumers_info(STREAM)
        return not any(one.config.durable_name and (one.num_pending or one.num_ack_pending) for one in readers)


@asynccontextmanager
async def living(settings: Settings, url: str = "", **more: Any) -> AsyncIterator[Town]:
    """A running house, and a connection of our own to its nats-server (`url`, else its embedded one)."""
    async with running(settings, **more) as house:
        at = url or settings.nats_url or embedded_address(settings.data_dir / "nats")
        assert at is not None
        client = await nats.connect(
            at, max_reconnect_attempts=-1, reconnect_time_wait=0.2,
            error_cb=_silent,
        )  # fmt: skip
        try:
            yield Town(house, client, client.jetstream())
        finally:
            await client.close()


async def _silent(error: Exception) -> None:
    """The server is killed on purpose."""
