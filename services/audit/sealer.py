"""When is the audit sealed? After its commit, by a sweep, in the order of its numbers, and never past an open one."""

import asyncio
import time
from dataclasses import asdict
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.event import Event
from services.audit.chain import Seal, seals_for
from services.audit.entries import entries_between, links_of, newest, sealed_upto
from services.clock import Clock
from services.ids import own_order
from services.mailbox import Mailbox
from services.storage.database import Database
from services.storage.ledger import SEAL

PATIENCE = 1.0
"""Seconds to wait for transactions that write the audit; one that takes longer is waited for at the next sweep."""

_WRITERS = text(
    "SELECT virtualtransaction FROM pg_locks WHERE locktype = 'relation' AND relation = 'audit'::regclass"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    " AND mode = 'RowExclusiveLock' AND granted"
)
_ALONE = text("SELECT pg_try_advisory_xact_lock(7370)")


class Sealer:
    """`sweep()` seals what was committed. Several machines may run it: an entry is sealed once."""

    def __init__(self, database: Database, mailbox: Mailbox, clock: Clock, key: Ed25519PrivateKey) -> None:
        self._database = database
        self._mailbox = mailbox
        self._clock = clock
        self._key = key

    async def sweep(self) -> int:
        """Seal every entry whose place in the order is final; how many that were."""
        upto, sealed = await self._final(), 0
        while True:
            after, seals = await self._due(upto)
            if not seals or not await self._write(after, seals):
                return sealed
            sealed += sum(seal.entries for seal in seals)

    async def _final(self) -> int:
        """A `seq` below which no entry can appear any more.

        SQLite has one writer: what is committed is in order. PostgreSQL gives numbers before the commit, so whoever
        has a number at or below the newest we see, and has not committed, holds the lock of a writer now: we wait
        until these few transactions have ended, while others go on. Nothing blocks, and nothing is kept for it.
        """
        async with self._database.read() as db:
            upto = await newest(db)
            if self._database.dialect == "sqlite" or not upto:
                return upto
            before, until = await _writers(db), time.monotonic() + PATIENCE
            while before & await _writers(db):
                if time.monotonic() > until:
                    return await sealed_upto(db)
                await asyncio.sleep(0.02)
        return upto

    async def _due(self, upto: int) -> tuple[int, list[Seal]]:
        """The next seals, made from what is committed; up to where everything had been sealed then."""
        async with self._database.read() as db:
            after = await sealed_upto(db)
            rows = await entries_between(db, self._database.dialect, after, upto)
            links = await links_of(db, sorted({row.territory for row in rows}))
        entries = ((row.seq, row.territory, row.entry) for row in rows)
        return after, seals_for(entries, links, self._clock.now(), self._key)

    async def _write(self, after: int, seals: list[Seal]) -> bool:
        """Keep the seals, all or none; False when another machine was faster."""
        wrote = False

        async def decide(db: AsyncConnection, now: datetime) -> list[Event]:
            nonlocal wrote
            alone = self._database.dialect == "sqlite" or (await db.execute(_ALONE)).scalar_one()
            wrote = bool(alone) and await sealed_upto(db) == after
            if wrote:
                await db.execute(insert(SEAL), [asdict(seal) for seal in seals])
            return []

        await self._mailbox.order(own_order(), decide)
        return wrote


async def _writers(db: AsyncConnection) -> set[str]:
    """The open transactions that have written, or are about to write, an entry."""
    return {row.virtualtransaction for row in await db.execute(_WRITERS)}
