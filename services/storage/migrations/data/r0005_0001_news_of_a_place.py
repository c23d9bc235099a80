"""Which news of a patient's place is the last? Counted, where it went by clocks."""

import sqlalchemy as sa
from alembic import op

revision = "0005_0001"
down_revision = "0004_0001"
contract = False


def upgrade() -> None:
    op.add_column("patient_link", sa.Column("version", sa.Integer(), nullable=False, server_default="0"))
