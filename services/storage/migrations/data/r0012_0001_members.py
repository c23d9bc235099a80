"""By which number is a professional known, at which address of the net, and where else does he or she practise?"""

import sqlalchemy as sa
from alembic import op

revision = "0012_0001"
down_revision = "0011_0001"
contract = False


def upgrade() -> None:
    op.add_column("practitioner", sa.Column("email", sa.String(), nullable=True))
    op.add_column("practitioner", sa.Column("national_id", sa.String(), nullable=True))
    op.create_index("ix_practitioner_national_id", "practitioner", ["national_id"])
    op.create_table(
        "practice",
        sa.Column("practitioner_id", sa.String(), primary_key=True),
        sa.Column("rank", sa.Integer(), primary_key=True),
        sa.Column("commune", sa.String(), nullable=False),
        sa.Column("postal_code", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("lat", sa.Float(), nullable=True),
        sa.Column("lon", sa.Float(), nullable=True),
    )
