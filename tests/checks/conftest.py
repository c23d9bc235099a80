"""What does a test of the checkers need? A small corridor in which nothing is wrong, and a way to plant what is."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from availability import handlers as availability
from availability.orders import cancel_slot, publish_slots, register_practitioners
from dispatcher import handlers as dispatcher
from dispatcher.matching.seats import OpenSeats
from dispatcher.orders import acknowledge, confirm, enter_request, withdraw
from dispatcher.wakes import on_timers
from notifications import handlers as notifications
from notifications.outcome import Accepted
from notifications.sending import Carrier, record, take
from notifications.writing import Desk
from schemas.event import Event, durable
from services.audit.chain import audit_key, public_key
from services.audit.sealer import Sealer
from services.checks.look import Check, Look
from services.clock import Clock
from services.mailbox import Mailbox
from services.reference.territories import load_territories
from services.storage.database import Database
from services.storage.keyring import Keyring
from services.storage.migrate import migrate
from tests.builders import (
    AT_TEN,
    MONDAY,
    a_need,
    a_new_slot,
    a_practitioner,
    a_sealed_patient,
    an_order,
    hours,
    minutes,
)
from tests.conftest import BOTH, MASTER

KEYS = [public_key(audit_key(MASTER))]
NURSE = "60"


class At(Clock):
    """A clock that is set by hand."""

    def __init__(self, moment: datetime) -> None:
        super().__init__()
        self.moment = moment

    def now(self) -> datetime:
        return self.moment


@dataclass
class Corridor:
    """All rooms in one process: what is said is heard at once, without a stream, and sealed."""

    database: Database
    vault: Keyring
    clock: At = field(default_factory=lambda: At(MONDAY))
    seats: OpenSeats = field(default_factory=OpenSeats)
    said: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.mailbox = Mailbox(self.database, self.clock)
        self.mailbox.on_commit(self.said.extend)
        self.sealer = Sealer(self.database, self.mailbox, self.clock, audit_key(MASTER))
        desk = Desk(self.vault, load_territories(), "https://relais.example")
        self.rooms = {
            "dispatcher": dispatcher.reactions(self.seats),
            "availability": availability.reactions(),
            "notifications": notifications.reactions(desk),
        }

    async def give(self, act: Any, *about: Any, **more: Any) -> Any:
        """An order that is remembered, and all that follows from it."""
        order = an_order()
        said = await self.mailbox.order(order, lambda db, now: act(order, *about, db, now, **more), fingerprint="f")
        await self.settle()
        return said

    async def settle(self) -> None:
        """Let every room hear what was said, until nobody has anything to say; then it is published, and sealed."""
        while self.said:
            facts, self.said[:] = list(self.said), []
            for fact in facts:
                for room, reactions in self.rooms.items():
                    if type(fact) in reactions:
                        await self.mailbox.receive(durable(room, type(fact)), fact, reactions[type(fact)])
        async with self.database.writing() as db:
            await db.execute(text("UPDATE outbox SET published_at = recorded_at"))
        await self.sealer.sweep()

    async def send(self) -> None:
        """Hand over what is due."""
        carriers = {"console": Carrier("console", receipts=False)}
        async with self.database.writing() as db:
            claimed, _ = await take(an_order(), "console", (50, 50), carriers, lambda _: None, db, self.clock.now())
        await self.give(record, [(one, Accepted("p-1")) for one in claimed], carriers)

    async def enter(self, request_id: str, **need: Any) -> None:
        patient = await a_sealed_patient(self.vault, request_id)
        await self.give(enter_request, request_id, a_need(now=self.clock.now(), **need), patient, None)

    async def live(self) -> None:
        """A morning: r-1 has a place and comes, r-2 waits, a human has r-3 in hand and none r-4, r-5 withdraws, and
        r-6 is moved."""
        await self.give(register_practitioners, [a_practitioner("gp-1"), a_practitioner("gp-2")])
        await self.give(publish_slots, "gp-1", [a_new_slot(AT_TEN, 15), a_new_slot(AT_TEN + minutes(30), 15)])
        await self.enter("r-1")
        await self.enter("r-5")
        await self.enter("r-3", profession=NURSE, within=hours(1))
        await self.enter("r-4", profession=NURSE, within=hours(1))
        await self.send()
        await self.give(confirm, "r-1")
        await self.give(withdraw, "r-5")
        await self.enter("r-6")
        await self.send()
        (slot,) = await self.ids("SELECT slot_id FROM care_request WHERE id = 'r-6'")
        await self.give(cancel_slot, slot)
        self.clock.moment += minutes(41)
        await self.give(on_timers, seats=self.seats)
        await self.give(acknowledge, "r-3")
        await self.give(publish_slots, "gp-2", [a_new_slot(AT_TEN + hours(1), 15)])
        await self.give(on_timers, seats=self.seats)
        await self.enter("r-2", profession=NURSE)
        self.clock.moment += timedelta(seconds=61)
        await self.give(on_timers, seats=self.seats)
        await self.send()

    async def ids(self, query: str) -> list[Any]:
        async with self.database.read() as db:
            return [row[0] for row in await db.execute(text(query))]

    async def found(self, check: Check, *planted: str, later: timedelta = timedelta()) -> list[str]:
        """What the checker finds after these statements, in a transaction that is taken back."""
        async with taken_back(self.database) as db:
            await self._lay_down_guards(db)
            for statement in planted:
                await db.execute(text(statement))
            return await check(Look(db, self.database.dialect, self.clock.now() + later, KEYS))

    async def _lay_down_guards(self, db: AsyncConnection) -> None:
        if self.database.dialect == "postgresql":
            await db.execute(text("SET LOCAL session_replication_role = replica"))
            await db.execute(text("ALTER TABLE slot DROP CONSTRAINT slot_overlap"))
        triggers = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        for name in await _all(db, triggers) if self.database.dialect == "sqlite" else ():
            await db.execute(text(f"DROP TRIGGER {name}"))
        for index in ("booking_one_per_seat", "booking_one_per_request", "offer_one_accepted"):
            await db.execute(text(f"DROP INDEX {index}"))


class _TakenBack(Exception):
    """Ends a transaction that must leave nothing."""


@contextlib.asynccontextmanager
async def taken_back(database: Database) -> AsyncIterator[AsyncConnection]:
    """A transaction that leaves nothing."""
    with contextlib.suppress(_TakenBack):
        async with database.writing() as db:
            yield db
            raise _TakenBack


async def _all(db: AsyncConnection, query: str) -> Sequence[Any]:
    return [row[0] for row in await db.execute(text(query))]


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=BOTH)
async def corridor(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Corridor]:
    """A corridor that has lived through a morning. Tests look at it, and leave it as it was."""
    folder = tmp_path_factory.mktemp("corridor")
    url = f"sqlite:///{folder / 'relais.db'}"
    if request.param == "postgresql":
        url = await request.getfixturevalue("postgres_server").blank()
    database, keys = Database(url), Database(f"sqlite:///{folder / 'keyring.db'}")
    await migrate(database)
    vault = Keyring(keys, Clock(), MASTER)
    await vault.create()
    corridor = Corridor(database, vault)
    running = asyncio.get_running_loop().create_task(corridor.mailbox.run())
    await corridor.live()
    yield corridor
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    await vault.close()
    await database.close()
