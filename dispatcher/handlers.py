"""What does the dispatcher do when it hears a fact? Read, decide, write, say."""

import json
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from dispatcher import store
from dispatcher.life import PLACED, WAITING, State, timers_when_placed, timers_when_seeking
from dispatcher.matching.choice import consider
from dispatcher.matching.seats import OpenSeats
from dispatcher.steps import choose, look, say_unmatched
from dispatcher.views import RequestRow
from schemas.event import Event
from schemas.request import CareRequested, RequestBooked, RequestReopened
from schemas.slot import (
    BookingCancelled,
    BookingRefused,
    HoldReleased,
    SeatFreed,
    SlotBooked,
    SlotClosed,
    SlotHeld,
    SlotLost,
    SlotOpened,
)
from schemas.values import NotYet

CANDIDATES = 50
"""Waiting requests looked at when one seat opens; the others look for themselves within a minute."""


async def on_care_requested(
    event: CareRequested, db: AsyncConnection, now: datetime, *, seats: OpenSeats
) -> list[Event]:
    """Seek a place: the seat held while talking, else the best one."""
    row = await store.load(db, event.request_id)
    if row is None:  # the fact came from elsewhere than our own door
        await store.add(
            db, event.request_id, event.territory, event.need, event.patient, event.actor.person, now, False
        )
        await store.set_timers(db, event.request_id, timers_when_seeking(event.need, now))
        row = await store.load(db, event.request_id)
    if row is None or row.state is not State.SEEKING or row.pending:
        return []
    if event.slot_id is not None:
        held = seats.get(event.slot_id)  # its SlotOpened may still be on the way: the patient was promised it anyway
        option = consider(event.need, held, seats, now, held=True) if held else None
        reasons = ("choisi avec le patient", *(option.reasons if option else ()))
        territory = held.territory if held else row.territory
        return [await choose(event, row, event.slot_id, territory, event.need.modes, reasons, (), db, now)]
    return await look(event, row, seats, db, now) or [await say_unmatched(event, row, seats, db, now)]


async def on_slot_booked(event: SlotBooked, db: AsyncConnection, now: datetime, *, seats: OpenSeats) -> list[Event]:
    """The seat is ours: tell everyone, or give it back when the request ended meanwhile."""
    await store.know_slot(db, event)
    seats.hear(event)
    row = await store.load(db, event.request_id)
    if row is None:
        raise NotYet(f"request {event.request_id} is not known yet")
    given_back = BookingRefused.after(event, now, request_id=event.request_id, slot_id=event.slot_id)
    if row.state not in WAITING or row.choice != event.choice:
        return [given_back]
    if event.start > row.need.deadline and not row.interactive:  # the picture was stale: only a late seat was left
        return [given_back, *await _without(event, row, seats, db, now)]
    await store.change(
        db,
        row.request_id,
        state=State.BOOKED,
        pending=None,
        slot_id=event.slot_id,
        practitioner_id=event.practitioner_id,
        start=event.start,
        minutes=event.minutes,
        mode=event.mode,
        place=event.place.model_dump_json(),
    )
    await store.set_timers(db, row.request_id, timers_when_placed(event.start, event.minutes))
    return [
        RequestBooked.after(
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
        )
    ]


async def on_slot_lost(event: SlotLost, db: AsyncConnection, now: datetime, *, seats: OpenSeats) -> list[Event]:
    """Someone was faster: choose again, without this slot."""
    await store.know_slot(db, event)
    seats.hear(event)
    row = await store.load(db, event.request_id)
    if row is None or row.state not in WAITING or row.choice != event.choice:
        return []
    return await _without(event, row, seats, db, now)


async def _without(
    event: SlotLost | SlotBooked, row: RequestRow, seats: OpenSeats, db: AsyncConnection, now: datetime
) -> list[Event]:
    """Choose again, without this slot."""
    lost = (*row.lost, event.slot_id)
    await store.change(db, row.request_id, pending=None, lost=json.dumps(lost))
    return await look(event, row, seats, db, now, lost=lost)


async def on_booking_cancelled(
    event: BookingCancelled, db: AsyncConnection, now: datetime, *, seats: OpenSeats
) -> list[Event]:
    """The practitioner cancelled: seek again with what is left of the patient's own deadline."""
    row = await store.load(db, event.request_id)
    if row is None or row.pending == event.slot_id:
        raise NotYet(f"the booking of {event.request_id} was not heard of yet")
    if row.state not in PLACED or row.slot_id != event.slot_id:
        return []
    await store.change(
        db,
        row.request_id,
        state=State.SEEKING,
        slot_id=None,
        practitioner_id=None,
        start=None,
        minutes=None,
        mode=None,
        place=None,
        moved=True,
        rank=-1,
        acknowledged_at=None,
    )
    await store.set_timers(db, row.request_id, timers_when_seeking(row.need, now))
    reopened = RequestReopened.after(
        event, now, request_id=row.request_id, slot_id=event.slot_id, start=event.start, patient=row.patient
    )
    return [reopened, *await look(event, row, seats, db, now)]


async def on_slot_news(event: Event, db: AsyncConnection, now: datetime, *, seats: OpenSeats) -> list[Event]:
    """A slot opened, closed, or changed: remember it, and offer its free seats to those who wait."""
    await store.know_slot(db, event)
    seats.hear(event)
    slot = seats.get(event.slot_id)  # type: ignore[attr-defined]  # every fact of a slot names it
    if slot is None or isinstance(event, SlotClosed | SlotHeld):
        return []
    said: list[Event] = []
    left = seats.free(slot, now)
    if left < 1:
        return []
    for row in await store.waiting(db, slot.territory, slot.profession, CANDIDATES):
        if len(said) >= left:
            break
        if slot.slot_id not in row.lost and consider(row.need, slot, seats, now) is not None:
            said += await look(event, row, seats, db, now)
    return said


def reactions(seats: OpenSeats) -> dict[type[Event], Any]:
    """Which fact leads to what."""
    news = partial(on_slot_news, seats=seats)
    return {
        CareRequested: partial(on_care_requested, seats=seats),
        SlotBooked: partial(on_slot_booked, seats=seats),
        SlotLost: partial(on_slot_lost, seats=seats),
        BookingCancelled: partial(on_booking_cancelled, seats=seats),
        SlotOpened: news,
        SlotClosed: news,
        SlotHeld: news,
        HoldReleased: news,
        SeatFreed: news,
    }
