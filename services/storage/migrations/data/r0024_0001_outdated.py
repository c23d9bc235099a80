"""Which messages are true no more, though they are in a sender's hands or may have left? They are not tried again."""

import sqlalchemy as sa
from alembic import op

revision = "0024_0001"
down_revision = "0023_0001"
contract = False


def upgrade() -> None:
    op.add_column("message", sa.Column("outdated", sa.Boolean(), nullable=False, server_default=sa.false()))
