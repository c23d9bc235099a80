"""Where are those on the rosters reached, and how does a territory say things itself?"""

import sqlalchemy as sa
from alembic import op

revision = "0017_0001"
down_revision = "0015_0001"
contract = False


def upgrade() -> None:
    for name in ("phone", "email"):
        op.add_column("roster", sa.Column(name, sa.String(), nullable=True))
