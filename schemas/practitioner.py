"""What is said of a practitioner? Who, where, and on which terms Relais may count on him or her."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import ClassVar, Literal, NamedTuple
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, Field, model_validator

from schemas.event import Event
from schemas.values import Place, Value, Zone

DOCTOR = "10"
REGULATED_A_WEEK = 20
"""Acts a week for which the health insurance pays doctors the supplement for unscheduled care (ameli.fr)."""
SUPPLEMENT_WITHIN = timedelta(hours=48)
"""A regulated act counts when the visit begins within 48 h of the regulation (ameli.fr)."""
DAY_BEGINS, DAY_ENDS, SUNDAY = 8, 20, 6
"""Outside these hours, and on Sundays, care is out-of-hours care (PDSA): another contract, no supplement."""

Why = Literal["paused", "absent", "day_full", "week_full"]


class Absence(Value):
    """Away from `since` to `until`, both aware UTC."""

    since: AwareDatetime
    until: AwareDatetime

    @model_validator(mode="after")
    def _in_order(self) -> "Absence":
        if self.since >= self.until:
            raise ValueError("an absence ends after it begins")
        return self


class Terms(Value):
    """What a practitioner allows; nothing is taken for granted. `paused_until`: no visit before. `per_day` visits of
    any kind, `per_week` regulated acts, None = no limit. `offers`: may be asked for patients of the own territory,
    `neighbours`: also for those of others. `extra`: may be phoned for one more. `give_back`: a slot in which nobody has
    a seat goes back to the practitioner that many minutes before it begins (None: it stays open to the last)."""

    offers: bool
    paused_until: AwareDatetime | None = None
    absences: tuple[Absence, ...] = Field(default=(), max_length=50)
    per_day: int | None = Field(default=None, ge=1, le=100)
    per_week: int | None = Field(default=None, ge=1, le=500)
    neighbours: bool = False
    extra: bool = False
    give_back: int | None = Field(default=None, ge=30, le=2880)


def usual_terms(profession: str) -> Terms:
    """The terms of whoever has said nothing yet."""
    return Terms(offers=False, per_week=REGULATED_A_WEEK if profession == DOCTOR else None)


class Visit(NamedTuple):
    """A visit that is booked: when, and whether it counts as a regulated act."""

    start: datetime
    counted: bool


def refused_by(terms: Terms, zone: ZoneInfo, visits: Iterable[Visit], start: datetime, *, counted: bool) -> Why | None:
    """Why the terms allow no more visit at `start`, None when they do. Days and weeks (from Monday) are local ones."""
    if terms.paused_until is not None and start < terms.paused_until:
        return "paused"
    if any(away.since <= start < away.until for away in terms.absences):
        return "absent"
    if terms.per_day is None and terms.per_week is None:
        return None
    local = start.astimezone(zone)
    that_day, that_week = local.date(), local.isocalendar()[:2]
    known = [(visit.start.astimezone(zone), visit.counted) for visit in visits]
    if terms.per_day is not None and sum(at.date() == that_day for at, _ in known) >= terms.per_day:
        return "day_full"
    acts = sum(one and at.isocalendar()[:2] == that_week for at, one in known)
    return "week_full" if counted and terms.per_week is not None and acts >= terms.per_week else None


def counts_as_regulated(start: datetime, regulated_at: datetime, zone: ZoneInfo, *, own_patient: bool) -> bool:
    """Whether a visit counts to the weekly cap: within 48 h of the regulation, in opening hours, not the doctor's own
    patient (ameli.fr). Public holidays are counted as working days here: the cap is reached sooner, never later."""
    local = start.astimezone(zone)
    open_ = DAY_BEGINS <= local.hour < DAY_ENDS and local.weekday() != SUNDAY
    return open_ and not own_patient and start - regulated_at <= SUPPLEMENT_WITHIN


class PractitionerDescribed(Event):
    """Who a practitioner is and what he or she allows, from now on; a higher `version` is later. Never a name, never a
    number. `zone` = the IANA time zone of the place."""

    subject: ClassVar[str] = "practitioner.described.v1"
    practitioner_id: str
    profession: str
    place: Place
    zone: Zone = "Europe/Paris"
    terms: Terms
    version: int
