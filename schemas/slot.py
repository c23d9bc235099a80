"""What is said of a slot and of its seats? Availability alone has the last word on them."""

from typing import ClassVar, Literal

from pydantic import AwareDatetime

from schemas.event import Event
from schemas.values import AgeBand, Capacity, Code, Minutes, Mode, Place, SlotState, Value, Visibility

Seating = Literal["booking", "guarantee"]
"""How a seat is taken: for a visit whose hour is known, or to keep a promise while a better one may still be found."""


class SlotOpened(Event):
    """A practitioner opened a time for one or several patients. Seat n starts at start + n × minutes / capacity.

    `ages` and `reasons` are those the practitioner accepts, empty = all; `specialty` is empty for the ordinary practice
    of the profession. `freeze`: minutes before a seat's start from which nobody new is booked in it."""

    subject: ClassVar[str] = "slot.opened.v1"
    slot_id: str
    practitioner_id: str
    profession: str
    place: Place
    start: AwareDatetime
    minutes: Minutes
    capacity: Capacity
    modes: tuple[Mode, ...]
    state: SlotState
    visibility: Visibility = Visibility.CPTS
    ages: tuple[AgeBand, ...] = ()
    reasons: tuple[Code, ...] = ()
    specialty: str = ""
    freeze: int = 0


class SlotClosed(Event):
    """The practitioner took the slot back. Each patient of it is told of by a `BookingCancelled` of its own."""

    subject: ClassVar[str] = "slot.closed.v1"
    slot_id: str
    state: SlotState


class SlotHeld(Event):
    """A seat is kept while the regulator talks, until `until`."""

    subject: ClassVar[str] = "slot.held.v1"
    slot_id: str
    request_id: str
    start: AwareDatetime
    until: AwareDatetime
    state: SlotState


class HoldReleased(Event):
    """A hold ended without a booking: given back, or its time was over."""

    subject: ClassVar[str] = "hold.released.v1"
    slot_id: str
    request_id: str
    why: Literal["given_back", "expired"]
    state: SlotState


class SlotChosen(Event):
    """The dispatcher proposes this slot for this request. `choice` counts the proposals made for the
    request; `modes` in the order the patient prefers them: availability takes the first that the slot offers.
    A seat that the request has elsewhere is given back in the same transaction, if this one can be had. Whether the
    visit counts to a weekly cap follows from `usual_practitioner` and `regulated_at`. `start`: the seat that was meant
    begins then; of a slot of several seats, none that begins sooner is given."""

    subject: ClassVar[str] = "slot.chosen.v1"
    request_id: str
    slot_id: str
    choice: int
    modes: tuple[Mode, ...]
    patient_territory: str
    slot_territory: str
    reasons: tuple[str, ...] = ()
    usual_practitioner: str | None = None
    regulated_at: AwareDatetime | None = None
    kind: Seating = "booking"
    start: AwareDatetime | None = None


class Move(Value):
    """One request leaves its seat in `from_slot` for one in `to_slot` that begins at `start` at the soonest, and at
    `latest` at the latest."""

    request_id: str
    choice: int
    from_slot: str
    to_slot: str
    modes: tuple[Mode, ...]
    latest: AwareDatetime
    start: AwareDatetime | None = None


class ExchangeChosen(Event):
    """The dispatcher proposes that these promised requests change seats: all of them, or none."""

    subject: ClassVar[str] = "exchange.chosen.v1"
    moves: tuple[Move, ...]


class SlotBooked(Event):
    """The seat is taken for the request. `counted` = it is a regulated act, which counts to a weekly cap."""

    subject: ClassVar[str] = "slot.booked.v1"
    request_id: str
    slot_id: str
    choice: int
    practitioner_id: str
    start: AwareDatetime
    minutes: int
    mode: Mode
    place: Place
    state: SlotState
    kind: Seating = "booking"
    counted: bool = True


class SlotLost(Event):
    """Someone was faster, or the slot is gone: choose again."""

    subject: ClassVar[str] = "slot.lost.v1"
    request_id: str
    slot_id: str
    choice: int
    why: Literal["taken", "closed", "past", "unknown"]
    state: SlotState | None = None


class SeatFreed(Event):
    """A booked seat is open again: the request was withdrawn, or ended before the booking came."""

    subject: ClassVar[str] = "seat.freed.v1"
    slot_id: str
    request_id: str
    state: SlotState


class BookingCancelled(Event):
    """The practitioner cancelled the slot this request had a seat in."""

    subject: ClassVar[str] = "booking.cancelled.v1"
    request_id: str
    slot_id: str
    start: AwareDatetime


class BookingRefused(Event):
    """The request ended (or moved) before its booking was heard of: the seat goes back, unless it was taken again by a
    later `choice` (None: said before choices were; whichever seat it has there)."""

    subject: ClassVar[str] = "booking.refused.v1"
    request_id: str
    slot_id: str
    choice: int | None = None


class SlotReturned(Event):
    """Nobody had taken a seat in time: the slot is closed and its time is the practitioner's again. `first`: no other
    of that day was given back before."""

    subject: ClassVar[str] = "slot.returned.v1"
    slot_id: str
    practitioner_id: str
    start: AwareDatetime
    first: bool


class PatternSet(Event):
    """A practitioner's week that repeats is so from now on; a higher `version` is later. Its slots are said one by one,
    as they are opened."""

    subject: ClassVar[str] = "pattern.set.v1"
    pattern_id: str
    practitioner_id: str
    version: int


class PatternEnded(Event):
    """The week repeats no more. What was open and nobody had taken is closed; who has a seat keeps it."""

    subject: ClassVar[str] = "pattern.ended.v1"
    pattern_id: str
    practitioner_id: str


class PractitionersRegistered(Event):
    """These practitioners are members of the territory, as the public directory says; known ones are up to date."""

    subject: ClassVar[str] = "practitioners.registered.v1"
    practitioner_ids: tuple[str, ...]


class DelegationSet(Event):
    """The delegate acts for these practitioners, and for no others."""

    subject: ClassVar[str] = "delegation.set.v1"
    delegate_id: str
    practitioner_ids: tuple[str, ...]
