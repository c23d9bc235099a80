"""What does availability do when it hears a fact? It alone has the last word on a seat."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from availability import store
from availability.agenda import NewSlot, SeatRow, SlotRow, state_of, usable_mode
from availability.booking import Lost, Seat, seat_for
from availability.seating import free_seat, say_opened
from availability.store import Desk
from schemas.event import Event, Order, derived_id
from schemas.offer import OfferAccepted
from schemas.request import RequestClosed, RequestWithdrawn
from schemas.slot import BookingRefused, SlotBooked, SlotChosen, SlotLost
from schemas.values import system_actor


async def on_slot_chosen(event: SlotChosen, desk: Desk, now: datetime) -> list[Event]:
    """Book the proposed seat: SlotBooked, or SlotLost when someone was faster."""
    slot = await desk.slot(event.slot_id)
    seat = seat_for(slot, event.request_id, now)
    if slot is None or isinstance(seat, str):
        return [_lost(event, slot, seat if isinstance(seat, str) else "unknown", now)]
    held, who = await desk.seat_of(event.request_id), slot.practitioner_id
    counted = desk.visits.counts(who, seat.start, event.usual_practitioner, event.regulated_at)
    if held is not None and held.slot_id == slot.slot_id:  # it was promised while talking: no cap comes after that
        return [_booked(event, await desk.keep(slot, held, counted=counted), seat, held.mode, now, counted=counted)]
    if await desk.visits.refusal(who, event.request_id, seat.start, now, counted=counted) is not None:
        return [_lost(event, slot, "closed", now)]
    said: list[Event] = []
    if held is not None:  # another seat was held while talking: one request, one seat
        said = await free_seat(event, held, "given_back", desk, now)
    booking = SeatRow(
        slot.slot_id, seat.number, event.request_id, "booking", seat.start, seat.minutes,
        usable_mode(event.modes, slot.modes), None,
    )  # fmt: skip
    taken = await desk.take(slot, booking, now, counted=counted)
    return [*said, _booked(event, taken, seat, booking.mode, now, counted=counted)]


async def on_offer_accepted(event: OfferAccepted, desk: Desk, now: datetime) -> list[Event]:
    """Open the agreed time for this one patient and book it: [SlotOpened, SlotBooked]; or SlotLost, when something of
    the agenda is there, the terms allow no more, or the time has passed."""
    who = await store.lock_practitioner(desk.db, event.practitioner_id)
    if who is None or event.start <= now:
        return [_lost(event, None, "unknown" if who is None else "past", now)]
    counted = desk.visits.counts(who.id, event.start, event.usual_practitioner, event.regulated_at)
    if await desk.visits.refusal(who.id, event.request_id, event.start, now, counted=counted) is not None:
        return [_lost(event, None, "closed", now)]
    ends = event.start + timedelta(minutes=event.minutes)
    if await store.agenda(desk.db, who.id, event.start, ends, only_open=True):
        return [_lost(event, None, "taken", now)]
    held = await desk.seat_of(event.request_id)
    said = [] if held is None else await free_seat(event, held, "given_back", desk, now)
    new = NewSlot(start=event.start, minutes=event.minutes, modes=(event.mode,))
    (slot,) = await store.add_slots(desk.db, who, [(event.slot_id, new)], once=True)
    seat = SeatRow(slot.slot_id, 0, event.request_id, "booking", slot.start, slot.minutes, event.mode, None)
    taken = await desk.take(slot, seat, now, counted=counted)
    booked = _booked(event, taken, Seat(0, slot.start, slot.minutes), event.mode, now, counted=counted)
    return [*said, say_opened(event, taken, now), booked]


async def on_ended(event: RequestWithdrawn | RequestClosed | BookingRefused, desk: Desk, now: datetime) -> list[Event]:
    """The request needs its seat no more: open it to others, unless the visit took place."""
    if isinstance(event, RequestClosed) and event.outcome in ("fulfilled", "no_show"):
        return []
    seat = await desk.seat_of(event.request_id)
    if seat is None or (isinstance(event, BookingRefused) and seat.slot_id != event.slot_id):
        return []
    return await free_seat(event, seat, "given_back", desk, now)


async def expire_holds(order: Order, db: AsyncConnection, now: datetime) -> list[Event]:
    """Free the seats whose hold is over. May run twice: a hold ends once."""
    said: list[Event] = []
    over = await store.expired_holds(db, now)
    desk = await Desk(db).fetch(seat.slot_id for seat in over)
    for seat in over:
        slot = await desk.slot(seat.slot_id)
        territory = slot.territory if slot else order.territory
        cause = Order(
            id=derived_id(seat.request_id, "hold", seat.slot_id, str(seat.expires_at)),
            territory=territory,
            actor=system_actor(territory),
        )
        said += await free_seat(cause, seat, "expired", desk, now)
    return said


def _booked(
    event: SlotChosen | OfferAccepted, slot: SlotRow, seat: Seat, mode: Any, now: datetime, *, counted: bool
) -> SlotBooked:
    return SlotBooked.after(
        event,
        now,
        request_id=event.request_id,
        slot_id=slot.slot_id,
        choice=event.choice,
        practitioner_id=slot.practitioner_id,
        start=seat.start,
        minutes=seat.minutes,
        mode=mode,
        place=slot.place,
        state=state_of(slot),
        counted=counted,
    )


def _lost(event: SlotChosen | OfferAccepted, slot: SlotRow | None, why: Lost, now: datetime) -> SlotLost:
    return SlotLost.after(
        event,
        now,
        request_id=event.request_id,
        slot_id=event.slot_id,
        choice=event.choice,
        why=why,
        state=None if slot is None else state_of(slot),
    )


async def hear(
    on: Callable[..., Awaitable[list[Event]]], facts: Sequence[Any], db: AsyncConnection, now: datetime
) -> list[list[Event]]:
    """React to each fact, with the slots they name, and the seats of their requests, in hand."""
    slots = (fact.slot_id for fact in facts if fact.slot_id is not None)
    desk = await Desk(db).fetch(slots, (fact.request_id for fact in facts))
    if isinstance(facts[0], SlotChosen):
        await desk.visits.fetch((slot.practitioner_id for slot in desk.slots()), now)
    elif isinstance(facts[0], OfferAccepted):
        await desk.visits.fetch((fact.practitioner_id for fact in facts), now)
    return [await on(fact, desk, now) for fact in facts]


def reactions() -> dict[type[Event], Any]:
    """Which fact leads to what."""
    on: dict[type[Event], Any] = {
        SlotChosen: on_slot_chosen,
        OfferAccepted: on_offer_accepted,
        RequestWithdrawn: on_ended,
        RequestClosed: on_ended,
        BookingRefused: on_ended,
    }
    return {fact: partial(hear, react) for fact, react in on.items()}
