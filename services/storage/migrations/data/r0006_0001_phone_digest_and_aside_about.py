"""How are a person's requests found by a number, and messages set aside by what they are about? By a column each."""

import sqlalchemy as sa
from alembic import op

revision = "0006_0001"
down_revision = "0005_0001"
contract = False


def upgrade() -> None:
    op.add_column("care_request", sa.Column("phone_digest", sa.String()))
    op.create_index("ix_care_request_phone_digest", "care_request", ["phone_digest"])
    op.add_column("aside", sa.Column("about", sa.String()))
