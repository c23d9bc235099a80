"""How do messages stand? Queues, providers, what nobody answered, and what was sent each day: counted, never opened."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from notifications.routing import Trouble
from notifications.tables import ATTEMPT, DEAD_NUMBER, INBOUND, MESSAGE

LEFT = ("accepted", "delivered", "undelivered", "late", "lost", "ambiguous")
"""States of an attempt that a provider may charge for."""
TROUBLES: dict[str, Trouble] = {"ambiguous": "ambiguous", "lost": "ambiguous", "late": "ambiguous", "not_sent": "link"}


@dataclass(frozen=True, slots=True)
class Queue:
    """Messages of one lane and channel in one state, and since when the first of them waits."""

    lane: int
    channel: str
    state: str
    messages: int
    oldest: datetime


@dataclass(frozen=True, slots=True)
class Doubtful:
    """A message of which nobody knows whether it arrived; given up as lost at `until` (None = never: no receipts)."""

    message_id: str
    territory: str
    request_id: str
    kind: str
    lane: int
    since: datetime
    until: datetime | None


async def queues(db: AsyncConnection) -> list[Queue]:
    """What has not ended."""
    key = (MESSAGE.c.lane, MESSAGE.c.channel, MESSAGE.c.state)
    found: list[Queue] = []
    for state in ("due", "claimed", "ambiguous"):  # each has an index of its own
        query = select(*key, func.count().label("n"), func.min(MESSAGE.c.send_after).label("oldest"))
        rows = await db.execute(query.where(MESSAGE.c.state == state).group_by(*key).order_by(*key))
        found += [Queue(row.lane, row.channel, row.state, row.n, row.oldest) for row in rows]
    return found


async def doubtful(db: AsyncConnection, limit: int = 100) -> list[Doubtful]:
    """What nobody answered, the most urgent first."""
    query = select(MESSAGE).where(MESSAGE.c.state == "ambiguous").order_by(MESSAGE.c.lane, MESSAGE.c.send_after)
    return [
        Doubtful(row.id, row.territory, row.request_id, row.kind, row.lane, row.send_after, row.wait_until)
        for row in await db.execute(query.limit(limit))
    ]


async def attempts_since(db: AsyncConnection, since: datetime) -> dict[tuple[str, str], tuple[int, int]]:
    """(provider, state of the attempt) → (attempts, segments), since then."""
    key = (ATTEMPT.c.provider, ATTEMPT.c.state)
    query = select(*key, func.count().label("n"), func.sum(ATTEMPT.c.segments).label("parts"))
    rows = await db.execute(query.where(ATTEMPT.c.claimed_at >= since).group_by(*key).order_by(*key))
    return {(row.provider, row.state): (int(row.n), int(row.parts)) for row in rows}


async def troubles(db: AsyncConnection, provider: str, since: datetime) -> list[tuple[datetime, Trouble]]:
    """What went wrong at a provider, oldest first: by what its health is judged."""
    mine = ATTEMPT.c.provider == provider, ATTEMPT.c.claimed_at >= since
    query = select(ATTEMPT.c.claimed_at, ATTEMPT.c.state).where(*mine, ATTEMPT.c.state.in_([*TROUBLES]))
    rows = await db.execute(query.order_by(ATTEMPT.c.claimed_at.desc()).limit(100))
    return [(row.claimed_at, TROUBLES[row.state]) for row in rows][::-1]


async def segments_since(db: AsyncConnection, since: datetime) -> int:
    """The SMS segments that left, or may have, since then."""
    mine = ATTEMPT.c.claimed_at >= since, ATTEMPT.c.channel == "sms", ATTEMPT.c.state.in_(LEFT)
    return int((await db.execute(select(func.coalesce(func.sum(ATTEMPT.c.segments), 0)).where(*mine))).scalar_one())


async def told_twice(db: AsyncConnection, since: datetime) -> int:
    """Messages of which two arrived, because a receipt came later than the longest grace: counted, and published."""
    both = ATTEMPT.alias("other")
    query = select(func.count(ATTEMPT.c.message_id.distinct())).join(
        both, (both.c.message_id == ATTEMPT.c.message_id) & (both.c.channel == ATTEMPT.c.channel)
    )
    late = ATTEMPT.c.state == "late", both.c.state.in_(("accepted", "delivered")), ATTEMPT.c.claimed_at >= since
    return int((await db.execute(query.where(*late))).scalar_one())


async def dead_numbers(db: AsyncConnection) -> dict[str, int]:
    """How many numbers nobody answers at, by channel."""
    query = select(DEAD_NUMBER.c.channel, func.count()).group_by(DEAD_NUMBER.c.channel)
    return {channel: number for channel, number in await db.execute(query)}


async def unexplained(db: AsyncConnection) -> int:
    """Receipts that belong to nothing we know of."""
    new = INBOUND.c.state == "new", INBOUND.c.kind == "receipt"
    return int((await db.execute(select(func.count()).where(*new))).scalar_one())


def day_begins(now: datetime, days: int) -> list[datetime]:
    """The beginnings of the last days (UTC), today first."""
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return [today - timedelta(days=back) for back in range(days)]
