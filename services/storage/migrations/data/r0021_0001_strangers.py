"""Which SMS of unknown numbers wait, for whom, and whom can one call back?"""

import sqlalchemy as sa
from alembic import op

revision = "0021_0001"
down_revision = "0020_0001"
contract = False

NEW = sa.text("state = 'new'")


def upgrade() -> None:
    op.add_column("inbound", sa.Column("territory", sa.String(), nullable=True))
    op.add_column("inbound", sa.Column("number", sa.String(), nullable=True))
    for name, *columns in (("inbound_waiting", "territory", "at"), ("inbound_digest", "digest")):
        op.create_index(name, "inbound", columns, sqlite_where=NEW, postgresql_where=NEW)
