"""Which choice of the dispatcher took a seat? An older one that is refused must not give it back."""

import sqlalchemy as sa
from alembic import op

revision = "0022_0001"
down_revision = "0021_0001"
contract = False


def upgrade() -> None:
    op.add_column("booking", sa.Column("choice", sa.Integer(), nullable=False, server_default="0"))
