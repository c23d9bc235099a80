"""How do committed facts reach NATS? Published right after their commit; a sweep finds what a crash or a cut left."""

import asyncio
import json
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from nats.aio.client import Client
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.event import Event, Order, derived_id
from schemas.values import system_actor
from services.clock import Clock
from services.mailbox import Mailbox
from services.storage.database import Database
from services.storage.ledger import OUTBOX, Outbox

log = logging.getLogger("relais.relay")

BATCH = 500
GATHER = 0.2
"""Seconds in which what was published is gathered, to be noted down in one transaction: nobody waits for the note, and
at a few requests a second half of all transactions were such notes. What a crash leaves without one is said again."""
PATIENCE = 5.0
"""Seconds to wait for the server's word. A publish that timed out may have been stored: its id makes that harmless."""


class Relay:
    """The only publisher of the house. Every publish carries `Nats-Msg-Id`, so that a second one is dropped."""

    def __init__(self, nats: Client, database: Database, mailbox: Mailbox, clock: Clock) -> None:
        self._js = nats.jetstream(timeout=PATIENCE)
        self._nats = nats
        self._database = database
        self._mailbox = mailbox
        self._clock = clock
        self._fresh: list[tuple[str, str, bytes]] = []
        self._bell = asyncio.Event()
        self._published: list[str] = []
        self._in_hand: set[str] = set()
        self._noting = asyncio.Event()
        mailbox.on_commit(self.hear)

    def hear(self, facts: Sequence[Event]) -> None:
        """Facts just committed. When the server is away they wait in the database, not in memory."""
        if self._nats.is_connected and len(self._fresh) < 20 * BATCH:
            self._fresh += [(fact.id, fact.topic(), fact.body) for fact in facts]
            self._in_hand.update(fact.id for fact in facts)
            self._bell.set()

    async def run(self) -> None:
        """Publish what was just committed, and note what was published, for ever; neither waits for the other."""
        await asyncio.gather(self._publish_fresh(), self._note_published())

    async def _publish_fresh(self) -> None:
        while True:
            await self._bell.wait()
            self._bell.clear()
            while self._fresh:
                batch, self._fresh = self._fresh[:BATCH], self._fresh[BATCH:]
                await self._publish(batch)

    async def _note_published(self) -> None:
        while True:
            await self._noting.wait()
            await asyncio.sleep(GATHER)
            self._noting.clear()
            while self._published:
                batch, self._published = self._published[:BATCH], self._published[BATCH:]
                try:
                    await self._mark(batch)
                except Exception as failed:  # the sweep says them again, under the same ids
                    log.error("publishing was not noted down: %s", type(failed).__name__)
                self._in_hand.difference_update(batch)

    async def sweep(self) -> int:
        """Publish what has waited for more than 2 s: left by a crash, or committed while the server was away."""
        if not self._nats.is_connected:
            return 0
        before = self._clock.now() - timedelta(seconds=2 * self._clock.speed)
        async with self._database.read() as db:
            rows = await db.execute(
                select(OUTBOX.c.id, OUTBOX.c.topic, OUTBOX.c.body)
                .where(OUTBOX.c.published_at.is_(None), OUTBOX.c.recorded_at < before)
                .order_by(OUTBOX.c.seq)
                .limit(BATCH)
            )
            # What a crash left is older than what we have in hand, so it comes first.
            batch = [(row.id, row.topic, bytes(row.body)) for row in rows if row.id not in self._in_hand]
        await self._publish(batch)
        return len(batch)

    async def _publish(self, batch: list[tuple[str, str, bytes]]) -> None:
        """Publish all, together when there are several: the server then writes to the disk once."""
        together = len(batch) > 1 and await self._together(batch)
        stored = [fact_id for fact_id, _, _ in batch] if together else await self._one_by_one(batch)
        self._in_hand.difference_update({fact_id for fact_id, _, _ in batch} - set(stored))
        self._published += stored
        self._noting.set()

    async def _together(self, batch: list[tuple[str, str, bytes]]) -> bool:
        """An atomic batch: all are stored, or none (one of them is there already, the stream is full or away)."""
        name, last = uuid4().hex, len(batch)
        try:
            for number, (fact_id, topic, body) in enumerate(batch, 1):
                header = {"Nats-Msg-Id": fact_id, "Nats-Batch-Id": name, "Nats-Batch-Sequence": str(number)}
                if number < last:
                    await self._nats.publish(topic, body, headers=header)
            header["Nats-Batch-Commit"] = "1"
            answer = await self._nats.request(topic, body, PATIENCE, headers=header)
        except Exception as failed:
            log.warning("%d facts were not published together (%s)", last, type(failed).__name__)
            return False
        return "error" not in json.loads(answer.data)

    async def _one_by_one(self, batch: list[tuple[str, str, bytes]]) -> list[str]:
        """One behind the other, then wait for the server's words together; the ids of those it has."""
        said: dict[str, asyncio.Future[Any]] = {}
        for fact_id, topic, body in batch:
            try:
                said[fact_id] = await self._js.publish_async(topic, body, headers={"Nats-Msg-Id": fact_id})
            except Exception as failed:  # away: the sweep tries again
                log.warning("not published yet: %s (%s)", fact_id, type(failed).__name__)
        if said:
            await asyncio.wait(said.values(), timeout=PATIENCE)
        return [fact_id for fact_id, word in said.items() if _stored(fact_id, word)]

    async def _mark(self, published: list[str]) -> None:
        async def decide(db: AsyncConnection, now: Any) -> list[Event]:
            await db.execute(update(Outbox).where(OUTBOX.c.id.in_(published)).values(published_at=now))
            return []

        order = Order(id=derived_id("published", *published[:1]), territory="operations", actor=_RELAY)
        await self._mailbox.order(order, decide)


def _stored(fact_id: str, word: asyncio.Future[Any]) -> bool:
    """Whether the server said that it has the fact. Full, slow or away: the sweep tries again."""
    if word.cancel():
        log.warning("not published yet: %s (no answer)", fact_id)
        return False
    failed = word.exception()
    if failed is not None:
        log.warning("not published yet: %s (%s)", fact_id, type(failed).__name__)
    return failed is None


async def unpublished(db: AsyncConnection) -> int:
    """How many committed facts wait for NATS."""
    waiting = select(func.count()).select_from(Outbox).where(OUTBOX.c.published_at.is_(None))
    return int((await db.execute(waiting)).scalar_one())


async def oldest_unpublished(db: AsyncConnection) -> datetime | None:
    """Since when the oldest of them waits."""
    waiting = select(OUTBOX.c.recorded_at).where(OUTBOX.c.published_at.is_(None)).order_by(OUTBOX.c.seq).limit(1)
    found: datetime | None = (await db.execute(waiting)).scalar_one_or_none()
    return found


_RELAY = system_actor("operations")
