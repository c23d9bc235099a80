"""Who was heard of, and when? A row for the timers' sweep, and one for each process while it lives."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import bindparam, delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.storage.ledger import BEAT

SWEEP = "sweep"
"""The beat of the timers' sweep: while it changes, no deadline passes unseen."""
READERS = "readers"
"""The beat of who looks at the readers: its detail names those that stand still, with spaces between them."""

_INSERT = insert(BEAT)
_KEEP = _INSERT.on_conflict_do_update(
    index_elements=["name"], set_={name: _INSERT.excluded[name] for name in ("at", "detail")}
)
_FORGET = delete(BEAT).where(BEAT.c.name == bindparam("this"))


@dataclass(frozen=True, slots=True)
class BeatRow:
    """The last word of a process (`role@machine:pid`) or of a sweep."""

    name: str
    at: datetime
    detail: str


async def keep_beat(db: AsyncConnection, name: str, detail: str) -> None:
    """It lives, at this moment of the machine's own clock (a demonstration's clock would say nothing here)."""
    await db.execute(_KEEP, [{"name": name, "at": datetime.now(UTC), "detail": detail}])


async def forget_beat(db: AsyncConnection, name: str) -> None:
    """It stopped because it was told to: nobody need look for it."""
    await db.execute(_FORGET, {"this": name})


async def beats(db: AsyncConnection) -> list[BeatRow]:
    """All beats, by name."""
    return [BeatRow(row.name, row.at, row.detail) for row in await db.execute(select(BEAT).order_by(BEAT.c.name))]
