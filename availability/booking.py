"""Who gets which seat? Held, booked, lost: decided from the slot as it is."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from availability.agenda import SlotRow, seat_start

HOLD_FOR = timedelta(seconds=90)
"""How long a seat is kept while the regulator talks (a visible countdown in the console)."""

Lost = Literal["taken", "closed", "past", "unknown"]


@dataclass(frozen=True, slots=True)
class Seat:
    """A seat that may be taken: its number and its own start."""

    number: int
    start: datetime
    minutes: int


def seat_for(slot: SlotRow | None, request_id: str, now: datetime) -> Seat | Lost:
    """The seat the request may take: its own held one, else the lowest free one; or why it is lost."""
    if slot is None:
        return "unknown"
    if slot.status != "open":
        return "closed"
    mine = next((seat for seat in slot.seats if seat.request_id == request_id), None)
    taken = {seat.seat for seat in slot.seats}
    number = mine.seat if mine else next((n for n in range(slot.capacity) if n not in taken), None)
    if number is None:
        return "taken"
    start = seat_start(slot.start, slot.minutes, slot.capacity, number)
    if start <= now:
        return "past"
    return Seat(number, start, slot.minutes // slot.capacity or 1)
