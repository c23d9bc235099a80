"""Whom could one ask, as far as we have heard? Practitioners with their terms and visits, kept by the facts that pass.

In memory beside the open seats: every request that finds no seat asks here before it asks the database.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from sys import intern
from typing import NamedTuple
from zoneinfo import ZoneInfo

from dispatcher.matching.open_slot import same
from dispatcher.matching.radius import widened
from dispatcher.matching.standing import Standing
from dispatcher.matching.travel import distance_km
from schemas.event import Event
from schemas.practitioner import PractitionerDescribed, Visit
from schemas.slot import SeatFreed, SlotBooked, SlotClosed
from schemas.values import Place

KEPT = timedelta(days=8)
"""A visit counts to its week for so long."""

Booked = tuple[str, str, datetime, bool]
"""A visit as the database knows it: slot, practitioner, start, counted."""


class Known:
    """One practitioner, as last described."""

    def __init__(self, said: PractitionerDescribed) -> None:
        self.practitioner_id, self.territory = said.practitioner_id, said.territory
        self.profession, self.place = said.profession, same(said.place)
        self.zone, self.terms, self.version = ZoneInfo(said.zone), same(said.terms), said.version


class Seat(NamedTuple):
    """A patient's seat as last heard of. `start` of the visit; of one that is free again (not `taken`), since when."""

    request_id: str
    version: int
    whose: str
    start: datetime
    counted: bool
    taken: bool


class People:
    """`hear` facts in any order, any number of times. `name` gives the string that is kept of a slot's id elsewhere:
    one is enough."""

    def __init__(self, name: Callable[[str], str] = str) -> None:
        self._name = name
        self._known: dict[str, Known] = {}
        self._of_profession: dict[str, dict[str, None]] = {}
        self._seats: dict[str, Seat | tuple[Seat, ...]] = {}  # the one seat of most slots without a tuple around it
        self._slots: dict[str, list[str]] = {}
        self._radii: dict[tuple[Place, tuple[str, ...], str, float], float] = {}

    def hear(self, fact: Event) -> str | None:
        """The practitioner about whom this fact changed something, None = about nobody."""
        match fact:
            case PractitionerDescribed():
                return self._describe(fact)
            case SlotBooked():
                seat = Seat(fact.request_id, fact.state.version, fact.practitioner_id, fact.start, fact.counted, True)
                return self._seat(fact.slot_id, seat)
            case SeatFreed():
                seat = Seat(fact.request_id, fact.state.version, "", fact.at, False, False)
                return self._seat(fact.slot_id, seat)
            case SlotClosed():
                freed = [
                    self._seat(fact.slot_id, seat._replace(version=fact.state.version, start=fact.at, taken=False))
                    for seat in self._seats_of(fact.slot_id)
                ]
                return next((one for one in freed if one), None)
        return None

    def standing(self, practitioner_id: str) -> Standing | None:
        """What the matching must know of the practitioner; None when nothing is. Its caps know one kind of visit: all
        of them where there is a cap by day, else those that count as regulated acts."""
        one = self._known.get(practitioner_id)
        if one is None:
            return None
        visits, terms = self.visits(practitioner_id), one.terms
        return Standing(
            practitioner_id,
            terms.paused_until,
            tuple((away.since, away.until) for away in terms.absences),
            terms.per_day,
            terms.per_week,
            tuple(visit.start for visit in visits if visit.counted or terms.per_day is not None),
            zone=one.zone.key,
        )

    def put_visits(self, visits: Iterable[tuple[str, Booked]]) -> None:
        """What the database remembers: (request, visit). Whatever is heard of the same seat is newer."""
        for request_id, (slot_id, practitioner_id, start, counted) in visits:
            if all(seat.request_id != request_id for seat in self._seats_of(slot_id)):
                self._seat(slot_id, Seat(request_id, 0, practitioner_id, start, counted, True))

    def get(self, practitioner_id: str) -> Known | None:
        return self._known.get(practitioner_id)

    def of(self, professions: Iterable[str]) -> Iterator[Known]:
        """Everybody of these professions, wherever."""
        for profession in professions:
            for one in self._of_profession.get(profession, ()):
                yield self._known[one]

    def radius(self, place: Place, professions: tuple[str, ...], territory: str, radius_km: float) -> float:
        """How far to look from here: the territory's radius, wider where there are few who might take its patients."""
        asked = place, professions, territory, radius_km
        known = self._radii.get(asked)
        if known is None:
            those = (one for one in self.of(professions) if one.territory == territory or one.terms.neighbours)
            kms = (distance_km(place, one.place) for one in those)
            known = self._radii[asked] = widened(radius_km, (km for km in kms if km is not None))
        return known

    def everybody(self) -> Iterable[Known]:
        """All who were described."""
        return self._known.values()

    def visits(self, practitioner_id: str) -> tuple[Visit, ...]:
        """The booked visits of the last days and those to come, by start."""
        seats = (seat for slot_id in self._slots.get(practitioner_id, ()) for seat in self._seats_of(slot_id))
        those = (Visit(seat.start, seat.counted) for seat in seats if seat.taken and seat.whose == practitioner_id)
        return tuple(sorted(those))

    def forget_before(self, moment: datetime) -> None:
        """Drop visits that no week of interest holds any more, and seats that were freed so long ago."""
        for slot_id in list(self._seats):
            seats = self._seats_of(slot_id)
            kept = tuple(seat for seat in seats if seat.start >= moment - KEPT)
            if kept:
                self._keep(slot_id, kept)
                continue
            del self._seats[slot_id]
            for whose in {seat.whose for seat in seats if seat.whose}:
                self._slots[whose].remove(slot_id)

    def _describe(self, said: PractitionerDescribed) -> str | None:
        before = self._known.get(said.practitioner_id)
        if before is not None:
            if before.version >= said.version:
                return None
            self._of_profession[before.profession].pop(said.practitioner_id, None)
        self._radii.clear()
        self._known[said.practitioner_id] = Known(said)
        self._of_profession.setdefault(said.profession, {})[said.practitioner_id] = None
        return said.practitioner_id

    def _seat(self, slot_id: str, seat: Seat) -> str | None:
        """A seat was taken, or freed: with whom. What is older than what is known changes nothing."""
        seats = self._seats_of(slot_id)
        known = next((one for one in seats if one.request_id == seat.request_id), None)
        if known is not None and known.version >= seat.version:
            return None
        whose = intern(seat.whose or (known.whose if known else ""))
        now = seat._replace(whose=whose, start=same(seat.start.astimezone(UTC)))
        slot_id = self._name(slot_id)
        self._keep(slot_id, (*(one for one in seats if one is not known), now))
        if whose and slot_id not in (mine := self._slots.setdefault(whose, [])):
            mine.append(slot_id)
        return whose or None

    def _seats_of(self, slot_id: str) -> tuple[Seat, ...]:
        seats = self._seats.get(slot_id, ())
        return (seats,) if isinstance(seats, Seat) else seats

    def _keep(self, slot_id: str, seats: tuple[Seat, ...]) -> None:
        self._seats[slot_id] = seats[0] if len(seats) == 1 else seats
