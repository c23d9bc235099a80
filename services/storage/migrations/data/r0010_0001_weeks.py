"""For whom is a slot, and from which week that repeats does it come? Weeks that repeat."""

import sqlalchemy as sa
from alembic import op

revision = "0010_0001"
down_revision = "0009_0001"
contract = False


def upgrade() -> None:
    for name in ("audience", "pattern"):
        op.add_column("slot", sa.Column(name, sa.String()))
    op.create_table(
        "pattern",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("territory", sa.String(), nullable=False),
        sa.Column("practitioner_id", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("opened_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.create_index("pattern_of_practitioner", "pattern", ["practitioner_id"])
    op.create_index("pattern_due", "pattern", ["territory", "opened_until"])
