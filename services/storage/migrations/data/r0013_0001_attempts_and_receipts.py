"""What became of each handing over? Attempts, what providers said later, and numbers where nobody is."""

import sqlalchemy as sa
from alembic import op

revision = "0013_0001"
down_revision = "0012_0001"
contract = False

NEW, CLAIMED = (sa.text(f"state = '{state}'") for state in ("new", "claimed"))
LIVE = sa.text("state IN ('claimed', 'accepted', 'ambiguous', 'delivered')")
AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    for column in (
        sa.Column("then", sa.String(), nullable=False, server_default=""),
        sa.Column("avoid", sa.String()),
        sa.Column("tries", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("lost", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("wait_until", AT),
        sa.Column("to_digest", sa.String()),
        sa.Column("segments", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("delivered_at", AT),
        sa.Column("acknowledged_at", AT),
    ):
        op.add_column("message", column)
    op.create_table(
        "attempt",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("territory", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("lane", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reference", sa.Integer(), nullable=False),
        sa.Column("to_digest", sa.String()),
        sa.Column("segments", sa.Integer(), nullable=False),
        sa.Column("claimed_at", AT, nullable=False),
        sa.Column("answered_at", AT),
        sa.Column("receipt_at", AT),
        sa.Column("provider_id", sa.String()),
        sa.Column("why", sa.String()),
    )
    op.create_index(
        "attempt_live",
        "attempt",
        ["message_id", "channel"],
        unique=True,
        sqlite_where=LIVE,
        postgresql_where=LIVE,
    )
    op.create_index("attempt_claimed", "attempt", ["claimed_at"], sqlite_where=CLAIMED, postgresql_where=CLAIMED)
    op.create_index("attempt_provider_id", "attempt", ["provider", "provider_id"])
    op.create_index("attempt_receipt", "attempt", ["provider", "lane", "receipt_at"])
    op.create_index("attempt_to", "attempt", ["to_digest", "claimed_at"])
    op.create_index("attempt_at", "attempt", ["claimed_at", "provider"])
    op.create_index("ix_attempt_message_id", "attempt", ["message_id"])
    op.create_table(
        "inbound",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("at", AT, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("provider_id", sa.String()),
        sa.Column("reference", sa.Integer()),
        sa.Column("digest", sa.String()),
        sa.Column("fate", sa.String()),
        sa.Column("code", sa.String()),
        sa.Column("body", sa.String()),
        sa.Column("message_id", sa.String()),
    )
    op.create_index("inbound_new", "inbound", ["provider", "provider_id"], sqlite_where=NEW, postgresql_where=NEW)
    op.create_index("ix_inbound_at", "inbound", ["at"])
    op.create_index("ix_inbound_message_id", "inbound", ["message_id"])
    op.create_table(
        "dead_number",
        sa.Column("digest", sa.String(), primary_key=True),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("at", AT, nullable=False),
        sa.Column("recipient_id", sa.String(), nullable=False),
    )
