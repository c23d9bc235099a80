"""What does a test of the audit need? A journal that facts are written to, sealed, and tampered with."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.event import Event, Order, derived_id
from schemas.request import EscalationAcknowledged
from services.audit.chain import audit_key, public_key
from services.audit.entries import last_seals
from services.audit.heads import exported
from services.audit.sealer import Sealer
from services.audit.verify import faults
from services.clock import Clock
from services.mailbox import Mailbox
from services.storage.database import Database
from tests.builders import MONDAY, somebody
from tests.conftest import MASTER

KEY = audit_key(MASTER)


@dataclass
class Journal:
    """A mailbox that writes the audit, and a sealer beside it."""

    database: Database
    mailbox: Mailbox
    sealer: Sealer
    written: list[str] = field(default_factory=list)

    async def write(self, *territories: str) -> None:
        """One entry a territory named, in order."""
        for territory in territories:
            number = len(self.written) + 1
            self.written.append(territory)
            order = Order(id=derived_id("entry", str(number)), territory=territory, actor=somebody())

            async def decide(db: AsyncConnection, now: datetime, order: Order = order, number: int = number) -> Any:
                said: list[Event] = [EscalationAcknowledged.after(order, now, request_id=f"r-{number}")]
                return said

            await self.mailbox.order(order, decide)

    async def faults(self, heads: Any = (), territory: str | None = None, key: str = "") -> list[str]:
        async with self.database.read() as db:
            trusted = [key or public_key(KEY)]
            return [one async for one in faults(db, self.database.dialect, trusted, heads, territory)]

    async def head(self) -> str:
        async with self.database.read() as db:
            return exported(await last_seals(db))

    async def seals(self) -> list[tuple[str, int, int, int, int]]:
        """(territory, number, first_seq, last_seq, entries) of all seals, as they were made."""
        query = "SELECT territory, number, first_seq, last_seq, entries FROM audit_seal ORDER BY last_seq"
        async with self.database.read() as db:
            return [tuple(row) for row in await db.execute(text(query))]

    async def tamper(self, *statements: str) -> None:
        """What somebody with all rights to the database does."""
        async with self.database.writing() as db:
            if self.database.dialect == "postgresql":
                await db.execute(text("SET LOCAL session_replication_role = replica"))
            for name in await self._guards(db):
                await db.execute(text(f"DROP TRIGGER {name}"))
            for statement in statements:
                await db.execute(text(statement))

    async def _guards(self, db: AsyncConnection) -> list[str]:
        if self.database.dialect != "sqlite":
            return []
        named = text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'audit%'")
        return [row.name for row in await db.execute(named)]


@pytest.fixture
async def journal(database: Database) -> AsyncIterator[Journal]:
    """An empty journal; nothing is sealed until somebody sweeps."""
    async with writing_to(database) as journal:
        yield journal


@contextlib.asynccontextmanager
async def writing_to(database: Database) -> AsyncIterator[Journal]:
    """A journal on this database: a process of its own."""
    clock = Clock(start=MONDAY + timedelta(microseconds=7))
    mailbox = Mailbox(database, clock)
    running = asyncio.get_running_loop().create_task(mailbox.run())
    yield Journal(database, mailbox, Sealer(database, mailbox, clock, KEY))
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
