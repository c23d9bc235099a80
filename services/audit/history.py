"""Who did what, and when? Reading the audit of one request or slot."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.values import Actor
from services.storage.ledger import AUDIT


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One state change: the fact's subject (`slot.booked.v1`), its time, and who caused it."""

    at: datetime
    subject: str
    actor: Actor
    event_id: str
    slot_id: str | None


async def history(db: AsyncConnection, about: str) -> list[AuditRow]:
    """Everything that happened to a request (or to a slot), oldest first."""
    rows = await db.execute(
        select(AUDIT).where(or_(AUDIT.c.about == about, AUDIT.c.slot_id == about)).order_by(AUDIT.c.seq)
    )
    return [
        AuditRow(row.at, row.subject, Actor.model_validate_json(row.actor), row.event_id, row.slot_id) for row in rows
    ]


async def opened_by(db: AsyncConnection, slot_ids: Iterable[str]) -> dict[str, Actor]:
    """Who opened each of these slots."""
    mine = AUDIT.c.slot_id.in_(list(slot_ids)), AUDIT.c.subject == "slot.opened.v1"
    rows = await db.execute(select(AUDIT.c.slot_id, AUDIT.c.actor).where(*mine))
    return {row.slot_id: Actor.model_validate_json(row.actor) for row in rows}
