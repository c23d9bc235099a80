"""What does a mailbox test need? A table to see effects in, a desk that does the asking, a second process."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import asyncpg
import pytest
from sqlalchemy import Column, ForeignKey, Integer, MetaData, String, Table, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.event import Event, Order, derived_id
from schemas.request import EscalationAcknowledged, RequestConfirmed
from schemas.values import Actor, Refused, Role
from services.clock import Clock
from services.mailbox import Mailbox
from services.storage.database import Database
from tests.builders import each

TABLES = MetaData()
EFFECT = Table(
    "effect",
    TABLES,
    Column("seq", Integer, primary_key=True),
    Column("what", String),
    Column("once", String, unique=True),
)
# A row here whose `effect` does not exist is noticed by the database at COMMIT, and not before.
LATE = Table(
    "late",
    TABLES,
    Column("seq", Integer, primary_key=True),
    Column("effect", Integer, ForeignKey("effect.seq", deferrable=True, initially="DEFERRED")),
)

REGULATOR = Actor(person="reg-tarn-ouest", role=Role.REGULATOR, territory="tarn-ouest")


class Broken(Exception):
    """A handler with a mistake in it."""


def order(name: str) -> Order:
    return Order(id=derived_id(name), territory="tarn-ouest", actor=REGULATOR)


def fact(number: int = 1) -> RequestConfirmed:
    """A fact that comes from elsewhere; the same number is the same fact."""
    moment = datetime.fromisoformat("2026-11-02T09:00:00+00:00")
    return RequestConfirmed.after(order(f"cause {number}"), moment, request_id=f"r-{number}", slot_id="s-1")


@dataclass
class Desk:
    """One process: a mailbox over a database, and what its listeners heard."""

    database: Database
    mailbox: Mailbox
    heard: list[Event] = field(default_factory=list)
    running: "asyncio.Task[None] | None" = None

    def open(self) -> None:
        """Begin to commit. What was asked before waits in one group."""
        self.running = asyncio.get_running_loop().create_task(self.mailbox.run())

    async def die(self) -> None:
        """Stop in the midst of whatever is going on."""
        if self.running is not None:
            self.running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self.running

    async def receive(self, reader: str, fact: Event, react: Any) -> None:
        await self.mailbox.receive(reader, fact, each(react))

    async def together(self, asked: Sequence[Any]) -> list[Any]:
        """Let all of these come in at once, as one group; the outcomes (or errors), in order."""
        waiting = asyncio.gather(*asked, return_exceptions=True)
        await asyncio.sleep(0)
        if self.running is None:
            self.open()
        return list(await waiting)

    async def effects(self) -> list[str]:
        async with self.database.read() as db:
            return [row.what for row in await db.execute(select(EFFECT).order_by(EFFECT.c.seq))]

    async def ledger(self) -> dict[str, int]:
        """How many rows each ledger has."""
        async with self.database.read() as db:
            return {
                name: (await db.execute(text(f"SELECT count(*) FROM {name}"))).scalar_one()
                for name in ("inbox", "outbox", "audit", "receipt")
            }

    async def said(self) -> list[str]:
        """The ids in the outbox, in order."""
        async with self.database.read() as db:
            return [row.id for row in await db.execute(text("SELECT id FROM outbox ORDER BY seq"))]


NOTHING = {"inbox": 0, "outbox": 0, "audit": 0, "receipt": 0}


async def note(db: AsyncConnection, what: str, *, once: str | None = None) -> None:
    await db.execute(insert(EFFECT).values(what=what, once=once))


async def react(event: RequestConfirmed, db: AsyncConnection, now: datetime) -> list[Event]:
    """Writes one effect and says one fact."""
    await note(db, event.request_id)
    return [EscalationAcknowledged.after(event, now, request_id=event.request_id)]


async def stumble(event: RequestConfirmed, db: AsyncConnection, now: datetime) -> list[Event]:
    """Writes, and then fails."""
    await note(db, f"half of {event.request_id}")
    raise Broken


def deciding(asked: Order, what: str = "done") -> Any:
    """An order that writes one effect and says one fact."""

    async def decide(db: AsyncConnection, now: datetime) -> list[Event] | Refused:
        await note(db, what)
        return [EscalationAcknowledged.after(asked, now, request_id=what)]

    return decide


async def refuse(db: AsyncConnection, now: datetime) -> list[Event] | Refused:
    """Writes, and then says no."""
    await note(db, "should not be there")
    return Refused(code="taken")


@asynccontextmanager
async def process(database: Database) -> AsyncIterator[Desk]:
    desk = Desk(database, Mailbox(database, Clock()))
    desk.mailbox.on_commit(desk.heard.extend)
    try:
        yield desk
    finally:
        await desk.die()


@pytest.fixture
async def desk(database: Database) -> AsyncIterator[Desk]:
    """A process on an empty database, not yet committing: call `open()`, or let a group come in `together`."""
    async with database.writing() as db:
        await db.run_sync(TABLES.create_all)
    async with process(database) as desk:
        yield desk


@pytest.fixture
async def neighbour(desk: Desk, database_url: str) -> AsyncIterator[Desk]:
    """Another process on the same database."""
    database = Database(database_url)
    async with process(database) as other:
        yield other
    await database.close()


@asynccontextmanager
async def table_away(database: Database, name: str) -> AsyncIterator[None]:
    """While the block lasts nobody finds this table."""
    async with database.writing() as db:
        await db.execute(text(f"ALTER TABLE {name} RENAME TO {name}_away"))
    try:
        yield
    finally:
        async with database.writing() as db:
            await db.execute(text(f"ALTER TABLE {name}_away RENAME TO {name}"))


@asynccontextmanager
async def database_away(database: Database) -> AsyncIterator[None]:
    """While the block lasts nothing can be written: PostgreSQL is cut off, SQLite has lost a table."""
    if database.dialect == "sqlite":
        async with table_away(database, "inbox"):
            yield
        return
    name, host = database.url.database, str(database.url.query["host"])
    operator: Any = await asyncpg.connect(host=host, user="relais", database="postgres")
    try:
        await operator.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        await operator.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        yield
    finally:
        await operator.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
        await operator.close()
