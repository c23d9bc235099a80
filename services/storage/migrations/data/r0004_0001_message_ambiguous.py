"""How are messages counted of which nobody knows whether they left? By an index of their own, at every scrape."""

import sqlalchemy as sa
from alembic import op

revision = "0004_0001"
down_revision = "0003_0001"
contract = False

AMBIGUOUS = sa.text("state = 'ambiguous'")


def upgrade() -> None:
    op.create_index(
        "message_ambiguous",
        "message",
        ["lane"],
        sqlite_where=AMBIGUOUS,
        postgresql_where=AMBIGUOUS,
        if_not_exists=True,
    )
