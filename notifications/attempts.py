"""What was tried, and what came of it? Claims, attempts and what providers said later, in the database."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, case, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from notifications.rule import Step
from notifications.store import MessageRow, row_of
from notifications.tables import ATTEMPT, DEAD_NUMBER, IS_DUE, MESSAGE
from schemas.event import derived_id

MAY_HAVE = ("accepted", "ambiguous", "delivered", "late")
LEARNS_FROM = 200
"""The latest receipts of a provider and lane from which its grace is learned."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message in the hand of one sender: the attempt is written, and committed before anything leaves. `digest` = of
    the number or address that was looked up for a professional, whose message carries none."""

    message: MessageRow
    attempt_id: str
    provider: str
    reference: int
    claimed_at: datetime
    why: str | None = None
    digest: str | None = None


_DUE = (
    select(MESSAGE)
    .where(
        IS_DUE,
        MESSAGE.c.channel == bindparam("way"),
        MESSAGE.c.lane >= bindparam("first"),
        MESSAGE.c.lane <= bindparam("last"),
        MESSAGE.c.send_after <= bindparam("now"),
        MESSAGE.c.avoid.is_(None) | (MESSAGE.c.avoid != bindparam("not_here")),
    )
    .order_by(MESSAGE.c.lane, MESSAGE.c.send_after, MESSAGE.c.id)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True)
)
_TRY = insert(ATTEMPT).on_conflict_do_nothing().returning(ATTEMPT.c.message_id).execution_options(in_one=True)
_THESE: Any = bindparam("these", expanding=True)
_CLAIM = update(MESSAGE).where(MESSAGE.c.id.in_(_THESE)).values(state="claimed", claimed_at=bindparam("now"))
_ACCEPT = (
    update(ATTEMPT)
    .where(ATTEMPT.c.id == bindparam("this"))
    .values(
        provider_id=bindparam("word"),
        answered_at=bindparam("now"),
        state=case(
            ((ATTEMPT.c.state == "claimed") | (ATTEMPT.c.state == "ambiguous"), "accepted"),
            (ATTEMPT.c.state == "lost", "late"),
            else_=ATTEMPT.c.state,
        ),
    )
    .execution_options(later="this")
)
_SENT = (
    update(MESSAGE)
    .where(MESSAGE.c.id.in_(_THESE), MESSAGE.c.state.in_(("claimed", "ambiguous", "due")))
    .values(state="sent", sent_at=func.coalesce(MESSAGE.c.sent_at, bindparam("now", type_=MESSAGE.c.sent_at.type)))
    .returning(MESSAGE.c.id)
)
_WENT = update(ATTEMPT).where(ATTEMPT.c.id == bindparam("this")).values(to_digest=bindparam("digest"))
_ANSWERED = (
    update(ATTEMPT)
    .where(ATTEMPT.c.id == bindparam("this"), ATTEMPT.c.state == bindparam("was"))
    .values(state=bindparam("becomes"), why=bindparam("word"), answered_at=bindparam("now"))
    .returning(ATTEMPT.c.id)
)


async def due(
    db: AsyncConnection, now: datetime, way: str, lanes: tuple[int, int], limit: int, not_here: str
) -> list[MessageRow]:
    """The most urgent messages of these lanes (first, last) whose time has come on this channel; `not_here` is the
    provider that others avoid."""
    asked = {"now": now, "way": way, "first": lanes[0], "last": lanes[1], "limit": limit, "not_here": not_here}
    return [row_of(row) for row in await db.execute(_DUE, asked)]


async def claim(db: AsyncConnection, messages: Sequence[MessageRow], provider: str, now: datetime) -> list[Claimed]:
    """These messages in the hand of one sender, each with an attempt. One that is on its way already (the database
    says so) is not tried a second time: it is shown as ambiguous."""
    if not messages:
        return []
    claimed = [_claimed(message, provider, now) for message in messages]
    rows = [
        {
            "id": one.attempt_id, "message_id": one.message.message_id, "territory": one.message.territory,
            "channel": one.message.channel, "provider": provider, "lane": one.message.lane, "state": "claimed",
            "reference": one.reference, "to_digest": one.message.to_digest, "segments": one.message.segments,
            "claimed_at": now,
        }
        for one in claimed
    ]  # fmt: skip
    tried = {row.message_id for row in await db.execute(_TRY, rows)}
    await db.execute(_CLAIM, {"these": [message.message_id for message in messages], "now": now})
    doubtful = [message.message_id for message in messages if message.message_id not in tried]
    if doubtful:
        await db.execute(update(MESSAGE).where(MESSAGE.c.id.in_(doubtful)).values(state="ambiguous", why="on its way"))
    return [one for one in claimed if one.message.message_id in tried]


async def accept(db: AsyncConnection, words: Sequence[tuple[Claimed, str]], now: datetime) -> None:
    """Providers took these over, each with its word."""
    await db.execute(_ACCEPT, [{"this": one.attempt_id, "word": word, "now": now} for one, word in words])


async def mark_sent(db: AsyncConnection, message_ids: Iterable[str], now: datetime) -> set[str]:
    """The messages are sent; those of which nobody had said so yet."""
    return {row.id for row in await db.execute(_SENT, {"these": list(message_ids), "now": now})}


async def went_to(db: AsyncConnection, claimed: Sequence[Claimed]) -> None:
    """Where these went, as a keyed hash."""
    if claimed:
        await db.execute(_WENT, [{"this": one.attempt_id, "digest": one.digest} for one in claimed])


async def answered(db: AsyncConnection, attempt_id: str, was: str, becomes: str, word: str, now: datetime) -> bool:
    """The attempt becomes this, if it still was that."""
    said = {"this": attempt_id, "was": was, "becomes": becomes, "word": word[:200], "now": now}
    return (await db.execute(_ANSWERED, said)).first() is not None


async def take_step(
    db: AsyncConnection, message_id: str, step: Step, now: datetime, *, from_: Sequence[str]
) -> str | None:
    """Write what follows for a message that is still in one of these states; its new state. One that is true no more is
    neither tried again nor given up aloud."""
    ends = step.state in ("due", "failed")
    state = case((MESSAGE.c.outdated, "superseded"), else_=step.state) if ends else step.state
    values: dict[str, Any] = {
        "state": state, "channel": step.way, "then": ",".join(step.then), "avoid": step.avoid,
        "tries": step.tries, "lost": step.lost, "why": step.why,
        "wait_until": step.at if step.state == "ambiguous" else None,
    }  # fmt: skip
    if step.state == "due":
        values["send_after"] = step.at
    mine = MESSAGE.c.id == message_id, MESSAGE.c.state.in_(from_)
    write = update(MESSAGE).where(*mine).values(values).returning(MESSAGE.c.state)
    became: str | None = (await db.execute(write)).scalar_one_or_none()
    return became


async def handed_over(db: AsyncConnection, message_id: str, now: datetime) -> None:
    """Somebody took it, although it goes on to the next channel."""
    mine = MESSAGE.c.id == message_id, MESSAGE.c.sent_at.is_(None)
    await db.execute(update(MESSAGE).where(*mine).values(sent_at=now))


async def put_off(db: AsyncConnection, message_id: str, until: datetime) -> None:
    """Not at this hour."""
    await db.execute(update(MESSAGE).where(MESSAGE.c.id == message_id).values(send_after=until))


async def others(db: AsyncConnection, message_id: str) -> set[tuple[str, str]]:
    """(channel, state) of the message's attempts that may have reached the person."""
    query = select(ATTEMPT.c.channel, ATTEMPT.c.state).distinct()
    mine = ATTEMPT.c.message_id == message_id, ATTEMPT.c.state.in_(MAY_HAVE)
    return {(row.channel, row.state) for row in await db.execute(query.where(*mine))}


async def acknowledged(db: AsyncConnection, message_id: str) -> bool:
    """A human said that the message was seen."""
    query = select(MESSAGE.c.acknowledged_at).where(MESSAGE.c.id == message_id)
    return (await db.execute(query)).scalar_one_or_none() is not None


async def left_claimed(db: AsyncConnection, before: datetime, limit: int = 100) -> list[Claimed]:
    """Messages claimed long ago by a sender that died: nobody knows whether they left."""
    mine = (ATTEMPT.c.message_id == MESSAGE.c.id) & (ATTEMPT.c.state == "claimed")
    more = (ATTEMPT.c.id.label("attempt_id"), ATTEMPT.c.provider, ATTEMPT.c.reference, ATTEMPT.c.claimed_at.label("at"))
    query = select(MESSAGE, *more).outerjoin(ATTEMPT, mine)
    old = query.where(MESSAGE.c.state == "claimed", MESSAGE.c.claimed_at < before).limit(limit)
    return [
        Claimed(row_of(row), row.attempt_id or "", row.provider or "", row.reference or 0, row.at or row.claimed_at)
        for row in await db.execute(old)
    ]


async def past_grace(db: AsyncConnection, now: datetime, limit: int = 100) -> list[tuple[Claimed, datetime]]:
    """Ambiguous messages whose receipt did not come in time, with the end of that time."""
    mine = (ATTEMPT.c.message_id == MESSAGE.c.id) & (ATTEMPT.c.state == "ambiguous")
    more = (ATTEMPT.c.id.label("attempt_id"), ATTEMPT.c.provider, ATTEMPT.c.reference, ATTEMPT.c.claimed_at.label("at"))
    query = select(MESSAGE, *more, ATTEMPT.c.why.label("word")).join(
        ATTEMPT, mine & (ATTEMPT.c.channel == MESSAGE.c.channel)
    )
    over = query.where(MESSAGE.c.state == "ambiguous", MESSAGE.c.wait_until <= now).limit(limit)
    return [
        (Claimed(row_of(row), row.attempt_id, row.provider, row.reference, row.at, row.word), row.wait_until)
        for row in await db.execute(over)
    ]


async def delays(db: AsyncConnection, provider: str, lane: int) -> list[timedelta]:
    """How long the latest receipts of a provider took to come, in a lane."""
    mine = ATTEMPT.c.provider == provider, ATTEMPT.c.lane == lane, ATTEMPT.c.receipt_at.is_not(None)
    query = select(ATTEMPT.c.claimed_at, ATTEMPT.c.receipt_at).where(*mine).order_by(ATTEMPT.c.receipt_at.desc())
    return [row.receipt_at - row.claimed_at for row in await db.execute(query.limit(LEARNS_FROM))]


async def heard_of(db: AsyncConnection, digests: Iterable[str], since: datetime) -> dict[str, int]:
    """How many attempts went to each of these numbers since then."""
    query = select(ATTEMPT.c.to_digest, func.count()).where(
        ATTEMPT.c.to_digest.in_(list(digests)), ATTEMPT.c.claimed_at > since
    )
    return {digest: number for digest, number in await db.execute(query.group_by(ATTEMPT.c.to_digest))}


async def mark_dead(db: AsyncConnection, message: MessageRow, why: str, now: datetime) -> None:
    """Nobody is reached at the message's number: seen before it is needed again."""
    if message.to_digest is None:
        return
    row = {"channel": message.channel, "why": why[:80], "at": now, "recipient_id": message.recipient_id}
    put = insert(DEAD_NUMBER).values(digest=message.to_digest, **row)
    await db.execute(put.on_conflict_do_update(index_elements=["digest"], set_=row))


def _claimed(message: MessageRow, provider: str, now: datetime) -> Claimed:
    attempt_id = derived_id(message.message_id, provider, now.isoformat())
    return Claimed(message, attempt_id, provider, 1 + int(attempt_id[-8:], 16) % 0xFFFF, now)
