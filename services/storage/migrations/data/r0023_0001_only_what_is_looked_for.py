"""Rows that nobody looks for in an index are not in it: each entry is written again with every change of its row."""

import sqlalchemy as sa
from alembic import op

revision = "0023_0001"
down_revision = "0022_0001"
contract = False
harmless = r"DropIndexOp (booking|attempt|message|care_request|audit)"  # not unique: older code only looks things up

_NARROWER = (
    ("booking_expiry", "booking", ["expires_at"], "state = 'active' AND expires_at IS NOT NULL"),
    ("attempt_provider_id", "attempt", ["provider", "provider_id"], "provider_id IS NOT NULL"),
    ("attempt_receipt", "attempt", ["provider", "lane", "receipt_at"], "receipt_at IS NOT NULL"),
    ("attempt_to", "attempt", ["to_digest", "claimed_at"], "to_digest IS NOT NULL"),
    ("care_request_of_practitioner", "care_request", ["practitioner_id", "start"], "practitioner_id IS NOT NULL"),
)


def upgrade() -> None:
    for name, table, columns, only in _NARROWER:
        op.drop_index(name, table)
        _index(name, table, columns, only)
    op.drop_index("ix_audit_slot_id", "audit")
    _index("audit_of_slot", "audit", ["slot_id"], "slot_id IS NOT NULL")
    op.drop_index("attempt_claimed", "attempt")  # a sender that died is found by its messages
    op.drop_index("ix_message_territory", "message")
    op.create_index("message_of_territory", "message", ["territory", "due_at"])  # asked for newest first


def _index(name: str, table: str, columns: list[str], only: str) -> None:
    op.create_index(name, table, columns, sqlite_where=sa.text(only), postgresql_where=sa.text(only))
