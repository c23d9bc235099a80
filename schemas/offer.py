"""What is said of an offer: a practitioner asked whether he or she takes one more patient?"""

from enum import StrEnum
from typing import ClassVar, Literal

from pydantic import AwareDatetime

from schemas.event import Event
from schemas.values import AgeBand, Minutes, Mode, Place


class Circle(StrEnum):
    """Why somebody is asked, from the nearest to the farthest; `extra` = by phone, by the regulator."""

    USUAL = "usual"
    NEAR = "near"
    TERRITORY = "territory"
    NEIGHBOURS = "neighbours"
    EXTRA = "extra"


class OfferMade(Event):
    """A practitioner is asked to take the patient, at `start` or another time before `deadline`. An answer counts until
    `until`. What is said of the patient is what a slot shows: where, age band, mode, how soon (`hours`)."""

    subject: ClassVar[str] = "offer.made.v1"
    offer_id: str
    request_id: str
    practitioner_id: str
    ring: int
    circle: Circle
    profession: str
    place: Place
    age: AgeBand
    mode: Mode
    hours: int
    start: AwareDatetime
    minutes: Minutes
    deadline: AwareDatetime
    until: AwareDatetime


class OfferAccepted(Event):
    """This practitioner takes the patient: so the dispatcher decided. Availability opens and books the time
    (`slot_id`), or says that it is lost. `by_phone` = agreed with the regulator."""

    subject: ClassVar[str] = "offer.accepted.v1"
    offer_id: str
    request_id: str
    practitioner_id: str
    slot_id: str
    choice: int
    start: AwareDatetime
    minutes: Minutes
    mode: Mode
    usual_practitioner: str | None = None
    regulated_at: AwareDatetime | None = None
    by_phone: bool = False


class OfferDeclined(Event):
    """The practitioner does not take the patient. It costs nothing."""

    subject: ClassVar[str] = "offer.declined.v1"
    offer_id: str
    request_id: str
    practitioner_id: str


class OfferEnded(Event):
    """The offer stands no more: another takes the patient, time is over, the patient needs nobody (or found a slot),
    the yes came too late, or the time agreed was not free (`lost`)."""

    subject: ClassVar[str] = "offer.ended.v1"
    offer_id: str
    request_id: str
    practitioner_id: str
    why: Literal["taken", "expired", "withdrawn", "too_late", "lost"]
    start: AwareDatetime
