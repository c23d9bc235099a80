"""What did a linked agenda say last? A digest, by which the same again is known."""

import sqlalchemy as sa
from alembic import op

revision = "0018_0001"
down_revision = "0015_0001"
contract = False


def upgrade() -> None:
    op.add_column("feed", sa.Column("digest", sa.String(), nullable=True))
