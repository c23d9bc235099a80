"""What would one seat more be worth, as last worked out? What it is worked out from, and the answer, kept and said."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, not_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatcher.life import WAITING, State
from dispatcher.matching.open_slot import opened
from dispatcher.planning.demand import Past
from dispatcher.planning.edges import Ask
from dispatcher.planning.futures import Call, Opened, Weeks
from dispatcher.tables import KNOWN, REQUEST, SCARCITY
from schemas.event import Event, Order
from schemas.request import Need
from schemas.scarcity import Scarcity, ScarcityPriced
from schemas.slot import SlotOpened

EVERY = timedelta(hours=1)
"""Prices older than this are worked out again."""
SAID = 20
"""Prices in the fact: what a person may want to look through."""


async def entered(db: AsyncConnection, territory: str, since: datetime, until: datetime) -> Sequence[Any]:
    """The territory's requests entered in [since, until), as they rest: `understood` reads them, elsewhere."""
    columns = REQUEST.c.id, REQUEST.c.entered_at, REQUEST.c.need, REQUEST.c.state, REQUEST.c.pending
    mine = REQUEST.c.territory == territory, REQUEST.c.entered_at >= since, REQUEST.c.entered_at < until
    return (await db.execute(select(*columns).where(*mine).order_by(REQUEST.c.entered_at, REQUEST.c.id))).all()


async def begun(db: AsyncConnection, since: datetime, until: datetime) -> Sequence[Any]:
    """The slots of all territories that begin in [since, until), as they rest."""
    between = KNOWN.c.start >= since, KNOWN.c.start < until
    return (await db.execute(select(KNOWN.c.details).where(*between, KNOWN.c.details.is_not(None)))).all()


def understood(requests: Iterable[Any], slots: Iterable[Any], territory: str, now: datetime) -> Weeks:
    """The rows as values; of the slots those of the territory. Takes its time: not for the event loop."""
    past, waiting = [], []
    for row in requests:
        need = Need.model_validate_json(row.need)
        past.append(Past(row.entered_at, need))
        if State(row.state) in WAITING and row.pending is None and need.deadline > now:
            waiting.append(Call(Ask(row.id, need, territory), now))
    told = (SlotOpened.model_validate_json(row.details) for row in slots)
    return Weeks(past, waiting, [Opened(fact.at, opened(fact)) for fact in told if fact.territory == territory])


async def on_priced(order: Order, found: Scarcity, db: AsyncConnection, now: datetime) -> list[Event]:
    """Keep and say what was worked out, unless somebody else just did."""
    new = insert(SCARCITY).values(territory=order.territory, at=now, body=found.model_dump_json())
    set_ = {"at": new.excluded.at, "body": new.excluded.body}
    kept = await db.execute(new.on_conflict_do_update(index_elements=["territory"], set_=set_, where=not_(_fresh(now))))
    if not kept.rowcount:
        return []
    said = ScarcityPriced.after(
        order, now, prices=found.prices[:SAID], shortages=found.shortages, unknown=found.unknown, bids=found.bids
    )
    return [said]


async def due(db: AsyncConnection, territory: str, now: datetime) -> bool:
    """Whether there is nothing of the territory, or nothing fresh."""
    fresh = select(SCARCITY.c.territory).where(SCARCITY.c.territory == territory, _fresh(now))
    return (await db.execute(fresh)).one_or_none() is None


async def latest(db: AsyncConnection, territory: str) -> tuple[datetime, Scarcity] | None:
    """When it was last worked out, and what came of it."""
    query = select(SCARCITY.c.at, SCARCITY.c.body).where(SCARCITY.c.territory == territory)
    row = (await db.execute(query)).one_or_none()
    return None if row is None else (row.at, Scarcity.model_validate_json(row.body))


def _fresh(now: datetime) -> ColumnElement[bool]:
    """Not older than EVERY, nor of tomorrow: a clock may have been set back."""
    return SCARCITY.c.at.between(now - EVERY, now)
