"""Who was called for seats, and is called now? One row a practitioner, one fact a call."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatcher.offers.calling import REST, to_call
from dispatcher.offers.people import Known
from dispatcher.tables import CALLED
from schemas.call import CallMade, Peak
from schemas.event import Event, Order
from schemas.scarcity import Shortage

OUTLOOK = timedelta(hours=24)
"""How far the shortage was looked ahead."""


async def call(
    order: Order, peaks: Mapping[Peak, Iterable[Shortage]], known: Iterable[Known], db: AsyncConnection, now: datetime
) -> list[Event]:
    """Call for what is short: [CallMade…]. May run twice, or on two machines: nobody is called twice a day."""
    people = {one.practitioner_id: one for one in known}
    rows = await db.execute(
        select(CALLED.c.practitioner_id, CALLED.c.at).where(CALLED.c.practitioner_id.in_(list(people)))
    )
    called = {row.practitioner_id: row.at for row in rows}
    said: list[Event] = []
    for peak, shortages in peaks.items():
        for shortage in shortages:
            for practitioner_id in to_call(shortage, people.values(), called, now):
                new = insert(CALLED).values(practitioner_id=practitioner_id, at=now)
                rested = CALLED.c.at <= now - REST
                new = new.on_conflict_do_update(index_elements=["practitioner_id"], set_={"at": now}, where=rested)
                if (await db.execute(new)).rowcount:
                    said.append(_made(order, practitioner_id, shortage, peak, now))
    return said


def _made(order: Order, practitioner_id: str, shortage: Shortage, peak: Peak, now: datetime) -> CallMade:
    return CallMade.after(
        order,
        now,
        key=practitioner_id,
        practitioner_id=practitioner_id,
        profession=shortage.profession,
        short=round(shortage.short),
        peak=peak,
        until=now + OUTLOOK,
    )
