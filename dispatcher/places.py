"""What does the dispatcher do with availability's answers? The seat is taken, or lost, or gone again."""

from datetime import datetime

from dispatcher import asked, store
from dispatcher.asking import seat_found, time_lost
from dispatcher.life import (
    OPEN,
    PLACED,
    SEATED,
    WAITING,
    State,
    timers_when_placed,
    timers_when_promised,
    timers_when_seeking,
)
from dispatcher.matching.seats import OpenSeats
from dispatcher.steps import alert, look, untold
from dispatcher.store import Desk
from dispatcher.views import RequestRow
from schemas.event import Cause, Event
from schemas.request import Left, RequestBooked, RequestPromised, RequestReopened
from schemas.slot import BookingCancelled, BookingRefused, SlotBooked, SlotChosen, SlotLost
from schemas.values import NotYet


async def on_slot_booked(event: SlotBooked, desk: Desk, now: datetime, *, seats: OpenSeats) -> list[Event]:
    """The seat is ours: tell everyone, or give it back when the request ended meanwhile."""
    await store.know_slot(desk.db, event)
    seats.hear(event)
    row = await desk.load(event.request_id)
    if row is None:
        raise NotYet(f"request {event.request_id} is not known yet")
    if not _is_answer(row, event):
        # A seat is known by its slot: what an older choice took may be the very seat that is sought, or had, by now.
        needed = row.state in OPEN and event.slot_id in (row.pending, row.slot_id)
        return [] if needed else [_given_back(event, now)]
    if event.start > row.need.deadline and row.state in WAITING and not row.interactive:
        # The picture was stale: only a late seat was left.
        return [_given_back(event, now), *await _without(event, row, seats, desk, now)]
    over = await seat_found(event, row, desk, now)
    if event.kind == "guarantee":
        return [*over, *await _promise(event, row, desk, now)]
    return [*over, *await _place(event, row, desk, now)]


def _is_answer(row: RequestRow, event: SlotBooked | SlotLost) -> bool:
    """It answers our last proposal. One within an exchange is counted when it is answered, or when the seat is gone
    before that: the next proposal may be the same slot again, and must not have the same number."""
    proposed = row.choice + row.exchanging
    return row.state in (*WAITING, *SEATED) and row.pending == event.slot_id and proposed == event.choice


async def _promise(event: SlotBooked, row: RequestRow, desk: Desk, now: datetime) -> list[Event]:
    """The seat is kept: the patient is promised a visit by the deadline, once."""
    again = row.promised_at is not None
    row = await _sit(event, row, State.PROMISED, desk, promised_at=row.promised_at or now)
    await store.set_timers(desk.db, row.request_id, timers_when_promised(row.need, event.start, now))
    promised = RequestPromised.after(
        event,
        now,
        request_id=row.request_id,
        slot_id=event.slot_id,
        practitioner_id=event.practitioner_id,
        start=event.start,
        deadline=row.need.deadline,
        choice=row.choice,
        patient=row.patient,
        again=again,
    )
    if again or row.interactive:  # she knows, or somebody is speaking with her
        return [promised]
    return [promised, *await untold(event, row, "promised", row.need.deadline, desk, now)]


async def _place(event: SlotBooked, row: RequestRow, desk: Desk, now: datetime) -> list[Event]:
    """The seat is final: the patient and the practitioner hear of it, and who loses the patient, too."""
    left = _left(row) if row.state in PLACED else None
    row = await _sit(event, row, State.BOOKED, desk, moved=row.moved or left is not None)
    await store.set_timers(desk.db, row.request_id, timers_when_placed(event.start, event.minutes))
    booked = RequestBooked.after(
        event,
        now,
        request_id=row.request_id,
        slot_id=event.slot_id,
        practitioner_id=event.practitioner_id,
        start=event.start,
        minutes=event.minutes,
        mode=event.mode,
        place=event.place,
        patient=row.patient,
        reasons=row.reasons,
        moved=row.moved,
        interactive=row.interactive,
        choice=row.choice,
        left=left,
    )
    if row.interactive and not row.moved:  # somebody is speaking with her
        return [booked]
    return [booked, *await untold(event, row, "booked", event.start, desk, now)]


def _left(row: RequestRow) -> Left | None:
    if row.slot_id is None or row.practitioner_id is None or row.start is None:
        return None
    return Left(slot_id=row.slot_id, practitioner_id=row.practitioner_id, start=row.start)


async def _sit(event: SlotBooked, row: RequestRow, state: State, desk: Desk, **more: object) -> RequestRow:
    return await desk.change(
        row,
        state=state,
        choice=event.choice,
        pending=None,
        exchanging=False,
        slot_id=event.slot_id,
        practitioner_id=event.practitioner_id,
        start=event.start,
        minutes=event.minutes,
        mode=event.mode,
        place=event.place,
        counted=event.counted,
        **more,
    )


def _given_back(event: SlotBooked | SlotLost, now: datetime) -> Event:
    return BookingRefused.after(event, now, request_id=event.request_id, slot_id=event.slot_id, choice=event.choice)


async def on_slot_lost(event: SlotLost, desk: Desk, now: datetime, *, seats: OpenSeats) -> list[Event]:
    """Someone was faster: choose again, without this slot. Who has a seat keeps it, unless it was this one."""
    await store.know_slot(desk.db, event)
    seats.hear(event)
    row = await desk.load(event.request_id)
    if row is None or not _is_answer(row, event):
        return []
    if row.state in WAITING:
        return await _without(event, row, seats, desk, now)
    if row.slot_id == event.slot_id:  # too late to settle it: what may be left of the seat goes back
        return [_given_back(event, now), *await _seek_again(event, row, seats, desk, now, lost=(event.slot_id,))]
    seats.expect_no_more(row.request_id)
    await desk.change(row, pending=None, exchanging=False)
    return []


async def _without(
    event: SlotLost | SlotBooked, row: RequestRow, seats: OpenSeats, desk: Desk, now: datetime
) -> list[Event]:
    """Choose again, without this slot. Who was promised a place, and has heard no hour, is still in danger."""
    lost = (*row.lost, event.slot_id)
    not_agreed = await time_lost(event, row, desk, now)
    row = await desk.change(row, pending=None, lost=lost)
    in_danger = row.promised_at is not None and not row.moved and row.state is not State.ESCALATED
    return [*not_agreed, *await _look(event, row, seats, desk, now, lost, in_danger=in_danger)]


async def _look(
    cause: Cause,
    row: RequestRow,
    seats: OpenSeats,
    desk: Desk,
    now: datetime,
    lost: tuple[str, ...],
    *,
    in_danger: bool,
) -> list[Event]:
    """Look for another seat; when there is none for whom one was promised, a human is alerted at once."""
    found = await look(cause, row, seats, desk, now, lost=lost)
    if in_danger and not any(isinstance(one, SlotChosen) for one in found):
        row = await desk.load(row.request_id) or row
        found.append(await alert(cause, row, 0, "no_place", seats, desk, now))
    return found


async def on_booking_cancelled(event: BookingCancelled, desk: Desk, now: datetime, *, seats: OpenSeats) -> list[Event]:
    """The practitioner cancelled: seek again with what is left of the patient's own deadline."""
    row = await desk.load(event.request_id)
    if row is None or (row.pending == event.slot_id and row.slot_id != event.slot_id):
        raise NotYet(f"the booking of {event.request_id} was not heard of yet")
    if row.state not in SEATED or row.slot_id != event.slot_id:
        return []
    return await _seek_again(event, row, seats, desk, now)


async def _seek_again(
    cause: Cause, row: RequestRow, seats: OpenSeats, desk: Desk, now: datetime, *, lost: tuple[str, ...] = ()
) -> list[Event]:
    """The seat is gone. Who was only promised one hears nothing yet: the promise stands, and a human is alerted at
    once when it cannot be kept."""
    had, promised = _left(row), row.state is State.PROMISED
    await asked.undo(desk.db, row.request_id)
    row = await desk.change(
        row,
        state=State.SEEKING,
        choice=row.choice + row.exchanging,
        pending=None,
        exchanging=False,
        slot_id=None,
        practitioner_id=None,
        start=None,
        minutes=None,
        mode=None,
        place=None,
        lost=lost,
        moved=row.moved or not promised,
        rank=-1,
        acknowledged_at=None,
    )
    await store.set_timers(desk.db, row.request_id, timers_when_seeking(row.need, now))
    assert had is not None  # a request with a seat knows where it is
    reopened = RequestReopened.after(
        cause,
        now,
        request_id=row.request_id,
        slot_id=had.slot_id,
        start=had.start,
        patient=row.patient,
        choice=row.choice,
        promised=promised,
    )
    by_phone = [] if promised else await untold(cause, row, "cancelled", had.start, desk, now)
    return [reopened, *by_phone, *await _look(cause, row, seats, desk, now, lost, in_danger=promised)]
