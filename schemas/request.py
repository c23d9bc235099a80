"""What is said of a care request, from the regulator's words to its end?"""

from typing import ClassVar, Literal

from pydantic import AwareDatetime, Field

from schemas.event import Event
from schemas.sealed import Sealed
from schemas.values import AgeBand, Code, Mode, Place, Value


class Need(Value):
    """What deciding needs of a request, and nothing else: no name, no phone, no free text.

    `modes` in the order the patient prefers them; `hours` is the promise (6, 24, 48 or the regulator's own);
    start of the visit must lie in [earliest, deadline], both aware UTC. `radius_km` as the crow flies. `also` are the
    professions that the territory's protocol allows besides `profession`; `specialty` is empty for the ordinary
    practice of the profession; `excluded` are practitioners who must not be proposed; `reason` is a protocol's code.
    `told_before`: late confirmation. The patient is promised a place before the deadline at once, and hears the hour
    that many minutes before the visit at the latest; None = the hour is told at once.
    """

    profession: str
    modes: tuple[Mode, ...] = Field(default=(Mode.OFFICE,), min_length=1)
    place: Place
    earliest: AwareDatetime
    deadline: AwareDatetime
    hours: int = Field(default=24, ge=1, le=24 * 14)
    radius_km: float = Field(default=30, gt=0, le=200)
    no_vehicle: bool = False
    age: AgeBand = AgeBand.UNKNOWN
    usual_practitioner: str | None = None
    told_before: int | None = Field(default=None, ge=30, le=720)
    also: tuple[str, ...] = ()
    specialty: str = ""
    excluded: tuple[str, ...] = ()
    reason: Code | None = None

    @property
    def professions(self) -> tuple[str, ...]:
        """All that may serve, each once, the one asked for first."""
        return tuple(dict.fromkeys((self.profession, *self.also)))


class Patient(Value):
    """The person, sealed under the request's key. `sms` False = never by SMS. `discreet` = what she is sent does not
    say who writes: others may read her phone."""

    name: Sealed[str]
    phone: Sealed[str]
    note: Sealed[str] | None = None
    address: Sealed[str] | None = None
    birth_year: Sealed[str] | None = None
    language: str = "fr"
    sms: bool = True
    discreet: bool = False


Why = Literal["patient_prefers", "continuity", "transport", "other"]
"""Why a person chose a place far from the best one. Codes: words could be about the patient's health."""


class CareRequested(Event):
    """A regulator (or a secretary, a pharmacist, a nurse) entered a request.

    `slot_id` = the seat held while talking; `why` = she chose one that is far from the best, and this is why.
    """

    subject: ClassVar[str] = "request.entered.v1"
    request_id: str
    need: Need
    patient: Patient
    slot_id: str | None = None
    why: Why | None = None


class CareUnmatched(Event):
    """Nobody fits now. `counts` says how many slots each rule refused; the search goes on until `escalate_at`."""

    subject: ClassVar[str] = "request.unmatched.v1"
    request_id: str
    counts: dict[str, int]
    escalate_at: AwareDatetime


class Left(Value):
    """A place that was given up for another one."""

    slot_id: str
    practitioner_id: str
    start: AwareDatetime


class RequestBooked(Event):
    """The request has its place: tell the patient and the practitioner. `moved` = it replaces an earlier one;
    `choice` = the proposal it came of: a later place has a higher one, whatever the clocks say. `left` = the place
    that was given up for it, whose practitioner hears of it."""

    subject: ClassVar[str] = "request.booked.v1"
    request_id: str
    slot_id: str
    practitioner_id: str
    start: AwareDatetime
    minutes: int
    mode: Mode
    place: Place
    patient: Patient
    reasons: tuple[str, ...] = ()
    moved: bool = False
    interactive: bool = False
    choice: int = 0
    left: Left | None = None


class RequestPromised(Event):
    """A seat is kept for the patient, who is promised a visit by the deadline; which seat it will be is settled later.
    `again` = the promise stands, only the seat that guarantees it is another one: nobody need hear of it."""

    subject: ClassVar[str] = "request.promised.v1"
    request_id: str
    slot_id: str
    practitioner_id: str
    start: AwareDatetime
    deadline: AwareDatetime
    choice: int
    patient: Patient
    again: bool = False


class RequestReopened(Event):
    """The place of this `choice` is gone, mostly because the practitioner cancelled: the patient is sought a new one
    with what is left of the same deadline. `promised` = the patient never heard of that place, only of a promise."""

    subject: ClassVar[str] = "request.reopened.v1"
    request_id: str
    slot_id: str
    start: AwareDatetime
    patient: Patient
    choice: int = 0
    promised: bool = False


class RequestConfirmed(Event):
    """The patient said yes, I come."""

    subject: ClassVar[str] = "request.confirmed.v1"
    request_id: str
    slot_id: str


class RequestWithdrawn(Event):
    """Nobody needs the place any more: by the patient's link or by the regulator (see `actor`)."""

    subject: ClassVar[str] = "request.withdrawn.v1"
    request_id: str
    slot_id: str | None
    practitioner_id: str | None = None
    start: AwareDatetime | None = None
    patient: Patient


class RequestEscalated(Event):
    """A named human is alerted before the miss, with the counted reasons why. `rank` 0 = first of the roster."""

    subject: ClassVar[str] = "request.escalated.v1"
    request_id: str
    person: str
    rank: int
    deadline: AwareDatetime
    counts: dict[str, int]
    why: Literal["no_place", "unanswered", "overdue"] = "no_place"


class EscalationAcknowledged(Event):
    """The named human has it in hand."""

    subject: ClassVar[str] = "escalation.acknowledged.v1"
    request_id: str


class RequestAnswered(Event):
    """The patient answered by SMS what only a human can act on: this one must read it. `alarm` = a word of danger."""

    subject: ClassVar[str] = "request.answered.v1"
    request_id: str
    person: str
    alarm: bool
    patient: Patient


Untold = Literal["booked", "promised", "cancelled"]


class RequestUntold(Event):
    """The patient gets no SMS: this human must phone her, of the place at `start`, or of a promise until then."""

    subject: ClassVar[str] = "request.untold.v1"
    request_id: str
    person: str
    start: AwareDatetime
    why: Untold


class RequestErased(Event):
    """The person asked to be forgotten: what was sealed about the request can be read by nobody any more."""

    subject: ClassVar[str] = "request.erased.v1"
    request_id: str


class RequestClosed(Event):
    """The end, named, dated, by whom (`actor`)."""

    subject: ClassVar[str] = "request.closed.v1"
    request_id: str
    outcome: Literal["fulfilled", "no_show", "redirected", "advised", "unmet"]
    slot_id: str | None = None


class RosterSet(Event):
    """Who is alerted in the territory from now on, by id, first to last."""

    subject: ClassVar[str] = "roster.set.v1"
    people: tuple[str, ...]
