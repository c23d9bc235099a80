"""Which question does a patient's SMS answer? The latest message to that number; what she means is said at once."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from notifications import store
from notifications.tables import ATTEMPT, INBOUND, MESSAGE
from schemas.event import Event, Order, derived_id
from schemas.message import PatientWrote
from schemas.values import system_actor

OPEN_FOR = timedelta(days=3)
"""How long a message can be answered: the longest promise, and a day. What comes later a human reads, whatever it
says."""


async def said(reply_ids: Sequence[str], db: AsyncConnection, now: datetime) -> list[Event]:
    """What patients mean by these replies, which were written down just now: [PatientWrote…]. What comes from a number
    to which nothing was sent stays as it is: notifications/strangers.py."""
    fresh = INBOUND.c.id.in_(list(reply_ids)), INBOUND.c.kind == "reply", INBOUND.c.state == "new"
    replies = (await db.execute(select(INBOUND).where(*fresh, INBOUND.c.digest.is_not(None)))).all()
    found: list[Event] = []
    for reply in replies:
        message = await _asked(reply.digest, db)
        if message is None:
            continue
        known = reply.code if message.at > now - OPEN_FOR or reply.code in ("stop", "alarm") else "other"
        if reply.code == "stop":
            await store.supersede_to_patient(db, message.request_id)
        matched = {"state": "matched", "message_id": message.id, "number": None}
        await db.execute(update(INBOUND).where(INBOUND.c.id == reply.id).values(matched))
        cause = Order(
            id=derived_id(message.request_id, reply.id),
            territory=message.territory,
            actor=system_actor(message.territory),
        )
        found.append(
            PatientWrote.after(cause, now, request_id=message.request_id, reply_id=reply.id, meaning=known or "other")
        )
    return found


async def written_about(db: AsyncConnection, request_id: str) -> list[tuple[datetime, str | None]]:
    """What the patient wrote, sealed, oldest first, and when; None = forgotten."""
    mine = INBOUND.c.kind == "reply", MESSAGE.c.request_id == request_id
    query = select(INBOUND.c.at, INBOUND.c.body).join(MESSAGE, MESSAGE.c.id == INBOUND.c.message_id).where(*mine)
    return [(row.at, row.body) for row in await db.execute(query.order_by(INBOUND.c.at))]


async def _asked(digest: str, db: AsyncConnection) -> Any:
    """The patient's message that was sent to this number last, and when (`at`)."""
    here = ATTEMPT.c.to_digest == digest, MESSAGE.c.recipient == "patient"
    query = select(MESSAGE, ATTEMPT.c.claimed_at.label("at")).join(ATTEMPT, ATTEMPT.c.message_id == MESSAGE.c.id)
    return (await db.execute(query.where(*here).order_by(ATTEMPT.c.claimed_at.desc()).limit(1))).first()
