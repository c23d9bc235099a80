"""What did the store of keys look like before it had revisions? One table; one that is there is taken over."""

import sqlalchemy as sa
from alembic import op

revision = "0001_0001"
down_revision = None
contract = False


def upgrade() -> None:
    op.create_table(
        "subject_key",
        sa.Column("subject", sa.String(), primary_key=True),
        sa.Column("master_version", sa.Integer(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        if_not_exists=True,
    )
