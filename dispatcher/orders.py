"""What does the dispatcher do when a person asks? Read, decide, write, say; or say why not."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from dispatcher import roster, store
from dispatcher.life import PLACED, SEATED, TERMINAL, State, Wake, timers_when_seeking
from dispatcher.matching.seats import OpenSeats
from dispatcher.steps import Outcome, choose, close_as, confirmed, withdrawn
from dispatcher.views import OnCall, RequestRow
from schemas.event import Event, Order, derived_id
from schemas.request import (
    CareRequested,
    EscalationAcknowledged,
    Need,
    Patient,
    RequestErased,
    RosterSet,
    Why,
)
from schemas.values import Refused

Act = Callable[[Order, str, AsyncConnection, datetime], Awaitable[list[Event] | Refused]]
"""What may be asked about a request, by its id."""


async def enter_request(
    order: Order,
    request_id: str,
    need: Need,
    patient: Patient,
    slot_id: str | None,
    db: AsyncConnection,
    now: datetime,
    *,
    phone_digest: str | None = None,
    why: Why | None = None,
) -> list[Event] | Refused:
    """A request is entered: from this commit on it has a timer. `slot_id` = the seat held for it, `why` it was chosen
    when it is far from the best."""
    by, interactive = order.actor.person, slot_id is not None
    if not await store.add(db, request_id, order.territory, need, patient, by, now, interactive, phone_digest):
        return Refused(code="already_entered", about={"request_id": request_id})
    await store.add_timers(db, request_id, timers_when_seeking(need, now))
    # What follows is named after the request, whose id says when: the order's is a hash of somebody's key.
    cause = order.model_copy(update={"id": derived_id(request_id, order.id)})
    entered = CareRequested.after(
        cause, now, request_id=request_id, need=need, patient=patient, slot_id=slot_id, why=why
    )
    return [entered]


async def withdraw(order: Order, request_id: str, db: AsyncConnection, now: datetime) -> list[Event] | Refused:
    """Nobody needs the place any more; allowed from any open state, promised to harm nobody."""
    desk = store.Desk(db)
    row = await desk.load(request_id)
    if row is None or row.state in TERMINAL:
        return _refuse(row)
    return await withdrawn(order, row, desk, now)


async def place(
    order: Order, request_id: str, slot_id: str, db: AsyncConnection, now: datetime, *, seats: OpenSeats
) -> list[Event] | Refused:
    """This very slot for the patient, who may have another: availability exchanges them in one transaction. If the seat
    cannot be had she keeps the one she has."""
    desk = store.Desk(db)
    row = await desk.load(request_id)
    if row is None or row.state in TERMINAL:
        return _refuse(row)
    slot = seats.get(slot_id)
    if slot is None or slot.schedule.territory != row.territory:
        return Refused(code="unknown_slot")
    if row.pending is not None:
        return Refused(code="place_under_way")
    if row.slot_id == slot_id and row.state in PLACED:
        return Refused(code="same_place")
    row = await desk.change(row, interactive=True)
    reasons = ("choisi par la régulation",)
    whose, modes = slot.schedule.territory, row.need.modes
    return [await choose(order, row, slot_id, whose, modes, reasons, (), desk, now, start=slot.start)]


async def confirm(order: Order, request_id: str, db: AsyncConnection, now: datetime) -> list[Event] | Refused:
    """The patient comes. Saying it twice changes nothing."""
    desk = store.Desk(db)
    row = await desk.load(request_id)
    if row is None or row.state in TERMINAL:
        return _refuse(row)
    if row.state is State.CONFIRMED:
        return []
    if row.state is not State.BOOKED:
        return Refused(code="not_booked")
    return [await confirmed(order, row, desk, now)]


async def close(
    order: Order, request_id: str, outcome: Outcome, db: AsyncConnection, now: datetime
) -> list[Event] | Refused:
    """A person ends the request: seen or not seen (after a booking), or solved in another way."""
    desk = store.Desk(db)
    row = await desk.load(request_id)
    if row is None or row.state in TERMINAL:
        return _refuse(row)
    of_a_visit = outcome in (State.FULFILLED, State.NO_SHOW)
    if of_a_visit and row.state not in PLACED:
        return Refused(code="not_booked")
    if of_a_visit and row.start is not None and row.start > now:
        return Refused(code="not_begun")
    if not of_a_visit and row.state in SEATED:  # withdraw it: then everybody hears of it
        return Refused(code="already_booked")
    return await close_as(order, row, outcome, desk, now)


async def erase(order: Order, request_id: str, db: AsyncConnection, now: datetime) -> list[Event] | Refused:
    """The person is to be forgotten: nothing here finds her again. Whoever is still sought a place for is not."""
    row = await store.Desk(db).load(request_id)
    if row is None:
        return Refused(code="unknown_request")
    if row.state not in TERMINAL:
        return Refused(code="still_open", about={"request_id": request_id})
    await store.forget_phone(db, request_id)
    return [RequestErased.after(order, now, request_id=request_id)]


async def acknowledge(order: Order, request_id: str, db: AsyncConnection, now: datetime) -> list[Event] | Refused:
    """The alerted human has it in hand: the alert stops climbing the roster, the search goes on."""
    desk = store.Desk(db)
    row = await desk.load(request_id)
    if row is None or row.state in TERMINAL:
        return _refuse(row)
    if row.state is not State.ESCALATED:
        return Refused(code="not_escalated")
    await store.drop_timer(db, request_id, Wake.STEP_UP)
    await desk.change(row, acknowledged_at=now)
    return [EscalationAcknowledged.after(order, now, request_id=request_id)]


async def set_roster(
    order: Order, people: Sequence[OnCall], db: AsyncConnection, now: datetime
) -> list[Event] | Refused:
    """Who is alerted in the territory; nobody is refused: then a miss would be silent."""
    if not people:
        return Refused(code="empty_roster")
    await roster.put(db, order.territory, people)
    return [RosterSet.after(order, now, people=tuple(one.person for one in people))]


def _refuse(row: RequestRow | None) -> Refused:
    if row is None:
        return Refused(code="unknown_request")
    return Refused(code="already_closed", about={"state": row.state})
