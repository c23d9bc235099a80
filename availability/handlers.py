"""What does availability do when it hears a fact? It alone has the last word on a seat."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from availability import store
from availability.agenda import SlotRow, state_of, usable_mode
from availability.booking import Lost, Seat, mine, seat_for
from availability.seating import free_seat
from schemas.event import Event, Order, derived_id
from schemas.request import RequestClosed, RequestWithdrawn
from schemas.slot import BookingRefused, SlotBooked, SlotChosen, SlotLost
from schemas.values import system_actor


async def on_slot_chosen(event: SlotChosen, db: AsyncConnection, now: datetime) -> list[Event]:
    """Book the proposed seat: SlotBooked, or SlotLost when someone was faster."""
    slot = await store.lock_slot(db, event.slot_id)
    seat = seat_for(slot, event.request_id, now)
    if slot is None or isinstance(seat, str):
        return [_lost(event, slot, seat if isinstance(seat, str) else "unknown", now)]
    said: list[Event] = []
    held = mine(slot, event.request_id)
    mode = held.mode if held else usable_mode(event.modes, slot.modes)
    if held is not None:
        await store.keep_seat(db, event.request_id)
        return [_booked(event, slot, seat, mode, now)]
    taking = (slot, seat.number, event.request_id, seat.start, seat.minutes, mode, now)
    if not await store.take_seat(db, *taking):
        elsewhere = await store.seat_of(db, event.request_id)
        if elsewhere is not None:  # another seat was held while talking: one request, one seat
            said = await free_seat(event, elsewhere, "given_back", db, now)
        if elsewhere is None or not await store.take_seat(db, *taking):
            return [*said, _lost(event, slot, "taken", now)]
    slot = replace(slot, version=await store.next_version(db, slot.slot_id))
    return [*said, _booked(event, slot, seat, mode, now)]


async def on_ended(
    event: RequestWithdrawn | RequestClosed | BookingRefused, db: AsyncConnection, now: datetime
) -> list[Event]:
    """The request needs its seat no more: open it to others, unless the visit took place."""
    if isinstance(event, RequestClosed) and event.outcome in ("fulfilled", "no_show"):
        return []
    seat = await store.seat_of(db, event.request_id)
    if seat is None or (isinstance(event, BookingRefused) and seat.slot_id != event.slot_id):
        return []
    return await free_seat(event, seat, "given_back", db, now)


async def expire_holds(order: Order, db: AsyncConnection, now: datetime) -> list[Event]:
    """Free the seats whose hold is over. May run twice: a hold ends once."""
    said: list[Event] = []
    for seat in await store.expired_holds(db, now):
        slot = await store.slot(db, seat.slot_id)
        territory = slot.territory if slot else order.territory
        cause = Order(
            id=derived_id("hold", seat.request_id, seat.slot_id, str(seat.expires_at)),
            territory=territory,
            actor=system_actor(territory),
        )
        said += await free_seat(cause, seat, "expired", db, now)
    return said


def _booked(event: SlotChosen, slot: SlotRow, seat: Seat, mode: Any, now: datetime) -> SlotBooked:
    taken = {row.seat for row in slot.seats} | {seat.number}
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
        state=state_of(slot, taken),
    )


def _lost(event: SlotChosen, slot: SlotRow | None, why: Lost, now: datetime) -> SlotLost:
    return SlotLost.after(
        event,
        now,
        request_id=event.request_id,
        slot_id=event.slot_id,
        choice=event.choice,
        why=why,
        state=None if slot is None else state_of(slot, {row.seat for row in slot.seats}),
    )


def reactions() -> dict[type[Event], Any]:
    """Which fact leads to what."""
    return {
        SlotChosen: on_slot_chosen,
        RequestWithdrawn: on_ended,
        RequestClosed: on_ended,
        BookingRefused: on_ended,
    }
