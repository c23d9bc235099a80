"""Who gets which seat? Held, booked, lost: decided from the slot as it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from availability.agenda import SeatRow, SlotRow, seat_start, usable_mode
from schemas.slot import Move

HOLD_FOR = timedelta(seconds=90)
"""How long a seat is kept while the regulator talks (a visible countdown in the console)."""

Lost = Literal["taken", "closed", "past", "unknown"]


@dataclass(frozen=True, slots=True)
class Seat:
    """A seat that may be taken: its number and its own start."""

    number: int
    start: datetime
    minutes: int


def seat_for(slot: SlotRow | None, request_id: str, now: datetime, since: datetime | None = None) -> Seat | Lost:
    """The seat the request may take: its own held one, else the lowest free one that begins at `since` or later and is
    still to come, and not frozen (the practitioner wants to know by then who comes); or why it is lost."""
    if slot is None:
        return "unknown"
    if slot.status != "open":
        return "closed"
    each = slot.minutes // slot.capacity or 1
    mine = next((seat for seat in slot.seats if seat.request_id == request_id), None)
    if slot.gone and mine is None:
        return "closed"
    taken = {seat.seat for seat in slot.seats}
    free = [mine.seat] if mine else [number for number in range(slot.capacity) if number not in taken]
    if not free:
        return "taken"
    soonest = now if mine else max(now + timedelta(minutes=slot.audience.freeze), since or now)
    for number in free:
        start = seat_start(slot.start, slot.minutes, slot.capacity, number)
        if start > now and start >= soonest:
            return Seat(number, start, each)
    return "past"


def exchange(
    moves: Sequence[Move], slots: Mapping[str, SlotRow], held: Mapping[str, SeatRow | None], now: datetime
) -> list[SeatRow] | None:
    """The seats that these requests have after all moves, in their order; None when one of them cannot be.

    Every mover leaves first, so that two may change places. Only a seat that keeps a promise is ever moved.
    """
    after = dict(slots)
    for move in moves:
        seat = held[move.request_id]
        if seat is None or seat.kind != "guarantee" or seat.slot_id != move.from_slot or move.from_slot not in after:
            return None
        left = after[move.from_slot]
        after[move.from_slot] = left._replace(seats=tuple(one for one in left.seats if one != seat))
    taken: list[SeatRow] = []
    for move in moves:
        slot = after.get(move.to_slot)
        seat_free = seat_for(slot, move.request_id, now, move.start)
        if slot is None or isinstance(seat_free, str) or seat_free.start > move.latest:
            return None
        mode = usable_mode(move.modes, slot.modes)
        taken.append(
            SeatRow(
                slot.slot_id,
                seat_free.number,
                move.request_id,
                "guarantee",
                seat_free.start,
                seat_free.minutes,
                mode,
                None,
                move.choice,
            )
        )
        after[move.to_slot] = slot._replace(seats=(*slot.seats, taken[-1]))
    return taken
