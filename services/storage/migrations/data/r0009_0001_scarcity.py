"""What would one seat more be worth? One row a territory."""

import sqlalchemy as sa
from alembic import op

revision = "0009_0001"
down_revision = "0008_0001"
contract = False


def upgrade() -> None:
    op.create_table(
        "scarcity",
        sa.Column("territory", sa.String(), primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
    )
