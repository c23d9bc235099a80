"""What is remembered of linked agendas? The feeds, their busy times, and which slots came from them."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from pydantic import AwareDatetime, Field
from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from availability.agenda import Practice, SlotRow
from availability.feeds.source import Time
from availability.store import agenda as agenda_of
from availability.store import with_seats
from availability.tables import BUSY, FEED, SLOT
from schemas.feed import FeedKind, FeedMeans
from schemas.sealed import Sealed
from schemas.values import Mode, Value


class NewFeed(Value):
    """An agenda to link. `url` is sealed under the practitioner's own key; `host` is what is shown of it. A time is for
    one patient, or for as many as find room in it when a visit takes `visit_minutes`; its
    slots are at `place`, None = the practitioner's main one."""

    id: str
    practitioner_id: str
    kind: FeedKind
    means: FeedMeans
    host: str = ""
    url: Sealed[str] | None = None
    national_id: str | None = None
    modes: tuple[Mode, ...] = Field(default=(Mode.OFFICE,), min_length=1)
    visit_minutes: int | None = Field(default=None, ge=5, le=480)
    place: Practice | None = None


class FeedRow(NewFeed):
    """A linked agenda, and how reading it went: `succeeded_at` the last time it was read, `error` why it was not since
    then, `failures` how often in a row; `times` in it, and those `left_out`, by reason."""

    territory: str
    made_at: AwareDatetime
    due_at: AwareDatetime | None = None
    etag: str | None = None
    modified: str | None = None
    digest: str | None = None
    read_at: AwareDatetime | None = None
    tried_at: AwareDatetime | None = None
    succeeded_at: AwareDatetime | None = None
    failures: int = 0
    error: str | None = None
    times: int = 0
    left_out: dict[str, int] = Field(default_factory=dict)


class Origin(NamedTuple):
    """An open slot, and the feed and the uid in it from which it came; None = opened here."""

    feed: str | None
    uid: str | None
    slot: SlotRow


_LINKED = FEED.c.removed_at.is_(None)


async def add(db: AsyncConnection, territory: str, new: NewFeed, now: datetime) -> FeedRow:
    """Link the agenda; one that has an address is to be read at once."""
    row = FeedRow(**new.model_dump(), territory=territory, made_at=now, due_at=now if new.url is not None else None)
    await db.execute(insert(FEED), {**_columns(row), "failures": 0, "times": 0, "left_out": "{}"})
    return row


async def feed(db: AsyncConnection, feed_id: str) -> FeedRow | None:
    """The linked agenda with this id."""
    row = (await db.execute(select(FEED).where(FEED.c.id == feed_id, _LINKED))).one_or_none()
    return None if row is None else _feed(row)


async def feeds(
    db: AsyncConnection, practitioner_ids: Iterable[str] | None = None, territory: str | None = None
) -> list[FeedRow]:
    """The linked agendas, of these practitioners or of a territory (None = all), the oldest first."""
    query = select(FEED).where(_LINKED)
    if practitioner_ids is not None:
        query = query.where(FEED.c.practitioner_id.in_(list(practitioner_ids)))
    if territory is not None:
        query = query.where(FEED.c.territory == territory)
    return [_feed(row) for row in await db.execute(query.order_by(FEED.c.made_at, FEED.c.id))]


async def claim(db: AsyncConnection, now: datetime, until: datetime, limit: int) -> list[FeedRow]:
    """The feeds whose time has come, the longest waiting first. Until `until` nobody else claims them."""
    query = select(FEED).where(_LINKED, FEED.c.due_at <= now).order_by(FEED.c.due_at, FEED.c.id).limit(limit)
    due = [_feed(row) for row in await db.execute(query.with_for_update(skip_locked=True))]
    if due:
        await db.execute(update(FEED).where(FEED.c.id.in_([one.id for one in due])).values(due_at=until))
    return due


async def any_due(db: AsyncConnection, now: datetime) -> bool:
    """Whether a feed's time has come."""
    query = select(FEED.c.id).where(_LINKED, FEED.c.due_at <= now).limit(1)
    return (await db.execute(query)).first() is not None


async def note(db: AsyncConnection, feed_id: str, **said: Any) -> None:
    """Write down how reading the feed went, or when it is due."""
    if "left_out" in said:
        said["left_out"] = json.dumps(said["left_out"])
    await db.execute(update(FEED).where(FEED.c.id == feed_id).values(**said))


async def forget(db: AsyncConnection, feed_id: str, now: datetime) -> None:
    """Unlink it: its address, its secret and its busy times are gone."""
    await db.execute(delete(BUSY).where(BUSY.c.feed_id == feed_id))
    await db.execute(update(FEED).where(FEED.c.id == feed_id).values(removed_at=now, url=None, due_at=None))


async def agenda(db: AsyncConnection, practitioner_id: str, now: datetime) -> list[Origin]:
    """The practitioner's open slots that are not over, with where they came from. Locked in the order in which a
    booking locks them: slots first, then who changes an agenda locks the practitioner."""
    mine = (SLOT.c.practitioner_id == practitioner_id) & (SLOT.c.ends > now) & (SLOT.c.status == "open")
    rows = (await db.execute(select(SLOT).where(mine).order_by(SLOT.c.id).with_for_update())).all()
    slots = await with_seats(db, rows)
    return [Origin(row.feed, row.uid, slot) for row, slot in zip(rows, slots, strict=True)]


async def taken_back(db: AsyncConnection, feed_id: str, since: datetime) -> set[tuple[str, datetime]]:
    """The feed's times (uid, start) after `since` that were taken back here, or given back unused: they are not opened
    again."""
    mine = (SLOT.c.feed == feed_id) & (SLOT.c.status != "open") & ~SLOT.c.gone & (SLOT.c.start > since)
    return {(row.uid, row.start) for row in await db.execute(select(SLOT.c.uid, SLOT.c.start).where(mine))}


async def still_missing(db: AsyncConnection, slot_ids: Sequence[str], now: datetime) -> set[str]:
    """Those of the slots that are gone from their feed, are still to come, and have a patient who keeps them open."""
    query = select(SLOT.c.id).where(SLOT.c.id.in_(slot_ids), SLOT.c.gone, SLOT.c.status == "open", SLOT.c.start > now)
    return set((await db.execute(query)).scalars())


async def busy_times(
    db: AsyncConnection, practitioner_id: str, since: datetime, until: datetime
) -> list[tuple[datetime, datetime]]:
    """When the practitioner is taken in [since, until), by start."""
    mine = (BUSY.c.practitioner_id == practitioner_id) & (BUSY.c.ends > since) & (BUSY.c.start < until)
    rows = await db.execute(select(BUSY.c.start, BUSY.c.ends).where(mine).order_by(BUSY.c.start))
    return [(row.start, row.ends) for row in rows]


async def is_taken(db: AsyncConnection, practitioner_id: str, since: datetime, until: datetime) -> bool:
    """Whether an open slot, or a busy time of a linked agenda, is in [since, until): nothing new can be then."""
    if await agenda_of(db, practitioner_id, since, until, only_open=True):
        return True
    return bool(await busy_times(db, practitioner_id, since, until))


async def set_busy(db: AsyncConnection, of: FeedRow, times: Sequence[Time]) -> None:
    """These are the feed's busy times, and no others."""
    rows = await db.execute(select(BUSY).where(BUSY.c.feed_id == of.id))
    known = {row.uid: (row.start, row.ends) for row in rows}
    asked = {one.uid: (one.start, one.ends) for one in times}
    over = [uid for uid, span in known.items() if asked.get(uid) != span]
    new = [
        {"feed_id": of.id, "uid": uid, "practitioner_id": of.practitioner_id, "start": span[0], "ends": span[1]}
        for uid, span in asked.items()
        if known.get(uid) != span
    ]
    if over:
        await db.execute(delete(BUSY).where(BUSY.c.feed_id == of.id, BUSY.c.uid.in_(over)))
    if new:
        await db.execute(insert(BUSY), new)


def _columns(row: FeedRow) -> dict[str, Any]:
    kept = ("id", "territory", "practitioner_id", "kind", "means", "host", "national_id", "visit_minutes", "made_at")
    sealed = None if row.url is None else row.url.model_dump_json()
    return {name: getattr(row, name) for name in kept} | {
        "url": sealed,
        "place": row.place and row.place.model_dump_json(),
        "modes": ",".join(row.modes),
        "due_at": row.due_at,
    }


def _feed(row: Any) -> FeedRow:
    said = row._asdict() | {
        "url": None if row.url is None else Sealed[str].model_validate_json(row.url),
        "modes": tuple(map(Mode, row.modes.split(","))),
        "left_out": json.loads(row.left_out),
        "place": row.place and Practice.model_validate_json(row.place),
    }
    return FeedRow.model_validate(said)
