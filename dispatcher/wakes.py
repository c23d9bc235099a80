"""What does time bring? Every timer that is due becomes an act."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from dispatcher import store
from dispatcher.asking import ask_next
from dispatcher.life import (
    LOOK_AGAIN,
    PLACED,
    TERMINAL,
    WAITING,
    State,
    Timer,
    Wake,
    timers_when_lost,
    timers_when_placed,
    timers_when_promised,
)
from dispatcher.matching.seats import OpenSeats
from dispatcher.steps import alert, choose, close_as, look
from dispatcher.store import Desk
from dispatcher.views import RequestRow
from schemas.event import Cause, Event, Order, derived_id
from schemas.values import system_actor


async def on_timers(order: Order, db: AsyncConnection, now: datetime, *, seats: OpenSeats) -> list[Event]:
    """Act on every timer that is due. May run twice, or on two machines: a timer is taken by one."""
    said: list[Event] = []
    desk = Desk(db)
    for request_id, timer in await store.take_due(desk, now):
        row = await desk.load(request_id)
        if row is None or row.state in TERMINAL:
            continue
        cause = Order(
            id=derived_id(request_id, "timer", timer.wake, timer.due.isoformat()),
            territory=row.territory,
            actor=system_actor(row.territory),
        )
        said += await _ACTS[timer.wake](cause, row, seats, desk, now)
    return said


async def mend_timers(order: Order, db: AsyncConnection, now: datetime) -> list[Event]:
    """Give a timer to every open request that has none: there should be no such request."""
    for row in await store.without_timer(db):
        if row.state in PLACED and row.start is not None:
            timers = timers_when_placed(row.start, row.minutes or 0)
        elif row.state is State.PROMISED and row.start is not None:
            timers = timers_when_promised(row.need, row.start, now)
        else:
            timers = timers_when_lost(row.state, row.need, now)
        await store.set_timers(db, row.request_id, timers)
    return []


async def _seek(cause: Cause, row: RequestRow, seats: OpenSeats, desk: Desk, now: datetime) -> list[Event]:
    if row.state not in WAITING:
        return []
    await store.add_timers(desk.db, row.request_id, [Timer(Wake.SEEK, now + LOOK_AGAIN)])
    return [] if row.pending else await look(cause, row, seats, desk, now)


async def _ring(cause: Cause, row: RequestRow, seats: OpenSeats, desk: Desk, now: datetime) -> list[Event]:
    if row.state not in WAITING:
        return []
    if row.pending:  # somebody has just accepted, or a seat was chosen: what comes of it is known in a moment
        await store.add_timers(desk.db, row.request_id, [Timer(Wake.RING, now + LOOK_AGAIN)])
        return []
    return await ask_next(cause, row, seats, desk, now)


async def _escalate(cause: Cause, row: RequestRow, seats: OpenSeats, desk: Desk, now: datetime) -> list[Event]:
    return [await alert(cause, row, 0, "no_place", seats, desk, now)] if row.state in WAITING else []


async def _step_up(cause: Cause, row: RequestRow, seats: OpenSeats, desk: Desk, now: datetime) -> list[Event]:
    if row.state is not State.ESCALATED or row.acknowledged_at is not None:
        return []
    return [await alert(cause, row, row.rank + 1, "unanswered", seats, desk, now)]


async def _overdue(cause: Cause, row: RequestRow, seats: OpenSeats, desk: Desk, now: datetime) -> list[Event]:
    return [await alert(cause, row, 0, "overdue", seats, desk, now)] if row.state in WAITING else []


async def _freeze(cause: Cause, row: RequestRow, seats: OpenSeats, desk: Desk, now: datetime) -> list[Event]:
    """Settle on the promised seat; the timer stays until availability has answered."""
    if row.state is not State.PROMISED or row.slot_id is None or row.mode is None:
        return []
    await store.add_timers(desk.db, row.request_id, [Timer(Wake.FREEZE, now + LOOK_AGAIN)])
    if row.pending:
        return []
    slot = seats.get(row.slot_id)
    modes = (row.mode, *(mode for mode in row.need.modes if mode is not row.mode))
    territory = slot.schedule.territory if slot else row.territory
    return [await choose(cause, row, row.slot_id, territory, modes, row.reasons, row.others, desk, now)]


async def _visit_over(cause: Cause, row: RequestRow, seats: OpenSeats, desk: Desk, now: datetime) -> list[Event]:
    return await close_as(cause, row, "fulfilled", desk, now) if row.state in PLACED else []


Act = Callable[[Cause, RequestRow, OpenSeats, Desk, datetime], Awaitable[list[Event]]]
_ACTS: Mapping[Wake, Act] = {
    Wake.SEEK: _seek,
    Wake.RING: _ring,
    Wake.ESCALATE: _escalate,
    Wake.STEP_UP: _step_up,
    Wake.OVERDUE: _overdue,
    Wake.FREEZE: _freeze,
    Wake.VISIT_OVER: _visit_over,
}
