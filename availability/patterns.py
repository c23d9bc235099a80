"""Which weeks repeat? Patterns kept, found, and due to be opened further."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from availability.agenda_weeks import Pattern
from availability.tables import PATTERN


@dataclass(frozen=True, slots=True)
class PatternRow:
    """A pattern as kept; its slots are open until `opened_until`."""

    pattern_id: str
    territory: str
    practitioner_id: str
    pattern: Pattern
    version: int
    opened_until: datetime
    ended: bool


async def keep(db: AsyncConnection, row: PatternRow) -> None:
    """The pattern is so from now on."""
    columns = {
        "id": row.pattern_id, "territory": row.territory, "practitioner_id": row.practitioner_id,
        "body": row.pattern.model_dump_json(), "version": row.version, "opened_until": row.opened_until,
        "ended": row.ended,
    }  # fmt: skip
    statement = insert(PATTERN).values(columns)
    await db.execute(statement.on_conflict_do_update(index_elements=["id"], set_=columns))


async def pattern(db: AsyncConnection, pattern_id: str) -> PatternRow | None:
    """The pattern, ended or not."""
    row = (await db.execute(select(PATTERN).where(PATTERN.c.id == pattern_id))).one_or_none()
    return None if row is None else _row(row)


async def of(db: AsyncConnection, practitioner_id: str) -> list[PatternRow]:
    """Those of the practitioner that still repeat, the first set first."""
    mine = PATTERN.c.practitioner_id == practitioner_id, PATTERN.c.ended.is_(False)
    return [_row(row) for row in await db.execute(select(PATTERN).where(*mine).order_by(PATTERN.c.id))]


async def due(db: AsyncConnection, territory: str, before: datetime, limit: int) -> list[str]:
    """Practitioners (ids) of the territory whose patterns are open only until some moment before then."""
    mine = PATTERN.c.territory == territory, PATTERN.c.opened_until < before, PATTERN.c.ended.is_(False)
    rows = await db.execute(select(PATTERN.c.practitioner_id).where(*mine).distinct().limit(limit))
    return sorted(rows.scalars())


async def opened(db: AsyncConnection, practitioner_id: str, until: datetime) -> None:
    """All patterns of the practitioner are open until then."""
    mine = PATTERN.c.practitioner_id == practitioner_id, PATTERN.c.ended.is_(False)
    await db.execute(update(PATTERN).where(*mine).values(opened_until=until))


def _row(row: Any) -> PatternRow:
    return PatternRow(
        row.id, row.territory, row.practitioner_id, Pattern.model_validate_json(row.body), row.version,
        row.opened_until, row.ended,
    )  # fmt: skip
