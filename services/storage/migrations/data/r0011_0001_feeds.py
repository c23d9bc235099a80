"""Which agendas are linked, what are their busy times, and which slots came from them?"""

import sqlalchemy as sa
from alembic import op

revision = "0011_0001"
down_revision = "0010_0001"
contract = False


def upgrade() -> None:
    op.create_table(
        "feed",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("territory", sa.String(), nullable=False, index=True),
        sa.Column("practitioner_id", sa.String(), nullable=False, index=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("means", sa.String(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=True),
        sa.Column("national_id", sa.String(), nullable=True),
        sa.Column("modes", sa.String(), nullable=False),
        sa.Column("visit_minutes", sa.Integer(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True, index=True),
        sa.Column("etag", sa.String(), nullable=True),
        sa.Column("modified", sa.String(), nullable=True),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("succeeded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("left_out", sa.String(), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
    )
    op.create_table(
        "busy",
        sa.Column("feed_id", sa.String(), primary_key=True),
        sa.Column("uid", sa.String(), primary_key=True),
        sa.Column("practitioner_id", sa.String(), nullable=False),
        sa.Column("start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("busy_of_practitioner", "busy", ["practitioner_id", "ends"])
    op.add_column("slot", sa.Column("feed", sa.String(), nullable=True))
    op.add_column("slot", sa.Column("uid", sa.String(), nullable=True))
    op.add_column("slot", sa.Column("gone", sa.Boolean(), nullable=False, server_default=sa.false()))
    fed = sa.text("feed IS NOT NULL")
    op.create_index("slot_of_feed", "slot", ["feed", "start"], sqlite_where=fed, postgresql_where=fed)
