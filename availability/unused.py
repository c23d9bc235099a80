"""What of the opened time does nobody take? Given back before it begins, and counted month by month."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import exists, func, not_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from availability import store
from availability.agenda import SlotRow, state_of
from availability.store import Desk, practitioner_row
from availability.tables import BOOKING, LIVE, PRACTITIONER, SLOT
from schemas.event import Cause, Event, Order, derived_id
from schemas.slot import SlotClosed, SlotReturned
from schemas.values import system_actor

RETURNED = "returned"
"""The status of a slot that was given back: it is not opened again."""
MOST = 200
"""Slots given back in one transaction."""
LONGEST = timedelta(minutes=2880)


@dataclass(frozen=True, slots=True)
class Use:
    """Seats that were offered and are over, and those in which somebody had an appointment."""

    offered: int = 0
    used: int = 0

    @property
    def unused_share(self) -> float:
        """0 … 1; 0 when nothing was offered."""
        return 1 - self.used / self.offered if self.offered else 0.0


async def give_back(order: Order, zone: ZoneInfo, db: AsyncConnection, now: datetime) -> list[Event]:
    """Close what nobody has taken of those of the order's territory who asked for that, as long before it begins as
    they said: [SlotClosed, SlotReturned…]. May run twice: a slot is given back once. Days are those of `zone`."""
    asked = await _asked(db, order.territory)
    if not asked:
        return []
    empty = ~exists().where(BOOKING.c.slot_id == SLOT.c.id, LIVE)
    coming = SLOT.c.start > now, SLOT.c.start <= now + LONGEST, SLOT.c.status == "open", not_(SLOT.c.once)
    mine = SLOT.c.practitioner_id.in_(list(asked))
    rows = await db.execute(select(SLOT.c.id, SLOT.c.practitioner_id, SLOT.c.start).where(mine, *coming, empty))
    due = sorted((row.start, row.id) for row in rows if row.start <= now + asked[row.practitioner_id])[:MOST]
    desk = await Desk(db).fetch(slot_id for _, slot_id in due)
    said: list[Event] = []
    for _, slot_id in due:
        slot = await desk.slot(slot_id)
        if slot is not None and slot.status == "open" and not slot.seats:
            said += await _given_back(slot, desk, zone, now)
    return said


async def use_of(
    db: AsyncConnection, practitioner_ids: Iterable[str], since: datetime, until: datetime
) -> dict[str, Use]:
    """What became of the seats that these practitioners opened and that began in [since, until), by id; who opened none
    is not there. What was taken back in time, or opened for one patient alone, is not counted."""
    ids = list(practitioner_ids)
    open_ = SLOT.c.status.in_(("open", RETURNED)), not_(SLOT.c.once), SLOT.c.start >= since, SLOT.c.start < until
    mine = SLOT.c.practitioner_id.in_(ids), *open_
    offered = await db.execute(
        select(SLOT.c.practitioner_id, func.sum(SLOT.c.capacity).label("n"))
        .where(*mine)
        .group_by(SLOT.c.practitioner_id)
    )
    taken = await db.execute(
        select(SLOT.c.practitioner_id, func.count().label("n"))
        .join_from(SLOT, BOOKING, BOOKING.c.slot_id == SLOT.c.id)
        .where(*mine, LIVE, BOOKING.c.kind == "booking")
        .group_by(SLOT.c.practitioner_id)
    )
    used = {row.practitioner_id: int(row.n) for row in taken}
    return {row.practitioner_id: Use(int(row.n), used.get(row.practitioner_id, 0)) for row in offered}


async def _asked(db: AsyncConnection, territory: str) -> dict[str, timedelta]:
    """Who wants unused time back, and how long before."""
    said = PRACTITIONER.c.terms.contains('"give_back":'), not_(PRACTITIONER.c.terms.contains('"give_back":null'))
    rows = await db.execute(select(PRACTITIONER).where(PRACTITIONER.c.territory == territory, *said))
    known = (practitioner_row(row) for row in rows)
    return {one.id: timedelta(minutes=one.terms.give_back) for one in known if one.terms.give_back is not None}


async def _given_back(slot: SlotRow, desk: Desk, zone: ZoneInfo, now: datetime) -> list[Event]:
    midnight = slot.start.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    that_day = await store.agenda(desk.db, slot.practitioner_id, midnight, midnight + timedelta(days=1))
    first = not any(other.status == RETURNED for other in that_day)
    left = await desk.close(slot, RETURNED)
    cause: Cause = Order(
        id=derived_id(slot.slot_id, RETURNED), territory=slot.territory, actor=system_actor(slot.territory)
    )
    closed = SlotClosed.after(cause, now, slot_id=slot.slot_id, state=state_of(left))
    returned = SlotReturned.after(
        cause, now, slot_id=slot.slot_id, practitioner_id=slot.practitioner_id, start=slot.start, first=first
    )
    return [closed, returned]
