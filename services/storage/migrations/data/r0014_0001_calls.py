"""When was each practitioner last called for seats?"""

import sqlalchemy as sa
from alembic import op

revision = "0014_0001"
down_revision = "0013_0001"
contract = False


def upgrade() -> None:
    op.create_table(
        "called",
        sa.Column("practitioner_id", sa.String(), primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
