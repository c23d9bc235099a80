"""What does availability do when it hears a fact? It alone has the last word on a seat."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from availability import store, upstream
from availability.agenda import NewSlot, SeatRow, SlotRow, state_of, usable_mode
from availability.booking import Lost, exchange, seat_for
from availability.seating import free_seat, say_opened
from availability.store import Desk
from schemas.event import Cause, Event, Order, derived_id
from schemas.offer import OfferAccepted
from schemas.request import RequestClosed, RequestWithdrawn
from schemas.slot import BookingRefused, ExchangeChosen, Move, SeatFreed, SlotBooked, SlotChosen, SlotLost
from schemas.values import system_actor


async def on_slot_chosen(event: SlotChosen, desk: Desk, now: datetime) -> list[Event]:
    """Book the proposed seat: SlotBooked, or SlotLost when someone was faster."""
    slot = await desk.slot(event.slot_id)
    seat = seat_for(slot, event.request_id, now, event.start)
    if slot is None or isinstance(seat, str):
        return [_lost(event, event, event.slot_id, slot, seat if isinstance(seat, str) else "unknown", now)]
    held, who = await desk.seat_of(event.request_id), slot.practitioner_id
    if _is_older(event, held):
        return [_lost(event, event, slot.slot_id, slot, "taken", now)]
    counted = desk.visits.counts(who, seat.start, event.usual_practitioner, event.regulated_at)
    if held is not None and held.slot_id == slot.slot_id:  # it was promised before: no cap comes after that
        kept = held._replace(kind=event.kind, expires_at=None, choice=event.choice)
        changed = await desk.keep(slot, held, kept, counted=counted)
        return [_booked(event, event, changed, kept, now, counted=counted)]
    if await desk.visits.refusal(who, event.request_id, seat.start, now, counted=counted) is not None:
        return [_lost(event, event, slot.slot_id, slot, "closed", now)]
    said: list[Event] = []
    if held is not None:  # another seat was held while talking: one request, one seat
        said = await free_seat(event, held, "given_back", desk, now)
    booking = SeatRow(
        slot.slot_id, seat.number, event.request_id, event.kind, seat.start, seat.minutes,
        usable_mode(event.modes, slot.modes), None, event.choice,
    )  # fmt: skip
    taken = await desk.take(slot, booking, now, counted=counted)
    return [*said, _booked(event, event, taken, booking, now, counted=counted)]


async def on_offer_accepted(event: OfferAccepted, desk: Desk, now: datetime) -> list[Event]:
    """Open the agreed time for this one patient and book it: [SlotOpened, SlotBooked]; or SlotLost, when something of
    the agenda, or of a linked one, is there, the terms allow no more, or the time has passed."""
    who = await store.lock_practitioner(desk.db, event.practitioner_id)
    if who is None or event.start <= now:
        return [_lost(event, event, event.slot_id, None, "unknown" if who is None else "past", now)]
    counted = desk.visits.counts(who.id, event.start, event.usual_practitioner, event.regulated_at)
    if await desk.visits.refusal(who.id, event.request_id, event.start, now, counted=counted) is not None:
        return [_lost(event, event, event.slot_id, None, "closed", now)]
    ends = event.start + timedelta(minutes=event.minutes)
    if await upstream.is_taken(desk.db, who.id, event.start, ends):
        return [_lost(event, event, event.slot_id, None, "taken", now)]
    held = await desk.seat_of(event.request_id)
    if _is_older(event, held):
        return [_lost(event, event, event.slot_id, None, "taken", now)]
    said = [] if held is None else await free_seat(event, held, "given_back", desk, now)
    new = NewSlot(start=event.start, minutes=event.minutes, modes=(event.mode,))
    (slot,) = await store.add_slots(desk.db, who, [(event.slot_id, new)], once=True)
    seat = SeatRow(
        slot.slot_id, 0, event.request_id, "booking", slot.start, slot.minutes, event.mode, None, event.choice
    )
    taken = await desk.take(slot, seat, now, counted=counted)
    return [*said, say_opened(event, taken, now), _booked(event, event, taken, seat, now, counted=counted)]


async def on_exchange_chosen(event: ExchangeChosen, desk: Desk, now: datetime) -> list[Event]:
    """Promised requests change seats, all of them; or none, and each keeps the one it has."""
    slots = {one: await desk.slot(one) for move in event.moves for one in (move.from_slot, move.to_slot)}
    known = {slot_id: slot for slot_id, slot in slots.items() if slot is not None}
    held = {move.request_id: await desk.seat_of(move.request_id) for move in event.moves}
    taken = exchange(event.moves, known, held, now)
    if taken is None or not await _within_caps(event.moves, taken, known, desk, now):
        return [_lost(event, move, move.to_slot, known.get(move.to_slot), "taken", now) for move in event.moves]
    for seat in held.values():
        if seat is not None:
            known[seat.slot_id] = await desk.leave(known[seat.slot_id], seat, "superseded")
    for seat in taken:
        known[seat.slot_id] = await desk.take(known[seat.slot_id], seat, now)
    said: list[Event] = []
    for move, seat in zip(event.moves, taken, strict=True):
        said.append(_booked(event, move, known[seat.slot_id], seat, now))
        left = known[move.from_slot]
        of_it: dict[str, Any] = {"slot_id": left.slot_id, "request_id": move.request_id, "state": state_of(left)}
        said.append(SeatFreed.after(event, now, key=move.request_id, **of_it))
    return said


async def on_ended(event: RequestWithdrawn | RequestClosed | BookingRefused, desk: Desk, now: datetime) -> list[Event]:
    """The request needs its seat no more: open it to others, unless the visit took place."""
    if isinstance(event, RequestClosed) and event.outcome in ("fulfilled", "no_show"):
        return []
    seat = await desk.seat_of(event.request_id)
    if seat is None or (isinstance(event, BookingRefused) and not _is_refused(seat, event)):
        return []
    return await free_seat(event, seat, "given_back", desk, now)


def _is_older(chosen: SlotChosen | OfferAccepted, seat: SeatRow | None) -> bool:
    """It comes late: what was chosen after it has the seat already, and the dispatcher expects it no more."""
    return seat is not None and seat.choice > chosen.choice


def _is_refused(seat: SeatRow, event: BookingRefused) -> bool:
    """Not one in another slot, and not one that was chosen again since."""
    return seat.slot_id == event.slot_id and (event.choice is None or seat.choice <= event.choice)


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


async def _within_caps(
    moves: Sequence[Move], taken: Sequence[SeatRow], slots: Mapping[str, SlotRow], desk: Desk, now: datetime
) -> bool:
    """Whether the terms of those who get patients allow it, once all have left."""
    leaving = [(slots[move.from_slot].practitioner_id, move.request_id) for move in moves]
    coming = [(slots[seat.slot_id].practitioner_id, seat.request_id, seat.start) for seat in taken]
    return await desk.visits.allow(leaving, coming, now)


def _booked(
    cause: Cause,
    chosen: SlotChosen | OfferAccepted | Move,
    slot: SlotRow,
    seat: SeatRow,
    now: datetime,
    *,
    counted: bool = True,
) -> SlotBooked:
    return SlotBooked.after(
        cause,
        now,
        key=chosen.request_id,
        request_id=chosen.request_id,
        slot_id=slot.slot_id,
        choice=chosen.choice,
        practitioner_id=slot.practitioner_id,
        start=seat.start,
        minutes=seat.minutes,
        mode=seat.mode,
        place=slot.place,
        state=state_of(slot),
        kind=seat.kind,
        counted=counted,
    )


def _lost(
    cause: Cause,
    chosen: SlotChosen | OfferAccepted | Move,
    slot_id: str,
    slot: SlotRow | None,
    why: Lost,
    now: datetime,
) -> SlotLost:
    return SlotLost.after(
        cause,
        now,
        key=chosen.request_id,
        request_id=chosen.request_id,
        slot_id=slot_id,
        choice=chosen.choice,
        why=why,
        state=None if slot is None else state_of(slot),
    )


async def hear(
    on: Callable[..., Awaitable[list[Event]]], facts: Sequence[Any], db: AsyncConnection, now: datetime
) -> list[list[Event]]:
    """React to each fact, with the slots they name, and the seats of their requests, in hand."""
    slots: list[str] = []
    requests: list[str] = []
    for fact in facts:
        for one in fact.moves if isinstance(fact, ExchangeChosen) else [fact]:
            slots += [one.from_slot, one.to_slot] if isinstance(one, Move) else [one.slot_id] if one.slot_id else []
            requests.append(one.request_id)
    desk = await Desk(db).fetch(slots, requests)
    if isinstance(facts[0], SlotChosen | ExchangeChosen):
        await desk.visits.fetch((slot.practitioner_id for slot in desk.slots()), now)
    elif isinstance(facts[0], OfferAccepted):
        await desk.visits.fetch((fact.practitioner_id for fact in facts), now)
    return [await on(fact, desk, now) for fact in facts]


def reactions() -> dict[type[Event], Any]:
    """Which fact leads to what."""
    on: dict[type[Event], Any] = {
        SlotChosen: on_slot_chosen,
        ExchangeChosen: on_exchange_chosen,
        OfferAccepted: on_offer_accepted,
        RequestWithdrawn: on_ended,
        RequestClosed: on_ended,
        BookingRefused: on_ended,
    }
    return {fact: partial(hear, react) for fact, react in on.items()}
