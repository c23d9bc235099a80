"""Which tables does availability own, and what does the database itself refuse?"""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, Table, false, literal_column, text
from sqlmodel import Field, SQLModel

ACTIVE, ENDS = text("state = 'active'"), text("state = 'active' AND expires_at IS NOT NULL")
FED = text("feed IS NOT NULL")


class PractitionerTable(SQLModel, table=True):
    """A health professional, as in the public directory. `phone` and `email` are sealed under the practitioner's own
    key; `national_id` = 8 + RPPS or 0 + ADELI; `version` counts what was said of the terms: 0 = nothing yet."""

    __tablename__ = "practitioner"
    id: str = Field(primary_key=True)
    territory: str = Field(index=True)
    name: str
    profession: str
    specialty: str | None = None
    commune: str
    lat: float | None = None
    lon: float | None = None
    address: str = ""
    zone: str | None = None
    phone: str | None = None
    email: str | None = None
    national_id: str | None = Field(default=None, index=True)
    terms: str | None = None
    version: int = Field(default=0, sa_column_kwargs={"server_default": "0"})


class PracticeTable(SQLModel, table=True):
    """A further place at which a practitioner sees patients; the main one is in the practitioner's own row."""

    __tablename__ = "practice"
    practitioner_id: str = Field(primary_key=True)
    rank: int = Field(primary_key=True)
    commune: str
    postal_code: str
    address: str
    lat: float | None = None
    lon: float | None = None


class DelegationTable(SQLModel, table=True):
    """Who may act for whom."""

    __tablename__ = "delegation"
    delegate_id: str = Field(primary_key=True)
    practitioner_id: str = Field(primary_key=True)


class SlotTable(SQLModel, table=True):
    """A time a practitioner opened. `address` = the street of a further place of practice, NULL = at the main one.
    `ends` is kept so that the database itself can refuse overlaps; `once` = opened for one patient alone, on being
    asked: it is open to nobody else afterwards. `audience` = for whom it is, empty = for
    anybody of the territory; `pattern` = the week that repeats from which it comes, `feed` and `uid` the agenda kept
    elsewhere; `gone` = it is no longer there: closed, or open for the patients who have seats and for nobody else."""

    __tablename__ = "slot"
    __table_args__ = (
        Index("slot_agenda", "practitioner_id", "start"),
        Index("slot_of_feed", "feed", "start", sqlite_where=FED, postgresql_where=FED),
    )
    id: str = Field(primary_key=True)
    territory: str
    practitioner_id: str
    profession: str
    commune: str
    lat: float | None = None
    lon: float | None = None
    start: datetime
    ends: datetime
    minutes: int
    capacity: int
    modes: str
    status: str = "open"
    version: int = 1
    once: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    audience: str | None = None
    pattern: str | None = None
    feed: str | None = None
    uid: str | None = None
    address: str | None = None
    gone: bool = Field(default=False, sa_column_kwargs={"server_default": false()})


class PatternTable(SQLModel, table=True):
    """A week that repeats. `body` is the pattern; `version` counts its changes; slots are open until `opened_until`."""

    __tablename__ = "pattern"
    __table_args__ = (
        Index("pattern_of_practitioner", "practitioner_id"),
        Index("pattern_due", "territory", "opened_until"),
    )
    id: str = Field(primary_key=True)
    territory: str
    practitioner_id: str
    body: str
    version: int
    opened_until: datetime
    ended: bool = Field(default=False, sa_column_kwargs={"server_default": false()})


class FeedTable(SQLModel, table=True):
    """An agenda kept elsewhere, and how reading it went. `url` is sealed under the practitioner's own key: it often
    holds a secret; `host` is shown; `place`: JSON, a further place of practice, NULL = the main one. `due_at`
    None = not asked by itself; `read_at` = when all of it was read last; `digest` = of what mattered in it then;
    `left_out`: JSON, how many of its events were not used, by reason."""

    __tablename__ = "feed"
    id: str = Field(primary_key=True)
    territory: str = Field(index=True)
    practitioner_id: str = Field(index=True)
    kind: str
    means: str
    host: str
    url: str | None = None
    national_id: str | None = None
    modes: str
    visit_minutes: int | None = None
    place: str | None = None
    made_at: datetime
    due_at: datetime | None = Field(default=None, index=True)
    etag: str | None = None
    modified: str | None = None
    digest: str | None = None
    read_at: datetime | None = None
    tried_at: datetime | None = None
    succeeded_at: datetime | None = None
    failures: int = 0
    error: str | None = None
    times: int = 0
    left_out: str = "{}"
    removed_at: datetime | None = None


class BusyTable(SQLModel, table=True):
    """A time in which a practitioner is taken, as a feed says: nothing is opened there."""

    __tablename__ = "busy"
    __table_args__ = (Index("busy_of_practitioner", "practitioner_id", "ends"),)
    feed_id: str = Field(primary_key=True)
    uid: str = Field(primary_key=True)
    practitioner_id: str
    start: datetime
    ends: datetime


class BookingTable(SQLModel, table=True):
    """A seat that was held or booked. The two unique indexes prevent a double booking, whatever the code does.
    `counted` = a regulated act, which counts to the practitioner's weekly cap; `choice` = which of the dispatcher's
    choices took it."""

    __tablename__ = "booking"
    __table_args__ = (
        Index(
            "booking_one_per_seat",
            "slot_id",
            "seat",
            unique=True,
            sqlite_where=ACTIVE,
            postgresql_where=ACTIVE,
        ),
        Index("booking_one_per_request", "request_id", unique=True, sqlite_where=ACTIVE, postgresql_where=ACTIVE),
        Index("booking_expiry", "expires_at", sqlite_where=ENDS, postgresql_where=ENDS),
    )
    seq: int | None = Field(default=None, primary_key=True)
    slot_id: str
    seat: int
    request_id: str
    kind: str
    state: str = "active"
    start: datetime
    minutes: int
    mode: str
    expires_at: datetime | None = None
    made_at: datetime
    counted: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    choice: int = Field(default=0, sa_column_kwargs={"server_default": "0"})


GUARDS = {
    "sqlite": (
        """
        CREATE TRIGGER IF NOT EXISTS slot_overlap BEFORE INSERT ON slot WHEN NEW.status = 'open' AND EXISTS (
            SELECT 1 FROM slot WHERE practitioner_id = NEW.practitioner_id AND status = 'open'
            AND start < NEW.ends AND ends > NEW.start)
        BEGIN SELECT RAISE(ABORT, 'slot overlaps another of the same practitioner'); END
        """,
    ),
    "postgresql": (
        "CREATE EXTENSION IF NOT EXISTS btree_gist",
        """
        DO $$ BEGIN
            ALTER TABLE slot ADD CONSTRAINT slot_overlap EXCLUDE USING gist
                (practitioner_id WITH =, tstzrange(start, ends) WITH &&) WHERE (status = 'open');
        EXCEPTION WHEN duplicate_object OR duplicate_table THEN NULL; END $$
        """,
    ),
}
"""What the database refuses by itself: two open slots of one practitioner at the same time."""


def _table(model: Any) -> Table:
    table: Table = model.__table__  # SQLModel does not type it
    return table


PRACTITIONER, DELEGATION = _table(PractitionerTable), _table(DelegationTable)
SLOT, BOOKING, PATTERN = map(_table, (SlotTable, BookingTable, PatternTable))
FEED, BUSY, PRACTICE = map(_table, (FeedTable, BusyTable, PracticeTable))
LIVE = BOOKING.c.state == literal_column("'active'")
"""Said as the indexes say it: of a parameter PostgreSQL does not know that it is that state."""
