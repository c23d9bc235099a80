"""Who is alerted in a territory, in which order, and where are they reached?"""

from collections.abc import Iterable

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatcher.tables import ROSTER
from dispatcher.views import OnCall
from schemas.sealed import Sealed

_SEALED = ("phone", "email")


async def people(db: AsyncConnection, territory: str) -> list[OnCall]:
    """Who is alerted, first to last."""
    rows = await db.execute(select(ROSTER).where(ROSTER.c.territory == territory).order_by(ROSTER.c.rank))
    found = []
    for row in rows:
        sealed = {name: Sealed[str].model_validate_json(text) for name in _SEALED if (text := getattr(row, name))}
        found.append(OnCall(row.person, row.rank, row.name, row.channel, **sealed))
    return found


async def on_call(db: AsyncConnection, territory: str, rank: int = 0) -> str:
    """The person of that rank; after the last one it begins again with the first. Where nobody is named, the
    coordinator is: no alert is for nobody."""
    named = await people(db, territory)
    return named[rank % len(named)].person if named else f"coord-{territory}"


async def put(db: AsyncConnection, territory: str, named: Iterable[OnCall]) -> None:
    """These people and no others."""
    await db.execute(delete(ROSTER).where(ROSTER.c.territory == territory))
    rows = [
        {"territory": territory, "rank": one.rank, "person": one.person, "name": one.name, "channel": one.channel}
        | {name: sealed.model_dump_json() if (sealed := getattr(one, name)) else None for name in _SEALED}
        for one in named
    ]
    if rows:
        await db.execute(insert(ROSTER), rows)
