"""What is wrong, and who was told? One mechanism: a row while it lasts, a line in the log, a named human."""

import logging
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert as insert_or_skip
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatcher import roster
from schemas.event import Event, Order
from schemas.house import AlarmRaised
from services.ids import own_order
from services.mailbox import Mailbox
from services.storage.ledger import ALARM, Alarm

log = logging.getLogger("relais.alarms")

_OPEN = select(ALARM).where(ALARM.c.cleared_at.is_(None))


@dataclass(frozen=True, slots=True)
class AlarmRow:
    """An open alarm. `words` are French, say what to do, and name ids only."""

    id: str
    kind: str
    about: str
    territory: str | None
    words: str
    raised_at: datetime


async def open_alarms(db: AsyncConnection, limit: int = 200) -> list[AlarmRow]:
    """What is wrong now, the oldest first."""
    rows = await db.execute(_OPEN.order_by(ALARM.c.raised_at, ALARM.c.id).limit(limit))
    return [AlarmRow(row.id, row.kind, row.about, row.territory, row.words, row.raised_at) for row in rows]


async def raise_alarm(mailbox: Mailbox, kind: str, about: str, words: str, territory: str | None = None) -> None:
    """Raise it, committed, unless it is raised already. With a `territory` its first human on call is alerted."""
    order = own_order(territory or "operations")
    fresh = False

    async def decide(db: AsyncConnection, now: datetime) -> list[Event]:
        nonlocal fresh
        fresh, facts = await ring(order, db, now, kind, about, words, territory)
        return facts

    await mailbox.order(order, decide)
    if fresh:
        log.error("alarm %s about %s: %s", kind, about, words)


async def clear_alarm(mailbox: Mailbox, kind: str, about: str) -> None:
    """It is over. Nothing happens when there was none."""
    order = own_order()

    async def decide(db: AsyncConnection, now: datetime) -> list[Event]:
        await silence(db, now, kind, about)
        return []

    await mailbox.order(order, decide)


async def ring(
    order: Order,
    db: AsyncConnection,
    now: datetime,
    kind: str,
    about: str,
    words: str,
    territory: str | None,
    request_id: str | None = None,
) -> tuple[bool, list[Event]]:
    """Raise it in the transaction of what was noticed: whether it is new, and the facts to say of it."""
    row = {
        "id": order.id, "kind": kind, "about": about, "territory": territory, "words": words, "raised_at": now,
    }  # fmt: skip
    fresh = insert_or_skip(Alarm).on_conflict_do_nothing().returning(ALARM.c.id)
    if (await db.execute(fresh, row)).first() is None:
        return False, []
    if territory is None:
        return True, []
    person = await roster.on_call(db, territory)
    said = {"alarm_id": order.id, "kind": kind, "about": about, "person": person, "request_id": request_id}
    return True, [AlarmRaised.after(order, now, key=order.id, territory=territory, **said)]


async def silence(db: AsyncConnection, now: datetime, kind: str, about: str) -> None:
    """Clear it in the transaction of what mended it."""
    mine = (ALARM.c.kind == kind) & (ALARM.c.about == about) & ALARM.c.cleared_at.is_(None)
    await db.execute(update(ALARM).where(mine).values(cleared_at=now))
