"""What does the dispatcher do when it hears a fact? Read, decide, write, say."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from dispatcher import asked, asking, members, store
from dispatcher.asking import ASKED, stop
from dispatcher.life import PLACED, WAITING, State, timers_when_placed, timers_when_seeking
from dispatcher.matching.choice import consider
from dispatcher.matching.seats import OpenSeats
from dispatcher.steps import choose, look, say_unmatched
from dispatcher.store import Desk
from dispatcher.views import RequestRow
from schemas.event import Event
from schemas.practitioner import PractitionerDescribed
from schemas.request import CareRequested, RequestBooked, RequestReopened
from schemas.slot import (
    BookingCancelled,
    BookingRefused,
    HoldReleased,
    SeatFreed,
    SlotBooked,
    SlotChosen,
    SlotClosed,
    SlotHeld,
    SlotLost,
    SlotOpened,
)
from schemas.values import NotYet

CANDIDATES = 50
"""Waiting requests looked at when one seat opens; the others look for themselves within a minute."""


async def on_care_requested(event: CareRequested, desk: Desk, now: datetime, *, seats: OpenSeats) -> list[Event]:
    """Seek a place: the seat held while talking, else the best one."""
    row = await desk.load(event.request_id)
    if row is None:  # the fact came from elsewhere than our own door
        by = event.actor.person
        await store.add(desk.db, event.request_id, event.territory, event.need, event.patient, by, now, False)
        await store.set_timers(desk.db, event.request_id, timers_when_seeking(event.need, now))
        row = await desk.load(event.request_id)
    if row is None or row.state is not State.SEEKING or row.pending:
        return []
    if event.slot_id is not None:
        held = seats.get(event.slot_id)  # its SlotOpened may still be on the way: the patient was promised it anyway
        option = consider(event.need, held, seats, now, held=True) if held else None
        reasons = ("choisi avec le patient", *(option.reasons if option else ()))
        territory = held.territory if held else row.territory
        return [await choose(event, row, event.slot_id, territory, event.need.modes, reasons, (), desk, now)]
    said = await look(event, row, seats, desk, now)
    return said if any(isinstance(one, SlotChosen) for one in said) else [say_unmatched(event, row, seats, now), *said]


async def on_slot_booked(event: SlotBooked, desk: Desk, now: datetime, *, seats: OpenSeats) -> list[Event]:
    """The seat is ours: tell everyone, or give it back when the request ended meanwhile."""
    await store.know_slot(desk.db, event)
    seats.hear(event)
    row = await desk.load(event.request_id)
    if row is None:
        raise NotYet(f"request {event.request_id} is not known yet")
    if row.state not in WAITING or row.choice != event.choice:
        return [_given_back(event, now)]
    if event.start > row.need.deadline and not row.interactive:  # the picture was stale: only a late seat was left
        return [_given_back(event, now), *await _without(event, row, seats, desk, now)]
    taken = await asked.accepted_of(desk.db, row.request_id) if row.state in ASKED else None
    asked_no_more = await stop(event, row, "taken" if taken else "withdrawn", desk, now)
    row = await desk.change(
        row,
        state=State.BOOKED,
        pending=None,
        slot_id=event.slot_id,
        practitioner_id=event.practitioner_id,
        start=event.start,
        minutes=event.minutes,
        mode=event.mode,
        place=event.place,
        counted=event.counted,
    )
    await store.set_timers(desk.db, row.request_id, timers_when_placed(event.start, event.minutes))
    return [
        *asked_no_more,
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
            choice=row.choice,
        ),
    ]


def _given_back(event: SlotBooked, now: datetime) -> Event:
    return BookingRefused.after(event, now, request_id=event.request_id, slot_id=event.slot_id)


async def on_slot_lost(event: SlotLost, desk: Desk, now: datetime, *, seats: OpenSeats) -> list[Event]:
    """Someone was faster: choose again, without this slot."""
    await store.know_slot(desk.db, event)
    seats.hear(event)
    row = await desk.load(event.request_id)
    if row is None or row.state not in WAITING or row.choice != event.choice:
        return []
    return await _without(event, row, seats, desk, now)


async def _without(
    event: SlotLost | SlotBooked, row: RequestRow, seats: OpenSeats, desk: Desk, now: datetime
) -> list[Event]:
    """Choose again, without this slot."""
    lost = (*row.lost, event.slot_id)
    not_agreed = await asking.lost(event, row, desk, now)
    row = await desk.change(row, pending=None, lost=lost)
    return [*not_agreed, *await look(event, row, seats, desk, now, lost=lost)]


async def on_booking_cancelled(event: BookingCancelled, desk: Desk, now: datetime, *, seats: OpenSeats) -> list[Event]:
    """The practitioner cancelled: seek again with what is left of the patient's own deadline."""
    row = await desk.load(event.request_id)
    if row is None or row.pending == event.slot_id:
        raise NotYet(f"the booking of {event.request_id} was not heard of yet")
    if row.state not in PLACED or row.slot_id != event.slot_id:
        return []
    await asked.undo(desk.db, row.request_id)
    row = await desk.change(
        row,
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
    await store.set_timers(desk.db, row.request_id, timers_when_seeking(row.need, now))
    reopened = RequestReopened.after(
        event,
        now,
        request_id=row.request_id,
        slot_id=event.slot_id,
        start=event.start,
        patient=row.patient,
        choice=row.choice,
    )
    return [reopened, *await look(event, row, seats, desk, now)]


async def on_practitioner_described(
    event: PractitionerDescribed, desk: Desk, now: datetime, *, seats: OpenSeats
) -> list[Event]:
    """Who a practitioner is, and what he or she allows from now on."""
    await members.know(desk.db, event)
    seats.hear(event)
    return []


async def on_slot_news(event: Event, desk: Desk, now: datetime, *, seats: OpenSeats) -> list[Event]:
    """A slot opened, closed, or changed: remember it, and offer its free seats to those who wait."""
    await store.know_slot(desk.db, event)
    seats.hear(event)
    slot = seats.get(event.slot_id)  # type: ignore[attr-defined]  # every fact of a slot names it
    if slot is None or isinstance(event, SlotClosed | SlotHeld):
        return []
    said: list[Event] = []
    left = seats.free(slot, now)
    if left < 1:
        return []
    for row in await store.waiting(desk.db, slot.territory, slot.profession, CANDIDATES):
        if len(said) >= left:
            break
        if slot.slot_id not in row.lost and consider(row.need, slot, seats, now) is not None:
            said += await look(event, row, seats, desk, now)
    return said


async def hear(
    on: Callable[..., Awaitable[list[Event]]],
    facts: Sequence[Any],
    db: AsyncConnection,
    now: datetime,
    *,
    seats: OpenSeats,
) -> list[list[Event]]:
    """React to each fact, with the requests they name in hand."""
    desk = await Desk(db).fetch(fact.request_id for fact in facts if hasattr(fact, "request_id"))
    return [await on(fact, desk, now, seats=seats) for fact in facts]


def reactions(seats: OpenSeats) -> dict[type[Event], Any]:
    """Which fact leads to what."""
    on: dict[type[Event], Any] = {
        CareRequested: on_care_requested,
        SlotBooked: on_slot_booked,
        SlotLost: on_slot_lost,
        BookingCancelled: on_booking_cancelled,
        SlotOpened: on_slot_news,
        SlotClosed: on_slot_news,
        SlotHeld: on_slot_news,
        HoldReleased: on_slot_news,
        SeatFreed: on_slot_news,
        PractitionerDescribed: on_practitioner_described,
    }
    return {fact: partial(hear, react, seats=seats) for fact, react in on.items()}
