"""Who did what, and when? Reading the audit of one request or slot."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.values import Actor
from services.storage.ledger import Audit

_AUDIT: Any = Audit.__table__  # type: ignore[attr-defined]  # SQLModel does not type it


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
        select(_AUDIT).where(or_(_AUDIT.c.about == about, _AUDIT.c.slot_id == about)).order_by(_AUDIT.c.seq)
    )
    return [
        AuditRow(row.at, row.subject, Actor.model_validate_json(row.actor), row.event_id, row.slot_id) for row in rows
    ]
