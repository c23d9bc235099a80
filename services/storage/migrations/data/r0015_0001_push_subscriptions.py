"""Which browsers may be woken? A row for each that its person allowed to."""

import sqlalchemy as sa
from alembic import op

revision = "0015_0001"
down_revision = "0014_0001"
contract = False


def upgrade() -> None:
    op.create_table(
        "push_subscription",
        sa.Column("digest", sa.String(), primary_key=True),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("box", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_push_subscription_person", "push_subscription", ["person"])
