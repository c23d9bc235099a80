"""Which messages do not say who writes?"""

import sqlalchemy as sa
from alembic import op

revision = "0020_0001"
down_revision = "0019_0001"
contract = False


def upgrade() -> None:
    op.add_column("message", sa.Column("discreet", sa.Boolean(), nullable=False, server_default=sa.false()))
