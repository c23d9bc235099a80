"""What is one process of the simulated house? The real parts, on stepped connections, which may die and come back."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from datetime import timedelta
from functools import partial
from typing import Any, cast

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from nats.aio.client import Client
from nats.js import JetStreamContext

from availability.handlers import expire_holds
from dispatcher.matching.seats import OpenSeats
from dispatcher.rounds import on_round
from dispatcher.wakes import mend_timers, on_timers
from schemas.event import Order, derived_id
from schemas.territory import Territory
from schemas.values import system_actor
from services.bus.facts import Facts
from services.bus.relay import Relay
from services.bus.streams import prepare_readers, prepare_stream
from services.bus.worker import subscribe
from services.house import House
from services.mailbox import Decide, Mailbox, Outcome
from services.picture import learn_slots
from services.run import ROOMS, room_reactions
from services.sender import Sender
from services.settings import Settings
from services.simulation.faults import Crash
from services.simulation.file import File
from services.simulation.hours import VirtualClock
from services.simulation.open_box import OpenBox
from services.simulation.phones import Channel, Phones
from services.simulation.stepping import SteppedDatabase, Stepper
from services.simulation.transport import Stored, Transport
from services.simulation.wire import Ears, Wire
from services.simulation.world import World, is_promising
from services.storage.keyring import Keyring

BACK_AFTER = (1.0, 12.0)
"""Seconds until a dead process is started again, as a supervisor does it."""
MEND = 0.05
"""Share of the sweeps that also look for requests without a timer, and of those that begin a round."""
ROUNDS_WHEN_PROMISING = 0.4
PATIENCE = 0.1
"""Seconds a sweep comes later for each second in which it could not do what is due."""
NO_SECRET = Ed25519PrivateKey.from_private_bytes(bytes(32))
SETTINGS = Settings(public_url="https://relais.test")
_SWEEPER = Order(id="sweep", territory="operations", actor=system_actor("operations"))


class Unreachable(Exception):
    """The process that was asked is gone, and with it the answer. Ask again, with the same key."""


class Process:
    """All rooms, the doors, the clock and the relay of one machine: what `relais up` runs, on another's database."""

    def __init__(
        self, world: World, name: str, file: File, transport: Transport, phones: Phones,
        territories: Mapping[str, Territory], committed: Callable[[], None],
    ) -> None:  # fmt: skip
        self.world, self.name = world, name
        self._file, self._transport, self._phones = file, transport, phones
        self._territories = dict(territories)
        skew = sum(fault.lasts for fault in world.of_kind("skew") if fault.process == name)
        self.clock = VirtualClock(world.loop, timedelta(seconds=skew))
        self._committed = committed
        self.lives = 0
        self.ready = self._sweeping = False
        self._tasks: dict[asyncio.Task[Any], None] = {}
        self._tick: asyncio.TimerHandle | None = None
        transport.listeners.append(self)

    # --- life -------------------------------------------------------------------------------------------

    async def begin(self) -> None:
        """Put the parts together, in the order of services/run.py."""
        self.lives, self._sweeping = self.lives + 1, False
        self.world.note(self.name, f"begins its life {self.lives}")
        self.stepper = Stepper(self.world, self.name, self.die)
        self.wire = Wire(self._transport, self.stepper)
        database = SteppedDatabase(self._file.database, self.stepper, self._committed)
        mailbox, channel = Mailbox(database, self.clock), Channel(self.world, self.stepper, self._phones)
        self.house = House(
            SETTINGS, self.clock, database, mailbox, cast(Keyring, OpenBox()), OpenSeats(),
            self._territories, Facts(self.clock), {channel.name: channel}, NO_SECRET,
        )  # fmt: skip
        self.spawn(mailbox.run())
        await self._listen()
        client = cast(Client, self.wire)
        self.relay = Relay(client, database, mailbox, self.clock)
        self.spawn(self.relay.run())
        await learn_slots(self.house, client)
        self.sender = Sender(mailbox, self.house.vault, self.clock, self.house.channels, self._territories)
        self.ready = True
        self.plan_sweep(self._file.next_due())

    async def _listen(self) -> None:
        js = cast(JetStreamContext, self.wire)
        await prepare_stream(js)
        reactions = room_reactions(self.house)
        self._ears = Ears(self.wire, self.spawn)
        for room in ROOMS:
            await prepare_readers(js, room, reactions[room])
            subscribe(cast(Any, self._ears), room, reactions[room], self.house.mailbox, self.house.vault)

    def die(self) -> None:
        """As kill -9: nothing more is done, said or written, and a supervisor starts it again."""
        self.stepper.dead, self.ready = True, False
        if self._tick is not None:
            self._tick.cancel()
            self._tick = None
        for task in list(self._tasks):
            task.cancel()
        self._tasks.clear()
        after = self.world.dice.uniform(*BACK_AFTER)
        self.world.loop.call_later(after, lambda: self.world.loop.create_task(self._again()))

    async def _again(self) -> None:
        try:
            await self.begin()
        except Crash:
            return  # it died while it began; `die` has seen to the next life
        except ConnectionError:
            self.die()  # cut off while it began: it ends, and its supervisor starts it again

    def spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """A task that ends with this life of the process."""
        task = self.world.loop.create_task(work)
        self._tasks[task] = None
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.pop(task, None)
        failed = None if task.cancelled() else task.exception()
        if failed is not None and not isinstance(failed, Crash):
            self.world.failed(f"process {self.name}: {type(failed).__name__}: {failed}")

    # --- the net ----------------------------------------------------------------------------------------

    def cut_off(self) -> None:
        self.wire.is_connected = False

    async def reconnect(self) -> None:
        if self.ready and not self.wire.is_connected:
            self.wire.is_connected = True
            await self.house.facts.resume()

    def reachable(self) -> bool:
        return self.ready and self.wire.is_connected

    def hear(self, reader: str, message: Stored, delivery: int) -> None:
        self._ears.hear(reader, message, delivery)

    # --- what it is asked, and what it does by itself -----------------------------------------------------

    async def serve(self, order: Order, decide: Decide, fingerprint: str) -> Outcome:
        """Carry out what a person asks at this process's door. Raises Unreachable when it dies before it answers."""
        asked = self.spawn(_passed_on(self.house.mailbox.order(order, decide, fingerprint=fingerprint)))
        await asyncio.wait([asked])
        if asked.cancelled() or isinstance(asked.exception(), Crash):
            raise Unreachable
        return cast(Outcome, asked.result())

    def look_at(self, moment: float) -> None:
        """Sweep at that moment, or earlier if that was planned already."""
        if not self.ready or self._sweeping or (self._tick is not None and self._tick.when() <= moment):
            return
        if self._tick is not None:
            self._tick.cancel()
        self._tick = self.world.loop.call_at(moment, self._sweep)

    def _sweep(self) -> None:
        self._tick, self._sweeping = None, True
        self.spawn(self._sweeps())

    async def _sweeps(self) -> None:
        """What is due now. Each sweep runs as services/ticker.py runs it: an order like any other, and a failure of one
        stops none of the others."""
        seats, mailbox = self.house.seats, self.house.mailbox
        due = self._file.due(self.clock.now())
        acts: dict[str, Callable[[], Awaitable[Any]]] = {
            "timers": lambda: mailbox.order(_SWEEPER, lambda db, now: on_timers(_SWEEPER, db, now, seats=seats)),
            "holds": lambda: mailbox.order(_SWEEPER, lambda db, now: expire_holds(_SWEEPER, db, now)),
            "round": self._round,
            "mend": lambda: mailbox.order(_SWEEPER, lambda db, now: mend_timers(_SWEEPER, db, now)),
            "outbox": self.relay.sweep,
            "messages": self.sender.send_due,
            "lost": self.sender.settle_lost,
        }
        if self.world.dice.random() < MEND:
            due.append("mend")
        if self.world.dice.random() < (ROUNDS_WHEN_PROMISING if is_promising(self.world.seed) else MEND):
            due.append("round")
            seats.forget_before(self.clock.now() - timedelta(hours=1))
        for name in due:
            self.world.note(self.name, f"sweeps: {name}")
            await acts[name]()
        self._sweeping = False
        self.plan_sweep(self._file.next_due(), self.world.elapsed + 1)

    async def _round(self) -> None:
        """Those who wait and those who are promised a seat, together. Each round is an order of its own."""
        name = derived_id("round", self.name, str(self.world.elapsed))
        order = _SWEEPER.model_copy(update={"id": name, "territory": next(iter(self.house.territories))})
        await self.house.mailbox.order(order, partial(on_round, order, seats=self.house.seats))

    def plan_sweep(self, due: float | None, not_before: float = 0.0) -> None:
        """Sweep again when there is something to do; a sweep comes once a second, not on the dot, and more seldom
        for what has long been in vain."""
        if due is not None:
            now = self.world.elapsed
            in_vain = max(0.0, now - due) * PATIENCE
            self.look_at(max(due, not_before, now) + in_vain + self.world.dice.random())


async def _passed_on(answer: Awaitable[Outcome]) -> Outcome:
    return await answer
