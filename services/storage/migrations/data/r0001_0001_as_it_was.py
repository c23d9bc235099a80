"""What did the database look like before it had revisions? Every table, index and guard of that day.

A database of that time has all this already: what is there is left as it is, and taken over.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from alembic.util import CommandError

revision = "0001_0001"
down_revision = None
contract = False

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _services()
    _dispatcher()
    _availability()
    _guards()
    _notifications()


def _services() -> None:
    _table(
        "inbox",
        sa.Column("reader", sa.String(), primary_key=True),
        sa.Column("event_id", sa.String(), primary_key=True),
        sa.Column("at", MOMENT, nullable=False),
    )
    _table(
        "outbox",
        sa.Column("seq", sa.Integer(), primary_key=True),
        sa.Column("id", sa.String(), nullable=False, unique=True),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.Column("published_at", MOMENT),
    )
    _index("outbox_unpublished", "outbox", "seq", where="published_at IS NULL")
    _table(
        "receipt",
        sa.Column("order_id", sa.String(), primary_key=True),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("facts", sa.LargeBinary(), nullable=False),
    )
    _table(
        "audit",
        sa.Column("seq", sa.Integer(), primary_key=True),
        sa.Column("event_id", sa.String(), nullable=False, unique=True),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("territory", sa.String(), nullable=False),
        sa.Column("about", sa.String(), nullable=False),
        sa.Column("slot_id", sa.String()),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
    )
    _index("ix_audit_about", "audit", "about")
    _index("ix_audit_slot_id", "audit", "slot_id")
    _table(
        "aside",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("reader", sa.String(), nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("error", sa.String(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
    )
    _table(
        "web_session",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("territory", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("created", MOMENT, nullable=False),
    )
    _index("ix_web_session_created", "web_session", "created")


def _dispatcher() -> None:
    _table(
        "care_request",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("territory", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("profession", sa.String(), nullable=False),
        sa.Column("need", sa.String(), nullable=False),
        sa.Column("patient", sa.String(), nullable=False),
        sa.Column("deadline", MOMENT, nullable=False),
        sa.Column("entered_at", MOMENT, nullable=False),
        sa.Column("entered_by", sa.String(), nullable=False),
        sa.Column("interactive", sa.Boolean(), nullable=False),
        sa.Column("choice", sa.Integer(), nullable=False),
        sa.Column("pending", sa.String()),
        sa.Column("unmatched", sa.Boolean(), nullable=False),
        sa.Column("lost", sa.String(), nullable=False),
        sa.Column("slot_id", sa.String()),
        sa.Column("practitioner_id", sa.String()),
        sa.Column("start", MOMENT),
        sa.Column("minutes", sa.Integer()),
        sa.Column("mode", sa.String()),
        sa.Column("place", sa.String()),
        sa.Column("reasons", sa.String(), nullable=False),
        sa.Column("others", sa.String(), nullable=False),
        sa.Column("counts", sa.String(), nullable=False),
        sa.Column("moved", sa.Boolean(), nullable=False),
        sa.Column("escalated_to", sa.String()),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("acknowledged_at", MOMENT),
        sa.Column("closed_at", MOMENT),
    )
    _index("care_request_board", "care_request", "territory", "state", "deadline")
    _index("care_request_entered", "care_request", "territory", "entered_at")
    _index(
        "care_request_unmatched",
        "care_request",
        "territory",
        "profession",
        "deadline",
        where="unmatched",
        sqlite="unmatched = 1",
    )
    _table(
        "request_timer",
        sa.Column("request_id", sa.String(), primary_key=True),
        sa.Column("wake", sa.String(), primary_key=True),
        sa.Column("due", MOMENT, nullable=False),
    )
    _index("ix_request_timer_due", "request_timer", "due")
    _table(
        "known_slot",
        sa.Column("slot_id", sa.String(), primary_key=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("details", sa.String()),
        sa.Column("start", MOMENT),
    )
    _index("ix_known_slot_start", "known_slot", "start")
    _table(
        "roster",
        sa.Column("territory", sa.String(), primary_key=True),
        sa.Column("rank", sa.Integer(), primary_key=True),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
    )


def _availability() -> None:
    _table(
        "practitioner",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("territory", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("profession", sa.String(), nullable=False),
        sa.Column("specialty", sa.String()),
        sa.Column("commune", sa.String(), nullable=False),
        sa.Column("lat", sa.Float()),
        sa.Column("lon", sa.Float()),
        sa.Column("address", sa.String(), nullable=False),
    )
    _index("ix_practitioner_territory", "practitioner", "territory")
    _table(
        "delegation",
        sa.Column("delegate_id", sa.String(), primary_key=True),
        sa.Column("practitioner_id", sa.String(), primary_key=True),
    )
    _table(
        "slot",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("territory", sa.String(), nullable=False),
        sa.Column("practitioner_id", sa.String(), nullable=False),
        sa.Column("profession", sa.String(), nullable=False),
        sa.Column("commune", sa.String(), nullable=False),
        sa.Column("lat", sa.Float()),
        sa.Column("lon", sa.Float()),
        sa.Column("start", MOMENT, nullable=False),
        sa.Column("ends", MOMENT, nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("modes", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
    )
    _index("slot_agenda", "slot", "practitioner_id", "start")
    _table(
        "booking",
        sa.Column("seq", sa.Integer(), primary_key=True),
        sa.Column("slot_id", sa.String(), nullable=False),
        sa.Column("seat", sa.Integer(), nullable=False),
        sa.Column("request_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("start", MOMENT, nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("expires_at", MOMENT),
        sa.Column("made_at", MOMENT, nullable=False),
    )
    _index("booking_expiry", "booking", "expires_at", where="state = 'active'")
    _index("booking_one_per_request", "booking", "request_id", unique=True, where="state = 'active'")
    _index("booking_one_per_seat", "booking", "slot_id", "seat", unique=True, where="state = 'active'")


def _notifications() -> None:
    _table(
        "message",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("territory", sa.String(), nullable=False),
        sa.Column("request_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("recipient", sa.String(), nullable=False),
        sa.Column("recipient_id", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("lane", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("to", sa.String()),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("send_after", MOMENT, nullable=False),
        sa.Column("valid_until", MOMENT, nullable=False),
        sa.Column("claimed_at", MOMENT),
        sa.Column("sent_at", MOMENT),
        sa.Column("provider_id", sa.String()),
        sa.Column("why", sa.String()),
    )
    _index("ix_message_recipient_id", "message", "recipient_id")
    _index("ix_message_request_id", "message", "request_id")
    _index("ix_message_territory", "message", "territory")
    _index("message_claimed", "message", "claimed_at", where="state = 'claimed'")
    _index("message_due", "message", "lane", "send_after", where="state = 'due'")
    _table(
        "patient_link",
        sa.Column("request_id", sa.String(), primary_key=True),
        sa.Column("digest", sa.String(), nullable=False, unique=True),
        sa.Column("territory", sa.String(), nullable=False),
        sa.Column("slot_id", sa.String()),
        sa.Column("told", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("ended", sa.Boolean(), nullable=False),
    )


def _guards() -> None:
    """Two open slots of one practitioner at the same time are refused by the database itself."""
    if op.get_context().dialect.name == "sqlite":
        op.execute(
            """
            CREATE TRIGGER IF NOT EXISTS slot_overlap BEFORE INSERT ON slot WHEN NEW.status = 'open' AND EXISTS (
                SELECT 1 FROM slot WHERE practitioner_id = NEW.practitioner_id AND status = 'open'
                AND start < NEW.ends AND ends > NEW.start)
            BEGIN SELECT RAISE(ABORT, 'slot overlaps another of the same practitioner'); END
            """
        )
        return
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    op.execute(
        """
        DO $$ BEGIN
            ALTER TABLE slot ADD CONSTRAINT slot_overlap EXCLUDE USING gist
                (practitioner_id WITH =, tstzrange(start, ends) WITH &&) WHERE (status = 'open');
        EXCEPTION WHEN duplicate_object OR duplicate_table THEN NULL; END $$
        """
    )


def _table(name: str, *columns: sa.Column[Any]) -> None:
    """The table, unless it is there. Raises CommandError for one that is there and lacks a column: a stranger's."""
    there = sa.inspect(op.get_bind())
    if not there.has_table(name):
        op.create_table(name, *columns)
        return
    missing = {column.name for column in columns} - {column["name"] for column in there.get_columns(name)}
    if missing:
        raise CommandError(
            f"Cette base date d'avant la première publication : à {name} il manque {', '.join(sorted(missing))}. Elle "
            "n'a pas été touchée. Gardez-la de côté et laissez Relais en créer une neuve."
        )


def _index(
    name: str, table: str, *columns: str, unique: bool = False, where: str | None = None, sqlite: str | None = None
) -> None:
    there = None if where is None else sa.text(where)
    op.create_index(
        name,
        table,
        list(columns),
        unique=unique,
        if_not_exists=True,
        postgresql_where=there,
        sqlite_where=there if sqlite is None else sa.text(sqlite),
    )
