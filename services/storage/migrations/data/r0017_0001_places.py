"""Where is a slot, and where are those of a linked agenda? And what did that say last: a digest."""

import sqlalchemy as sa
from alembic import op

revision = "0017_0001"
down_revision = "0016_0001"
contract = False


def upgrade() -> None:
    op.add_column("feed", sa.Column("digest", sa.String(), nullable=True))
    op.add_column("feed", sa.Column("place", sa.String(), nullable=True))
    op.add_column("slot", sa.Column("address", sa.String(), nullable=True))
