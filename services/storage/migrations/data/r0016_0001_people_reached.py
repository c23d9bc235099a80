"""Where are those on the rosters reached, and how does a territory say things itself?"""

import sqlalchemy as sa
from alembic import op

revision = "0016_0001"
down_revision = "0015_0001"
contract = False


def upgrade() -> None:
    for name in ("phone", "email"):
        op.add_column("roster", sa.Column(name, sa.String(), nullable=True))
    op.create_table(
        "own_text",
        sa.Column("territory", sa.String(), primary_key=True),
        sa.Column("kind", sa.String(), primary_key=True),
        sa.Column("language", sa.String(), primary_key=True),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
