"""What does availability do when a person asks? Publish, cancel, hold, release, register."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from availability import members, patterns, store, upstream
from availability.agenda import (
    AHEAD_AT_MOST,
    NewPractitioner,
    NewSlot,
    SeatRow,
    again,
    overlap,
    slot_ends,
    state_of,
    touches,
    usable_mode,
)
from availability.agenda_weeks import fitting
from availability.booking import HOLD_FOR, seat_for
from availability.seating import free_seat, say_opened
from availability.store import Desk, PractitionerRow
from availability.terms import widens
from availability.visits import Visits
from schemas.event import Event, Order, derived_id
from schemas.practitioner import PractitionerDescribed, Terms, usual_terms
from schemas.slot import (
    BookingCancelled,
    DelegationSet,
    PractitionersRegistered,
    SlotClosed,
    SlotHeld,
    SlotLost,
)
from schemas.values import Mode, Place, Refused

DESCRIBED_AT_ONCE = 200


async def publish_slots(
    order: Order, practitioner_id: str, slots: Sequence[NewSlot], db: AsyncConnection, now: datetime
) -> list[Event] | Refused:
    """Open all of these slots, or none: [SlotOpened…], or why not."""
    who = await store.lock_practitioner(db, practitioner_id)
    if who is None:
        return Refused(code="unknown_practitioner")
    first, last = min(slot.start for slot in slots), max(slot.start for slot in slots)
    if first <= now:
        return Refused(code="past", about={"start": first.isoformat()})
    if last > now + AHEAD_AT_MOST:
        return Refused(code="too_far_ahead", about={"start": last.isoformat(), "days": str(AHEAD_AT_MOST.days)})
    ends = max(slot_ends(slot) for slot in slots)
    known = await store.agenda(db, practitioner_id, first, ends, only_open=True)
    other = overlap(slots, known)
    if other is not None:
        return Refused(code="overlap", about={"start": other[0].isoformat(), "minutes": str(other[1])})
    busy = await upstream.busy_times(db, practitioner_id, first, ends)
    taken = next((slot for slot in slots if touches(slot.start, slot_ends(slot), busy)), None)
    if taken is not None:
        return Refused(code="busy_elsewhere", about={"start": taken.start.isoformat()})
    named = [(derived_id(order.id, practitioner_id, slot.start.isoformat()), slot) for slot in slots]
    opened = await store.add_slots(db, who, named)
    return [say_opened(order, slot, now) for slot in opened]


async def repeat_day(
    order: Order, practitioner_id: str, days: int, zone: ZoneInfo, db: AsyncConnection, now: datetime
) -> list[Event] | Refused:
    """Open today's remaining times as they were so many days ago: [SlotOpened…]. What would overlap, or is
    a busy time of a linked agenda, is left out."""
    who = await store.lock_practitioner(db, practitioner_id)
    if who is None:
        return Refused(code="unknown_practitioner")
    midnight = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    before, after = (
        (midnight + timedelta(days=ahead)).replace(tzinfo=zone).astimezone(UTC) for ahead in (-days, 1 - days)
    )
    then = [slot for slot in await store.agenda(db, who.id, before, after) if before <= slot.start]
    known = await store.agenda(db, who.id, now, now + timedelta(days=2), only_open=True)
    busy = await upstream.busy_times(db, who.id, now, now + timedelta(days=2))
    slots = fitting(again(then, days, zone, now), known, busy)
    if not slots:
        return Refused(code="nothing_to_repeat")
    named = [(derived_id(order.id, practitioner_id, slot.start.isoformat()), slot) for slot in slots]
    return [say_opened(order, slot, now) for slot in await store.add_slots(db, who, named)]


async def cancel_slot(order: Order, slot_id: str, db: AsyncConnection, now: datetime) -> list[Event] | Refused:
    """Take a slot back: every patient of it is said to have lost the booking, and is sought a new place."""
    desk = Desk(db)
    slot = await desk.slot(slot_id)
    if slot is None:
        return Refused(code="unknown_slot")
    if slot.status != "open":
        return Refused(code="already_closed")
    left = slot
    for seat in slot.seats:
        left = await desk.leave(left, seat, "cancelled")
    said: list[Event] = [SlotClosed.after(order, now, slot_id=slot_id, state=state_of(await desk.close(left)))]
    for seat in slot.seats:
        if seat.kind != "hold":
            said.append(
                BookingCancelled.after(
                    order,
                    now,
                    key=seat.request_id,
                    request_id=seat.request_id,
                    slot_id=slot_id,
                    start=seat.start,
                )
            )
    return said


async def hold_seat(
    order: Order,
    request_id: str,
    slot_id: str,
    mode: Mode,
    db: AsyncConnection,
    now: datetime,
    since: datetime | None = None,
) -> list[Event] | Refused:
    """Keep a seat while the regulator talks: [SlotHeld], or [SlotLost] when someone was faster. Of several free seats
    the lowest that begins at `since` or later.

    A request holds one seat: another one it held is given back in the same transaction.
    """
    desk = await Desk(db).fetch([slot_id], [request_id])
    slot = await desk.slot(slot_id)
    seat = seat_for(slot, request_id, now, since)
    if slot is None or isinstance(seat, str):
        why = "unknown" if slot is None else seat
        return [SlotLost.after(order, now, request_id=request_id, slot_id=slot_id, choice=0, why=why)]
    said: list[Event] = []
    held = await desk.seat_of(request_id)
    if held is not None and held.kind != "hold":
        return Refused(code="already_booked")
    if held is not None:
        said = await free_seat(order, held, "given_back", desk, now)
        slot = await desk.slot(slot_id) or slot
    refused = await desk.visits.refusal(slot.practitioner_id, request_id, seat.start, now, counted=True)
    if refused is not None:
        return Refused(code=refused)
    until, used = now + HOLD_FOR, usable_mode((mode,), slot.modes)
    hold = SeatRow(slot_id, seat.number, request_id, "hold", seat.start, seat.minutes, used, until)
    state = state_of(await desk.take(slot, hold, now))
    said.append(
        SlotHeld.after(order, now, request_id=request_id, slot_id=slot_id, start=seat.start, until=until, state=state)
    )
    return said


async def release_hold(order: Order, request_id: str, db: AsyncConnection, now: datetime) -> list[Event] | Refused:
    """Give a held seat back. Nothing held = nothing to do; a booking is not touched."""
    desk = Desk(db)
    held = await desk.seat_of(request_id)
    if held is None or held.kind != "hold":
        return []
    return await free_seat(order, held, "given_back", desk, now)


async def register_practitioners(
    order: Order, people: Sequence[NewPractitioner], db: AsyncConnection, now: datetime
) -> list[Event] | Refused:
    """Add practitioners to the order's territory, or bring them up to date, and say who they are."""
    named = [_with_terms(one) for one in people]
    known = await members.register(db, order.territory, named)
    registered = PractitionersRegistered.after(order, now, practitioner_ids=tuple(one.id for one in people))
    return [registered, *(_described(order, one, now) for one in known)]


async def set_terms(
    order: Order, practitioner_id: str, terms: Terms, db: AsyncConnection, now: datetime, *, may_widen: bool
) -> list[Event] | Refused:
    """Change what a practitioner allows. Only the practitioner, or the delegate, may allow more than before."""
    who = await store.lock_practitioner(db, practitioner_id)
    if who is None:
        return Refused(code="unknown_practitioner")
    if not may_widen and widens(who.terms, terms, now):
        return Refused(code="not_yours_to_allow")
    if who.terms == terms and who.version:
        return []
    if who.terms.absences != terms.absences:  # weeks that repeat are looked at again
        await patterns.opened(db, who.id, now)
    return [_described(order, await members.set_terms(db, who, terms), now)]


async def could_see(
    practitioner_id: str,
    request_id: str,
    start: datetime,
    minutes: int,
    usual: str | None,
    regulated_at: datetime,
    db: AsyncConnection,
    now: datetime,
) -> Refused | None:
    """Why the practitioner could not see this patient then, as terms and agenda stand; None = could. Changes nothing:
    the last word is said when the time is booked."""
    visits = Visits(db)
    await visits.fetch([practitioner_id], now)
    counted = visits.counts(practitioner_id, start, usual, regulated_at)
    why = await visits.refusal(practitioner_id, request_id, start, now, counted=counted)
    if why is not None:
        return Refused(code=why)
    if await upstream.is_taken(db, practitioner_id, start, start + timedelta(minutes=minutes)):
        return Refused(code="time_taken")
    return None


async def describe_practitioners(
    order: Order, zones: Mapping[str, str], db: AsyncConnection, now: datetime
) -> list[Event] | Refused:
    """Say who those are that were registered before anybody said it. `zones`: the time zone of each territory."""
    return [_described(order, one, now) for one in await members.describe(db, zones, DESCRIBED_AT_ONCE)]


def _with_terms(one: NewPractitioner) -> NewPractitioner:
    return one if one.terms else one.model_copy(update={"terms": usual_terms(one.profession)})


def _described(order: Order, who: PractitionerRow, now: datetime) -> Event:
    place = Place(commune=who.commune, lat=who.lat, lon=who.lon)
    return PractitionerDescribed.after(
        order,
        now,
        key=f"{who.id}:{who.version}",
        territory=who.territory,
        practitioner_id=who.id,
        profession=who.profession,
        place=place,
        zone=who.zone or "Europe/Paris",
        terms=who.terms,
        version=who.version,
    )


async def delegate_to(
    order: Order, delegate_id: str, practitioner_ids: Sequence[str], db: AsyncConnection, now: datetime
) -> list[Event] | Refused:
    """Let a delegate act for these practitioners."""
    known = await store.practitioners(db, practitioner_ids)
    if len(known) < len(set(practitioner_ids)):
        return Refused(code="unknown_practitioner")
    await store.delegate(db, delegate_id, practitioner_ids)
    return [DelegationSet.after(order, now, delegate_id=delegate_id, practitioner_ids=tuple(practitioner_ids))]


async def entrust(
    order: Order, practitioner_id: str, delegate_id: str, acts: bool, db: AsyncConnection, now: datetime
) -> list[Event] | Refused:
    """This delegate acts for the practitioner from now on (or no more), besides all others it acts for."""
    if await store.lock_practitioner(db, practitioner_id) is None:
        return Refused(code="unknown_practitioner")
    if not await members.entrust(db, delegate_id, practitioner_id, acts):
        return []
    mine = tuple(await store.delegations(db, delegate_id))
    return [DelegationSet.after(order, now, delegate_id=delegate_id, practitioner_ids=mine)]
