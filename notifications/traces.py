"""What came of the latest attempts to reach each professional? Read of what was tried; nothing is kept besides."""

from collections import defaultdict
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from notifications.reach import REMEMBERED, TELLING, Trace
from notifications.tables import ATTEMPT, MESSAGE


async def traces(
    db: AsyncConnection, now: datetime, *, territory: str | None = None, person: str | None = None
) -> dict[str, list[Trace]]:
    """The latest telling attempt by each channel, by person: of all of a territory, or of one."""
    turn = func.row_number().over(
        partition_by=(MESSAGE.c.recipient_id, ATTEMPT.c.channel), order_by=ATTEMPT.c.claimed_at.desc()
    )
    mine = MESSAGE.c.recipient_id == person if person else ATTEMPT.c.territory == territory
    ranked = (
        select(
            MESSAGE.c.recipient_id, ATTEMPT.c.channel, ATTEMPT.c.state, ATTEMPT.c.claimed_at, ATTEMPT.c.to_digest,
            ATTEMPT.c.why, turn.label("turn"),
        )
        .join(MESSAGE, MESSAGE.c.id == ATTEMPT.c.message_id)
        .where(mine, MESSAGE.c.recipient != "patient", ATTEMPT.c.state.in_(TELLING))
        .where(ATTEMPT.c.claimed_at > now - REMEMBERED)
        .subquery()
    )  # fmt: skip
    found: dict[str, list[Trace]] = defaultdict(list)
    for row in await db.execute(select(ranked).where(ranked.c.turn == 1)):
        found[row.recipient_id].append(Trace(row.channel, row.state, row.claimed_at, row.to_digest, row.why))
    return found
