"""Where do an alarm and a sign of life rest? In two tables that the code before does not know."""

import sqlalchemy as sa
from alembic import op

revision = "0002_0001"
down_revision = "0001_0001"
contract = False

MOMENT = sa.DateTime(timezone=True)
UNCLEARED = sa.text("cleared_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "alarm",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("about", sa.String(), nullable=False),
        sa.Column("territory", sa.String()),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("raised_at", MOMENT, nullable=False),
        sa.Column("cleared_at", MOMENT),
    )
    op.create_index(
        "alarm_uncleared",
        "alarm",
        ["kind", "about"],
        unique=True,
        sqlite_where=UNCLEARED,
        postgresql_where=UNCLEARED,
    )
    op.create_table(
        "beat",
        sa.Column("name", sa.String(), primary_key=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("detail", sa.String(), nullable=False, server_default=""),
    )
