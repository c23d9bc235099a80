"""Which tables does the dispatcher own?"""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, Table, false, text
from sqlmodel import Field, SQLModel

PLACED = text("practitioner_id IS NOT NULL")
ACCEPTED, MADE = text("state = 'accepted'"), text("state = 'made'")


class CareRequestTable(SQLModel, table=True):
    """One request. `choice` counts the proposals made; `pending` is the slot proposed and not yet answered,
    within an exchange of seats when `exchanging`; `promised_at`: when the patient was promised a place;
    `unmatched`: it was looked for, nobody fitted, and the next seat that opens may be for it.
    `phone_digest` is keyed: it finds a number again and tells none. `counted`: the visit is a regulated act."""

    __tablename__ = "care_request"
    __table_args__ = (
        Index("care_request_board", "territory", "state", "deadline"),
        Index("care_request_entered", "territory", "entered_at"),
        Index("care_request_of_practitioner", "practitioner_id", "start", sqlite_where=PLACED, postgresql_where=PLACED),
        Index(
            "care_request_unmatched",
            "territory",
            "profession",
            "deadline",
            sqlite_where=text("unmatched = 1"),
            postgresql_where=text("unmatched"),
        ),
    )
    id: str = Field(primary_key=True)
    territory: str
    state: str
    profession: str
    need: str
    patient: str
    phone_digest: str | None = Field(default=None, index=True)
    deadline: datetime
    entered_at: datetime
    entered_by: str
    interactive: bool = False
    choice: int = 0
    pending: str | None = None
    unmatched: bool = False
    lost: str = "[]"
    slot_id: str | None = None
    practitioner_id: str | None = None
    start: datetime | None = None
    minutes: int | None = None
    mode: str | None = None
    place: str | None = None
    reasons: str = "[]"
    others: str = "[]"
    counts: str = "{}"
    moved: bool = False
    escalated_to: str | None = None
    promised_at: datetime | None = None
    exchanging: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    rank: int = -1
    acknowledged_at: datetime | None = None
    closed_at: datetime | None = None
    counted: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    confirmed_for: str | None = None


class TimerTable(SQLModel, table=True):
    """What must happen to a request, and when. Due timers are taken by deleting them: twice is impossible."""

    __tablename__ = "request_timer"
    request_id: str = Field(primary_key=True)
    wake: str = Field(primary_key=True)
    due: datetime = Field(index=True)


class KnownSlotTable(SQLModel, table=True):
    """A slot as heard of. `details` is empty until its SlotOpened has come; `version` refuses older news."""

    __tablename__ = "known_slot"
    slot_id: str = Field(primary_key=True)
    version: int
    state: str
    details: str | None = None
    start: datetime | None = Field(default=None, index=True)


class KnownPractitionerTable(SQLModel, table=True):
    """A practitioner as last described; `version` refuses older news."""

    __tablename__ = "known_practitioner"
    practitioner_id: str = Field(primary_key=True)
    version: int
    details: str


class OfferTable(SQLModel, table=True):
    """A practitioner who was asked about a request. Its id comes from both: the same twice is impossible.

    States: made → accepted → undone | ended; made → declined | ended. `answer` is what was said, also when too late.
    """

    __tablename__ = "offer"
    __table_args__ = (
        Index("offer_of_request", "request_id", "ring"),
        Index("offer_of_practitioner", "practitioner_id", "made_at"),
        Index("offer_learned", "territory", "profession", "made_at"),
        Index("offer_one_accepted", "request_id", unique=True, sqlite_where=ACCEPTED, postgresql_where=ACCEPTED),
        Index("offer_open", "practitioner_id", sqlite_where=MADE, postgresql_where=MADE),
    )
    id: str = Field(primary_key=True)
    request_id: str
    practitioner_id: str
    territory: str
    profession: str
    ring: int
    circle: str
    state: str
    answer: str | None = None
    why: str | None = None
    km: float | None = None
    mode: str
    start: datetime
    minutes: int
    made_at: datetime
    until: datetime
    answered_at: datetime | None = None
    ended_at: datetime | None = None


class RosterTable(SQLModel, table=True):
    """Who is alerted in a territory, in which order; `phone` and `email` are sealed."""

    __tablename__ = "roster"
    territory: str = Field(primary_key=True)
    rank: int = Field(primary_key=True)
    person: str
    name: str
    channel: str
    phone: str | None = None
    email: str | None = None


class ScarcityTable(SQLModel, table=True):
    """What one seat more would be worth in a territory, and where seats will be short, as worked out at `at`."""

    __tablename__ = "scarcity"
    territory: str = Field(primary_key=True)
    at: datetime
    body: str


class CalledTable(SQLModel, table=True):
    """When a practitioner was last called for seats."""

    __tablename__ = "called"
    practitioner_id: str = Field(primary_key=True)
    at: datetime


def _table(model: Any) -> Table:
    table: Table = model.__table__  # SQLModel does not type it
    return table


REQUEST, TIMER, KNOWN, ROSTER = map(_table, (CareRequestTable, TimerTable, KnownSlotTable, RosterTable))
DESCRIBED, OFFER, SCARCITY = map(_table, (KnownPractitionerTable, OfferTable, ScarcityTable))
CALLED = _table(CalledTable)
