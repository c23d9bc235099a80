"""How long is what kept? A table of periods, and sweeps that look at a few rows at a time.

Each sweep walks one table in the order of its key, a batch a minute, round and round: what it costs does not grow with
the table, and no table needs an index for it.
"""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, delete, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from availability.tables import PRACTITIONER
from dispatcher import store as requests
from dispatcher.tables import REQUEST, ROSTER
from notifications import store as notices
from notifications.reach import REMEMBERED
from notifications.tables import INBOUND, MESSAGE, PUSH
from schemas.event import Event
from schemas.values import system_actor
from services.erasure import erase
from services.house import House
from services.ids import own_order
from services.mailbox import DOOR
from services.storage.aside import DROPPED
from services.storage.ledger import ALARM, ASIDE, INBOX, OUTBOX, RECEIPT
from services.web.session import LASTS, WebSession

log = logging.getLogger("relais.retention")

BATCH = 500
FEW = 50
"""Requests whose person is forgotten at once: each takes a transaction of its own."""


@dataclass(frozen=True, slots=True)
class Periods:
    """What leaves, so long after what. An id in the inbox outlives the fact in the outbox: a fact said again is
    known."""

    outbox: timedelta = timedelta(days=30)
    inbox: timedelta = timedelta(days=45)
    message: timedelta = timedelta(days=7)
    link: timedelta = timedelta(days=30)
    session: timedelta = LASTS
    alarm: timedelta = timedelta(days=365)
    request: timedelta = timedelta(days=365)
    orphan: timedelta = timedelta(days=1)


_SESSION: Any = WebSession.__table__  # type: ignore[attr-defined]  # SQLModel does not type it


class Retention:
    """`await sweep()`: one batch of each kind."""

    def __init__(self, house: House) -> None:
        self._house = house
        kept = house.settings
        self._periods = Periods(
            request=timedelta(days=kept.keep_requests_days), message=timedelta(days=kept.keep_messages_days)
        )
        self._at: dict[str, Any] = {}

    async def sweep(self) -> None:
        """One batch of each; one kind that fails stops no other."""
        kinds: tuple[tuple[str, Callable[[datetime], Awaitable[None]]], ...] = (
            ("outbox", self._outbox),
            ("inbox", self._inbox),
            ("messages", self._messages),
            ("links", self._links),
            ("sessions", self._sessions),
            ("alarms", self._alarms),
            ("requests", self._requests),
            ("keys", self._orphans),
        )
        for name, forget in kinds:
            try:
                await forget(self._house.clock.now())
            except Exception as failed:
                log.error("retention of %s failed: %s", name, type(failed).__name__)

    async def _outbox(self, now: datetime) -> None:
        before = now - self._periods.outbox

        async def decide(db: AsyncConnection, now: datetime) -> list[Event]:
            rows = list(await db.execute(oldest_facts()))
            old = [row.seq for row in rows if row.published_at is not None and row.recorded_at < before]
            await _remove(db, OUTBOX, OUTBOX.c.seq, old)
            return []

        await self._carry_out(decide)

    async def _inbox(self, now: datetime) -> None:
        """What readers have dealt with; for orders of people with the answer that was kept."""
        before = now - self._periods.inbox

        async def decide(db: AsyncConnection, now: datetime) -> list[Event]:
            rows = list(await db.execute(next_heard(*self._at.get("inbox", ("", "")))))
            old = [row for row in rows if row.at < before]
            for reader in {row.reader for row in old}:
                ids = [row.event_id for row in old if row.reader == reader]
                mine = (INBOX.c.reader == reader) & INBOX.c.event_id.in_(ids)
                await db.execute(delete(INBOX).where(mine))
                if reader == DOOR:
                    await _remove(db, RECEIPT, RECEIPT.c.order_id, ids)
            self._at["inbox"] = (rows[-1].reader, rows[-1].event_id) if len(rows) == BATCH else ("", "")
            return []

        await self._carry_out(decide)

    async def _messages(self, now: datetime) -> None:
        await self._walk("messages", notices.forget_before, now - self._periods.message)
        await self._walk("numbers", notices.forget_numbers, now - REMEMBERED)
        await self._walk("inbound", notices.forget_inbound, now - self._periods.message)

    async def _links(self, now: datetime) -> None:
        await self._walk("links", notices.forget_links, now - self._periods.link)

    async def _sessions(self, now: datetime) -> None:
        before = now - self._periods.session * max(1.0, self._house.clock.speed)

        async def decide(db: AsyncConnection, now: datetime) -> list[Event]:
            await _remove(db, _SESSION, _SESSION.c.id, list((await db.execute(old_sessions(before))).scalars()))
            return []

        await self._carry_out(decide)

    async def _alarms(self, now: datetime) -> None:
        before = now - self._periods.alarm

        async def decide(db: AsyncConnection, now: datetime) -> list[Event]:
            query = select(ALARM.c.id, ALARM.c.cleared_at).where(ALARM.c.id > self._at.get("alarms", ""))
            rows = list(await db.execute(query.order_by(ALARM.c.id).limit(BATCH)))
            old = [row.id for row in rows if row.cleared_at is not None and row.cleared_at < before]
            await _remove(db, ALARM, ALARM.c.id, old)
            self._at["alarms"] = rows[-1].id if len(rows) == BATCH else ""
            return []

        await self._carry_out(decide)

    async def _requests(self, now: datetime) -> None:
        """A request that ended long ago keeps its figures and loses its person."""
        before = now - self._periods.request
        async with self._house.database.read() as db:
            old, at = await requests.ended_before(db, before, self._at.get("requests", ""), FEW)
        readable = await self._house.vault.held(old)
        if readable:
            await erase(self._house, readable, system_actor("operations"), withdraw=False)
        self._at["requests"] = at

    async def _orphans(self, now: datetime) -> None:
        """Keys of entries that never came to be, and of what is no longer there."""
        vault = self._house.vault
        made, self._at["keys"] = await vault.walk(self._at.get("keys", ""), BATCH)
        reasons = [one for one in made if one.startswith(DROPPED)]
        old = [one for one in reasons if made[one] < now - self._periods.outbox]
        doubtful = [one for one in made if one not in reasons and made[one] < now - self._periods.orphan]
        async with self._house.database.read() as db:
            used = await in_use(db, doubtful)
        await vault.discard([*old, *(one for one in doubtful if one not in used)])

    async def _walk(self, name: str, forget: Callable[..., Awaitable[str]], before: datetime) -> None:
        async def decide(db: AsyncConnection, now: datetime) -> list[Event]:
            self._at[name] = await forget(db, before, self._at.get(name, ""), BATCH)
            return []

        await self._carry_out(decide)

    async def _carry_out(self, decide: Callable[[AsyncConnection, datetime], Awaitable[list[Event]]]) -> None:
        order = own_order()
        await self._house.mailbox.order(order, decide)


def oldest_facts() -> Select[Any]:
    """The facts to look at: they lie in the order in which they were recorded."""
    return select(OUTBOX.c.seq, OUTBOX.c.recorded_at, OUTBOX.c.published_at).order_by(OUTBOX.c.seq).limit(BATCH)


def next_heard(reader: str, event_id: str) -> Select[Any]:
    """What was dealt with, the next in the order of the inbox's key."""
    key = (INBOX.c.reader, INBOX.c.event_id)
    return select(INBOX).where(tuple_(*key) > tuple_(reader, event_id)).order_by(*key).limit(BATCH)


def old_sessions(before: datetime) -> Select[Any]:
    return select(_SESSION.c.id).where(_SESSION.c.created < before).order_by(_SESSION.c.created).limit(BATCH)


async def in_use(db: AsyncConnection, subjects: list[str]) -> set[str]:
    """The subjects under whose key something is kept here: a request, a message, a message set aside, a number."""
    used: set[str] = set()
    for column, prefix in (
        (REQUEST.c.id, ""),
        (MESSAGE.c.request_id, ""),
        (MESSAGE.c.recipient_id, "to:"),
        (INBOUND.c.digest, "from:"),
        (PUSH.c.person, "to:"),
        (ROSTER.c.person, "to:"),
        (PRACTITIONER.c.id, "practitioner:"),
        (ASIDE.c.id, "aside:"),
    ):
        ids = [one.removeprefix(prefix) for one in subjects if one.startswith(prefix)]
        for found in (await db.execute(select(column).where(column.in_(ids)).distinct())).scalars() if ids else ():
            used.add(prefix + found)
    return used


async def _remove(db: AsyncConnection, table: Any, column: Any, ids: list[Any]) -> None:
    if ids:
        await db.execute(delete(table).where(column.in_(ids)))
