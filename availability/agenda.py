"""What does a practitioner open? New slots, their seats in time, and what may not overlap."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, Field

from schemas.practitioner import Terms
from schemas.sealed import Sealed
from schemas.values import AgeBand, Capacity, Code, Minutes, Mode, Place, SlotState, Value, Visibility

AHEAD_AT_MOST = timedelta(days=90)
"""A slot of unscheduled care further away than this is a slip of the pen."""


LONGEST_FREEZE = 48 * 60
"""Minutes. Who wants to know two days before is asked for nothing unscheduled."""


class Audience(Value):
    """For whom a time is: to whom it is shown, the ages and reasons that are accepted (none named = all), the specialty
    ("" = the ordinary practice), and `freeze`: minutes before a seat's start from which nobody new is booked in it."""

    visibility: Visibility = Visibility.CPTS
    ages: tuple[AgeBand, ...] = Field(default=(), max_length=len(AgeBand))
    reasons: tuple[Code, ...] = Field(default=(), max_length=30)
    specialty: str = Field(default="", max_length=8)
    freeze: int = Field(default=0, ge=0, le=LONGEST_FREEZE)


ANYBODY = Audience()


class Practice(Value):
    """A place at which a practitioner sees patients: INSEE commune, postal code, street, WGS 84 degrees."""

    commune: str
    postal_code: str = ""
    address: str = ""
    lat: float | None = None
    lon: float | None = None

    @property
    def key(self) -> str:
        """What tells it from the same person's other places, while its address stays the same."""
        return blake2b("\x1f".join((self.commune, self.postal_code, self.address)).encode(), digest_size=8).hexdigest()


class NewSlot(Value):
    """A time to open: start (aware UTC), length in minutes, how many patients, in which modes, for whom. `pattern`: the
    week that repeats (its id) from which it comes; `feed` and `uid`: the linked agenda, and its time there. `place`
    None = the practitioner's main one."""

    start: AwareDatetime
    minutes: Minutes
    capacity: Capacity = 1
    modes: tuple[Mode, ...] = Field(default=(Mode.OFFICE,), min_length=1)
    audience: Audience = ANYBODY
    pattern: str | None = None
    feed: str | None = None
    uid: str | None = None
    place: Practice | None = None


class NewPractitioner(Value):
    """A health professional of the territory. Name, national number (8 + RPPS, 0 + ADELI) and office address are those
    of the public directory; `phone` and `email` are sealed under the practitioner's own key; `terms` are those agreed
    on joining, and change nothing later."""

    id: str = Field(min_length=3, max_length=64, pattern=r"^[a-z0-9][a-z0-9-]*$")
    name: str = Field(min_length=2, max_length=120)
    profession: str
    specialty: str | None = None
    commune: str
    lat: float | None = None
    lon: float | None = None
    address: str = ""
    zone: str | None = None
    phone: Sealed[str] | None = None
    email: Sealed[str] | None = None
    national_id: str | None = Field(default=None, max_length=20)
    terms: Terms | None = None


class SeatRow(NamedTuple):
    """An active seat: `kind` is "hold" (with `expires_at`), "guarantee" (keeps a promise until a better
    seat is found or its hour is told) or "booking". `choice` = the dispatcher's latest that took it; 0 = none yet."""

    slot_id: str
    seat: int
    request_id: str
    kind: Literal["hold", "guarantee", "booking"]
    start: datetime
    minutes: int
    mode: Mode
    expires_at: datetime | None
    choice: int = 0


class SlotRow(NamedTuple):
    """A slot with its active seats. `gone` = whoever has a seat keeps it, nobody else gets one. `address` = the street
    of a further place of practice; None = it is at the main one."""

    slot_id: str
    territory: str
    practitioner_id: str
    profession: str
    place: Place
    start: datetime
    minutes: int
    capacity: int
    modes: tuple[Mode, ...]
    status: str
    version: int
    seats: tuple[SeatRow, ...]
    once: bool = False
    audience: Audience = ANYBODY
    pattern: str | None = None
    gone: bool = False
    address: str | None = None

    @property
    def practice(self) -> Practice | None:
        """The further place of practice, without its postal code; None = the main one."""
        if self.address is None:
            return None
        return Practice(commune=self.place.commune, address=self.address, lat=self.place.lat, lon=self.place.lon)


def seat_start(start: datetime, minutes: int, capacity: int, seat: int) -> datetime:
    """Seat n begins at start + n × minutes / capacity, on a whole minute."""
    return start + timedelta(minutes=minutes * seat // capacity)


def slot_ends(slot: NewSlot | SlotRow) -> datetime:
    return slot.start + timedelta(minutes=slot.minutes)


def is_at(slot: SlotRow, place: Practice | None) -> bool:
    """Whether the slot is at this place; None = the main one."""
    there = None if place is None else place.address
    return slot.address == there and (place is None or slot.place.commune == place.commune)


def touches(start: datetime, ends: datetime, spans: Iterable[tuple[datetime, datetime]]) -> bool:
    """Whether [start, ends) has a moment in common with one of the spans."""
    return any(since < ends and until > start for since, until in spans)


def state_of(slot: SlotRow) -> SlotState:
    """What is left of the slot. A closed slot has nothing left, nor has one that is gone where it came from."""
    taken = {seat.seat for seat in slot.seats}
    free = [] if slot.status != "open" or slot.gone else [seat for seat in range(slot.capacity) if seat not in taken]
    starts = tuple(int(seat_start(slot.start, slot.minutes, slot.capacity, seat).timestamp()) for seat in free)
    return SlotState(
        version=slot.version,
        free=len(free),
        next_start=starts[0] if starts else None,
        starts=starts if slot.capacity > 1 else (),
    )


def overlap(new: Sequence[NewSlot], open_: Iterable[SlotRow]) -> tuple[datetime, int] | None:
    """The first slot (start, minutes) that one of the new ones would overlap, among the open and the new ones."""
    spans = [(slot.start, slot.minutes) for slot in open_]
    for slot in sorted(new, key=lambda slot: slot.start):
        for start, minutes in spans:
            if slot.start < start + timedelta(minutes=minutes) and start < slot.start + timedelta(minutes=slot.minutes):
                return start, minutes
        spans.append((slot.start, slot.minutes))
    return None


def again(rows: Iterable[SlotRow], days: int, zone: ZoneInfo, now: datetime) -> list[NewSlot]:
    """The same times so many days later, by the clock of the place: those still to come. What was opened for one
    patient alone is left out, and what was taken back."""
    slots = []
    for row in rows:
        local = row.start.astimezone(zone).replace(tzinfo=None) + timedelta(days=days)
        start = local.replace(tzinfo=zone).astimezone(UTC)
        if start > now and row.status == "open" and not row.once:
            slots.append(
                NewSlot(
                    start=start,
                    minutes=row.minutes,
                    capacity=row.capacity,
                    modes=row.modes,
                    audience=row.audience,
                    place=row.practice,
                )
            )
    return slots


def usable_mode(wanted: Sequence[Mode], offered: Sequence[Mode]) -> Mode:
    """The mode the patient prefers among those offered; the slot's first when none fits (a person chose it)."""
    return next((mode for mode in wanted if mode in offered), offered[0])
