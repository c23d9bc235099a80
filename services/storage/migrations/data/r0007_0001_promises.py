"""When was a patient promised a place, and is her seat being exchanged? Two columns of the request."""

import sqlalchemy as sa
from alembic import op

revision = "0007_0001"
down_revision = "0006_0001"
contract = False


def upgrade() -> None:
    op.add_column("care_request", sa.Column("promised_at", sa.DateTime(timezone=True)))
    op.add_column("care_request", sa.Column("exchanging", sa.Boolean(), nullable=False, server_default=sa.false()))
