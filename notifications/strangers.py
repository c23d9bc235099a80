"""Who writes from a number to which nothing was sent? Kept, sealed, until a human of the territory dealt with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from notifications import store
from notifications.tables import ATTEMPT, INBOUND
from schemas.event import Event, Order
from schemas.message import StrangerAnswered, StrangerWrote
from schemas.sealed import Sealed
from schemas.values import Refused


@dataclass(frozen=True, slots=True)
class StrangerRow:
    """One SMS that waits to be read; `number` is None where it was hidden."""

    reply_id: str
    at: datetime
    body: Sealed[str]
    number: Sealed[str] | None


async def last_written_to(db: AsyncConnection, provider: str) -> str | None:
    """The territory that sent something by this provider last; None = nobody ever did."""
    query = select(ATTEMPT.c.territory).where(ATTEMPT.c.provider == provider)
    return (await db.execute(query.order_by(ATTEMPT.c.claimed_at.desc()).limit(1))).scalar()


async def unknown(db: AsyncConnection, reply_ids: Sequence[str]) -> Sequence[Any]:
    """Of these replies, which were written down just now, those that answer nothing that was sent."""
    fresh = INBOUND.c.id.in_(list(reply_ids)), INBOUND.c.state == "new", INBOUND.c.body.is_not(None)
    return (await db.execute(select(INBOUND).where(*fresh))).all()


async def wrote(
    order: Order, rows: Sequence[Any], territory: str, person: str, db: AsyncConnection, now: datetime
) -> list[Event]:
    """These wait for a human of this territory: [StrangerWrote…] for the `person` on call. STOP asks for nothing. While
    a number's first SMS waits, the next ones alert nobody again, unless there is a word of danger."""
    said: list[Event] = []
    for row in rows:
        becomes = {"state": "unmatched"} if row.code == "stop" else {"territory": territory}
        known = row.code != "alarm" and await _waits(db, row.digest)
        await db.execute(update(INBOUND).where(INBOUND.c.id == row.id).values(becomes))
        if row.code == "stop" or known:
            continue
        asked = {"reply_id": row.id, "person": person, "alarm": row.code == "alarm", "phone": _number(row)}
        said.append(StrangerWrote.after(order, now, key=row.id, territory=territory, **asked))
    return said


async def waiting(db: AsyncConnection, territory: str, most: int) -> tuple[list[StrangerRow], int]:
    """What waits to be read in a territory, oldest first, and how many there are in all."""
    mine = INBOUND.c.state == "new", INBOUND.c.territory == territory, INBOUND.c.body.is_not(None)
    total = (await db.execute(select(func.count()).select_from(INBOUND).where(*mine))).scalar_one()
    rows = await db.execute(select(INBOUND).where(*mine).order_by(INBOUND.c.at, INBOUND.c.id).limit(most))
    return [StrangerRow(row.id, row.at, Sealed[str].model_validate_json(row.body), _number(row)) for row in rows], total


async def answered(order: Order, reply_id: str, db: AsyncConnection, now: datetime) -> list[Event] | Refused:
    """A human has dealt with it: it waits no more. `unknown_message` when it waits for nobody of the territory."""
    mine = INBOUND.c.id == reply_id, INBOUND.c.state == "new", INBOUND.c.territory == order.territory
    done = await db.execute(update(INBOUND).where(*mine).values(state="answered").returning(INBOUND.c.id))
    if done.first() is None:
        return Refused(code="unknown_message")
    return [StrangerAnswered.after(order, now, reply_id=reply_id)]


async def forget(order: Order, digest: str, db: AsyncConnection, now: datetime) -> list[Event]:
    """Empty what this number wrote as a stranger in the territory, and what was answered: nothing of it waits."""
    mine = INBOUND.c.digest == digest, INBOUND.c.territory == order.territory
    ids = list((await db.execute(select(INBOUND.c.id).where(*mine))).scalars())
    await store.forget_to(db, ids)
    await db.execute(update(INBOUND).where(INBOUND.c.id.in_(ids)).values(**store.NOBODY, state="answered"))
    return [StrangerAnswered.after(order, now, key=one, reply_id=one) for one in ids]


def _number(row: Any) -> Sealed[str] | None:
    return Sealed[str].model_validate_json(row.number) if row.number else None


async def _waits(db: AsyncConnection, digest: str) -> bool:
    """Whether something of this number waits already."""
    mine = INBOUND.c.digest == digest, INBOUND.c.state == "new", INBOUND.c.territory.is_not(None)
    return (await db.execute(select(INBOUND.c.id).where(*mine).limit(1))).first() is not None
