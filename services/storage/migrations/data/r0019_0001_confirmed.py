"""Who said that she comes, and to which place? A place that was changed since is not confirmed."""

import sqlalchemy as sa
from alembic import op

revision = "0019_0001"
down_revision = "0018_0001"
contract = False


def upgrade() -> None:
    op.add_column("care_request", sa.Column("confirmed_for", sa.String(), nullable=True))
