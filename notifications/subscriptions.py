"""Which browser of a person may be woken? The latest that said so, until it forgets us."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from notifications.tables import ATTEMPT, IS_DUE, MESSAGE, PUSH
from schemas.sealed import Sealed


async def keep(db: AsyncConnection, digest: str, person: str, box: Sealed[str], now: datetime) -> None:
    """This browser is this person's from now on, whoever's it was."""
    row = {"person": person, "box": box.model_dump_json(), "at": now}
    put = insert(PUSH).values(digest=digest, **row)
    await db.execute(put.on_conflict_do_update(index_elements=["digest"], set_=row))


async def latest(db: AsyncConnection, people: Collection[str]) -> dict[str, Sealed[str]]:
    """The subscription that the latest browser of each of these gave, sealed; who has none is not there."""
    query = select(PUSH.c.person, PUSH.c.box).where(PUSH.c.person.in_(people)).order_by(PUSH.c.at)
    return {person: Sealed[str].model_validate_json(box) for person, box in await db.execute(query)}


async def since(db: AsyncConnection, people: Collection[str]) -> dict[str, datetime]:
    """Since when the latest browser of each of these may be woken; who has none is not there."""
    query = select(PUSH.c.person, func.max(PUSH.c.at)).where(PUSH.c.person.in_(people)).group_by(PUSH.c.person)
    return {person: at for person, at in await db.execute(query)}


async def forget_latest(db: AsyncConnection, person: str) -> None:
    """The browser forgot us (404, 410): it is not asked again."""
    query = select(PUSH.c.digest).where(PUSH.c.person == person).order_by(PUSH.c.at.desc()).limit(1)
    digest = (await db.execute(query)).scalar_one_or_none()
    await db.execute(delete(PUSH).where(PUSH.c.digest == digest))


async def seen(db: AsyncConnection, message_id: str, now: datetime, *, opened: bool) -> None:
    """The browser showed the notification, or the person opened it. Shown is enough for what is not urgent; an urgent
    alert goes on to the next channel until a human opened it."""
    mine = MESSAGE.c.id == message_id
    shown = {"delivered_at": func.coalesce(MESSAGE.c.delivered_at, now)}
    if opened:
        shown["acknowledged_at"] = func.coalesce(MESSAGE.c.acknowledged_at, now)
    await db.execute(update(MESSAGE).where(mine).values(shown))
    pushed = ATTEMPT.c.message_id == message_id, ATTEMPT.c.channel == "push", ATTEMPT.c.state == "accepted"
    await db.execute(update(ATTEMPT).where(*pushed).values(state="delivered"))
    onward = mine & IS_DUE & MESSAGE.c.sent_at.is_not(None)
    enough = onward if opened else onward & (MESSAGE.c.lane > 0)
    await db.execute(update(MESSAGE).where(enough).values(state="sent", channel="push", then=""))
