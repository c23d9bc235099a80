"""Which tables keep what was said and by whom? Inbox, outbox, receipts, audit, set aside, alarms, beats."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, LargeBinary, Table, text
from sqlmodel import Field, SQLModel

from schemas.event import Event


class Inbox(SQLModel, table=True):
    """What each reader has dealt with. Its key prevents a second effect of a second delivery."""

    __tablename__ = "inbox"
    reader: str = Field(primary_key=True)
    event_id: str = Field(primary_key=True)
    at: datetime


class Outbox(SQLModel, table=True):
    """Facts that are true since their commit and travel after it. Kept 30 days: a lost stream is rebuilt from here."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index(
            "outbox_unpublished",
            "seq",
            sqlite_where=text("published_at IS NULL"),
            postgresql_where=text("published_at IS NULL"),
        ),
    )
    seq: int | None = Field(default=None, primary_key=True)
    id: str = Field(unique=True)
    topic: str
    body: bytes
    recorded_at: datetime
    published_at: datetime | None = None


class Receipt(SQLModel, table=True):
    """The answer to an order, so that the same key answers the same."""

    __tablename__ = "receipt"
    order_id: str = Field(primary_key=True)
    fingerprint: str
    facts: bytes


class Audit(SQLModel, table=True):
    """One entry per state change, in the same transaction: what, about whom, by whom. Never changed, never removed."""

    __tablename__ = "audit"
    __table_args__ = (
        Index(
            "audit_of_slot",
            "slot_id",
            sqlite_where=text("slot_id IS NOT NULL"),
            postgresql_where=text("slot_id IS NOT NULL"),
        ),
    )
    seq: int | None = Field(default=None, primary_key=True)
    event_id: str = Field(unique=True)
    subject: str
    territory: str
    about: str = Field(index=True)
    slot_id: str | None = None
    actor: str
    at: datetime


class AuditSeal(SQLModel, table=True):
    """A link of a territory's chain: what its entries from `first_seq` to `last_seq` were (services/audit/chain.py).

    The two unique keys prevent a second seal for the same entries, whoever runs the sweep.
    """

    __tablename__ = "audit_seal"
    __table_args__ = (
        Index("audit_seal_once", "territory", "first_seq", unique=True),
        Index("audit_seal_reach", "last_seq"),
    )
    territory: str = Field(primary_key=True)
    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    first_seq: int
    last_seq: int
    entries: int
    digests: bytes = Field(sa_type=LargeBinary)
    previous: str
    hash: str
    sealed_at: datetime
    key: str
    signature: str


class Aside(SQLModel, table=True):
    """A message that failed again and again, or that nobody understands. The body is sealed: it may hold anything.

    `about` is the request it names, when there is one, else (for a request that could not be read) its reader.
    """

    __tablename__ = "aside"
    id: str = Field(primary_key=True)
    reader: str
    topic: str
    event_id: str
    body: str
    error: str
    tries: int
    at: datetime
    about: str | None = None


class Alarm(SQLModel, table=True):
    """Something an operator must look at. The index keeps one uncleared alarm of a kind about one thing."""

    __tablename__ = "alarm"
    __table_args__ = (
        Index(
            "alarm_uncleared",
            "kind",
            "about",
            unique=True,
            sqlite_where=text("cleared_at IS NULL"),
            postgresql_where=text("cleared_at IS NULL"),
        ),
    )
    id: str = Field(primary_key=True)
    kind: str
    about: str
    territory: str | None = None
    words: str
    raised_at: datetime
    cleared_at: datetime | None = None


class Beat(SQLModel, table=True):
    """The last sign of life of a sweep or a process."""

    __tablename__ = "beat"
    name: str = Field(primary_key=True)
    at: datetime
    detail: str = Field(default="", sa_column_kwargs={"server_default": ""})


def _table(model: Any) -> Table:
    table: Table = model.__table__  # SQLModel does not type it
    return table


INBOX, OUTBOX, RECEIPT, AUDIT = map(_table, (Inbox, Outbox, Receipt, Audit))
SEAL, ASIDE, ALARM, BEAT = map(_table, (AuditSeal, Aside, Alarm, Beat))


def outbox_row(fact: Event, now: datetime) -> dict[str, Any]:
    """The fact as it will travel."""
    return {"id": fact.id, "topic": fact.topic(), "body": fact.body, "recorded_at": now}


def audit_row(fact: Event) -> dict[str, Any]:
    """The fact as the audit keeps it: ids, never what was sealed."""
    return {
        "event_id": fact.id,
        "subject": fact.subject,
        "territory": fact.territory,
        "about": getattr(fact, "request_id", None) or getattr(fact, "slot_id", None) or fact.id,
        "slot_id": getattr(fact, "slot_id", None),
        "actor": fact.actor.model_dump_json(exclude_none=True),
        "at": fact.at,
    }


_KEPT = ("audit", "audit_seal")
GUARDS = {
    "sqlite": tuple(
        f"CREATE TRIGGER IF NOT EXISTS {table}_no_{act.lower()} BEFORE {act} ON {table}"
        f" BEGIN SELECT RAISE(ABORT, '{table} is append only'); END"
        for table in _KEPT
        for act in ("UPDATE", "DELETE")
    ),
    "postgresql": (
        """
        CREATE OR REPLACE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION '% is append only', TG_TABLE_NAME; END $$
        """,
        *(
            f"CREATE OR REPLACE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION append_only()"
            for table in _KEPT
        ),
    ),
}
"""What the database refuses by itself: the audit and its seals are written once and never changed."""
