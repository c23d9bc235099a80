"""Who hears what, in which lane, how soon, by which channels, and until when is it worth saying?"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from notifications.quiet import REMINDER, reminder_at
from schemas.message import Recipient

UNDO = timedelta(seconds=10)
"""After an act on the phone the SMS leaves only when the regulator can no longer undo it."""
GATHER = timedelta(seconds=60)
"""« Cancelled » waits this long: when a new place is found meanwhile, one SMS says both."""
URGENT_FOR = timedelta(minutes=30)
URGENT_HOURS = 6
WORTH_REMINDING = timedelta(hours=1)
"""A reminder that comes later than this before the visit helps nobody."""
LINK_AFTER_VISIT = timedelta(hours=2)
LINK_WHILE_SOUGHT = timedelta(hours=48)
"""A cancelled patient is told to follow the link: it works while a new place is sought (the longest usual promise)."""


URGENT_WAYS = ("push", "sms", "voice", "email")
"""How a professional is alerted, one after another, until a human acknowledges."""
CALM_WAYS = ("push", "email", "sms")
PATIENT_WAYS = ("sms", "voice")
MOBILE = re.compile(r"\+(?:33[67]|262(?:69|63)|590(?:69)|594(?:69)|596(?:69)|508[45]|687[789]|689(?:8[79])|681[78])")
"""French and overseas mobile numbers (ARCEP's plan; IT and OPT for the Pacific). Foreign ones are taken for mobile."""
HOME = ("+33", "+262", "+590", "+594", "+596", "+508", "+687", "+689", "+681")


def ways_to(recipient: Recipient, lane: int, number: str | None, there: tuple[str, ...]) -> tuple[str, ...]:
    """By which of the channels that are `there` a person is told, the first first. A landline gets no SMS. Where none
    of the usual ones is there (the demonstration's console), all that are."""
    usual: tuple[str, ...] = PATIENT_WAYS if recipient == "patient" else URGENT_WAYS if lane == 0 else CALM_WAYS
    if recipient == "patient" and number is not None and is_landline(number):
        usual = ("voice", "sms") if "voice" in there else ("sms",)
    return tuple(way for way in usual if way in there) or there


def is_landline(number: str) -> bool:
    """An E.164 number of France or overseas that is no mobile."""
    return number.startswith(HOME) and MOBILE.match(number) is None


@dataclass(frozen=True, slots=True)
class Telling:
    """One thing to tell one person. Lanes: 0 urgent alert to a professional, 1 the patient's own act, 2 later."""

    kind: str
    recipient: Recipient
    recipient_id: str
    lane: int
    send_after: datetime
    valid_until: datetime


def of_booking(
    request_id: str,
    practitioner_id: str,
    start: datetime,
    now: datetime,
    *,
    sms: bool,
    moved: bool,
    interactive: bool,
    zone: ZoneInfo,
) -> list[Telling]:
    """A place was found: the patient (unless never by SMS) and the practitioner. The reminder is written at once, too:
    whatever changes the booking takes back what was not said yet."""
    kind, after = ("moved" if moved else "booked"), now + (UNDO if interactive else timedelta())
    practitioner = Telling("new_patient", "practitioner", practitioner_id, 1, after, start)
    if not sms:
        return [practitioner]
    told, again = Telling(kind, "patient", request_id, 1, after, start), reminder_at(start, now, zone)
    if again is None:
        return [told, practitioner]
    return [told, practitioner, Telling("reminder", "patient", request_id, REMINDER, again, start - WORTH_REMINDING)]


def of_leaving(practitioner_id: str, start: datetime, now: datetime) -> list[Telling]:
    """The patient goes elsewhere: who expected her hears that the place is open again."""
    return [Telling("seat_freed", "practitioner", practitioner_id, 1, now, start)]


def of_promise(request_id: str, deadline: datetime, now: datetime, *, sms: bool) -> list[Telling]:
    """A place is kept: the patient hears by when she will be seen, the hour later."""
    return [Telling("promised", "patient", request_id, 1, now, deadline)] if sms else []


def of_cancellation(request_id: str, start: datetime, now: datetime, *, sms: bool) -> list[Telling]:
    """The practitioner cancelled: the patient hears it, with the new place when there is one in time."""
    until = max(start, now + URGENT_FOR)
    return [Telling("cancelled", "patient", request_id, 1, now + GATHER, until)] if sms else []


def of_withdrawal(
    request_id: str, practitioner_id: str | None, start: datetime | None, now: datetime, *, tell_patient: bool
) -> list[Telling]:
    """The place is needed no more: the practitioner, and the patient when it was not the patient's own act.

    Without a `start` no hour was known: the patient, who had been told something, hears that nothing is sought."""
    if start is None:
        return [Telling("sought_no_more", "patient", request_id, 1, now, now + URGENT_FOR)] if tell_patient else []
    patient = [Telling("withdrawn", "patient", request_id, 1, now, start)] if tell_patient else []
    if practitioner_id is None:
        return patient
    return [*patient, Telling("seat_freed", "practitioner", practitioner_id, 1, now, start)]


def of_offer(practitioner_id: str, hours: int, until: datetime, now: datetime) -> Telling:
    """A practitioner is asked to take a patient: before everything else when it is urgent."""
    return Telling("offer", "practitioner", practitioner_id, 0 if hours <= URGENT_HOURS else 1, now, until)


def of_end_of_offer(practitioner_id: str, why: str, start: datetime, now: datetime) -> list[Telling]:
    """The offer stands no more. One that nobody answered in time ends without a word, and so does a late yes, which
    was answered on the spot."""
    kind = {"taken": "offer_taken", "withdrawn": "offer_withdrawn", "lost": "offer_lost"}.get(why)
    until = max(start, now + URGENT_FOR)
    return [Telling(kind, "practitioner", practitioner_id, 1, now, until)] if kind else []


def of_return(practitioner_id: str, start: datetime, now: datetime) -> list[Telling]:
    """Nobody had taken the practitioner's time: it may be used for something else."""
    return [Telling("slot_returned", "practitioner", practitioner_id, 2, now, start)]


def of_call(practitioner_id: str, until: datetime, now: datetime) -> list[Telling]:
    """Seats will be missing: whoever can may open one."""
    return [Telling("call", "practitioner", practitioner_id, 2, now, until)]


def of_escalation(person: str, now: datetime) -> list[Telling]:
    """The named human, before everything else."""
    return [Telling("escalated", "human", person, 0, now, now + URGENT_FOR)]


def of_answer(
    about: str, person: str, now: datetime, *, alarm: bool, sms: bool, who: Literal["patient", "stranger"] = "patient"
) -> list[Telling]:
    """A patient, or a stranger, wrote: a human reads it, at once when there is a word of danger; who wrote hears what
    to do. `about` = the request, or the stranger's SMS."""
    lane, until = (0 if alarm else 1), now + URGENT_FOR
    human = Telling(f"{who}_alarm" if alarm else f"{who}_wrote", "human", person, lane, now, until)
    patient = Telling("call_15" if alarm else "being_read", "patient", about, lane, now, until)
    return [human, patient] if sms else [human]


def of_test(recipient: Recipient, person: str, now: datetime) -> list[Telling]:
    """Somebody wants to know whether alerts arrive."""
    return [Telling("test", recipient, person, 1, now, now + URGENT_FOR)]


def of_untold(person: str, start: datetime, now: datetime) -> list[Telling]:
    """The patient gets no SMS: a human phones her, before the visit."""
    return [Telling("to_call", "human", person, 0, now, max(start, now + URGENT_FOR))]


def of_alarm(person: str, now: datetime) -> list[Telling]:
    """The one on call, before everything else: something of the house itself is wrong."""
    return [Telling("alarm", "human", person, 0, now, now + URGENT_FOR)]
