"""What does the dispatcher do when it hears a fact? Read, decide, write, say."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from dispatcher import members, store
from dispatcher.life import State, timers_when_seeking
from dispatcher.matching.choice import consider
from dispatcher.matching.pair import urgency_weight
from dispatcher.matching.seats import OpenSeats
from dispatcher.matching.words import chosen_with_the_patient
from dispatcher.places import on_booking_cancelled, on_slot_booked, on_slot_lost
from dispatcher.replies import on_patient_wrote
from dispatcher.steps import choose, is_left, look, say_unmatched
from dispatcher.store import Desk
from schemas.event import Event
from schemas.message import PatientWrote
from schemas.practitioner import PractitionerDescribed
from schemas.request import CareRequested
from schemas.slot import (
    BookingCancelled,
    HoldReleased,
    SeatFreed,
    SlotBooked,
    SlotChosen,
    SlotClosed,
    SlotHeld,
    SlotLost,
    SlotOpened,
)

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
        reasons = (*chosen_with_the_patient(event.why), *(option.reasons if option else ()))
        territory = held.schedule.territory if held else row.territory
        return [await choose(event, row, event.slot_id, territory, event.need.modes, reasons, (), desk, now)]
    said = await look(event, row, seats, desk, now)
    if any(isinstance(one, SlotChosen) for one in said):
        return said
    return [say_unmatched(event, await desk.load(row.request_id) or row, now), *said]


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
    for row in await store.waiting(desk.db, slot.schedule.territory, slot.schedule.profession, CANDIDATES):
        if len(said) >= left:
            break
        option = consider(row.need, slot, seats, now) if slot.slot_id not in row.lost else None
        if option is not None and not is_left(row, option):
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
    """React to each fact, with the requests they name in hand: the most urgent first, where they compete."""
    desk = await Desk(db).fetch(fact.request_id for fact in facts if hasattr(fact, "request_id"))
    said: dict[str, list[Event]] = {}
    for fact in await _most_urgent_first(facts, desk):
        said[fact.id] = await on(fact, desk, now, seats=seats)
    return [said[fact.id] for fact in facts]


async def _most_urgent_first(facts: Sequence[Any], desk: Desk) -> Sequence[Any]:
    """Those who lost their places together are sought new ones in the order of their need; others keep their order."""
    if not all(isinstance(fact, BookingCancelled) for fact in facts):
        return facts
    ranked = []
    for fact in facts:
        row = await desk.load(fact.request_id)
        rank = (-urgency_weight(row.need), row.need.deadline) if row else (0.0, fact.start)
        ranked.append((*rank, fact.id, fact))
    return [fact for *_, fact in sorted(ranked)]


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
        PatientWrote: on_patient_wrote,
    }
    return {fact: partial(hear, react, seats=seats) for fact, react in on.items()}
