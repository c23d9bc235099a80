"""What does a practitioner allow, and who was asked about whom? Terms, offers, and what is known of both."""

import sqlalchemy as sa
from alembic import op

revision = "0008_0001"
down_revision = "0007_0001"
contract = False

MOMENT = sa.DateTime(timezone=True)
ACCEPTED = sa.text("state = 'accepted'")
MADE = sa.text("state = 'made'")


def upgrade() -> None:
    for name in ("zone", "phone", "terms"):
        op.add_column("practitioner", sa.Column(name, sa.String()))
    op.add_column("practitioner", sa.Column("version", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("slot", sa.Column("once", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("booking", sa.Column("counted", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("care_request", sa.Column("counted", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index("care_request_of_practitioner", "care_request", ["practitioner_id", "start"], if_not_exists=True)
    op.create_table(
        "known_practitioner",
        sa.Column("practitioner_id", sa.String(), primary_key=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("details", sa.String(), nullable=False),
    )
    _offers()


def _offers() -> None:
    op.create_table(
        "offer",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("request_id", sa.String(), nullable=False),
        sa.Column("practitioner_id", sa.String(), nullable=False),
        sa.Column("territory", sa.String(), nullable=False),
        sa.Column("profession", sa.String(), nullable=False),
        sa.Column("ring", sa.Integer(), nullable=False),
        sa.Column("circle", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("answer", sa.String()),
        sa.Column("why", sa.String()),
        sa.Column("km", sa.Float()),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("start", MOMENT, nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("until", MOMENT, nullable=False),
        sa.Column("answered_at", MOMENT),
        sa.Column("ended_at", MOMENT),
    )
    op.create_index("offer_of_request", "offer", ["request_id", "ring"])
    op.create_index("offer_of_practitioner", "offer", ["practitioner_id", "made_at"])
    op.create_index("offer_learned", "offer", ["territory", "profession", "made_at"])
    op.create_index(
        "offer_one_accepted", "offer", ["request_id"], unique=True, sqlite_where=ACCEPTED, postgresql_where=ACCEPTED
    )
    op.create_index("offer_open", "offer", ["practitioner_id"], sqlite_where=MADE, postgresql_where=MADE)
