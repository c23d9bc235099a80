"""Messages that wait are found in the order in which they leave: nothing is sorted, however many wait."""

import sqlalchemy as sa
from alembic import op

revision = "0018_0001"
down_revision = "0017_0001"
contract = False
harmless = r"DropIndexOp message"  # not unique, and older code only looks something up in it

_WAITING = sa.text("state = 'due'")


def upgrade() -> None:
    op.create_index(
        "message_next", "message", ["channel", "lane", "send_after", "id"],
        sqlite_where=_WAITING, postgresql_where=_WAITING,
    )  # fmt: skip
    op.drop_index("message_due", "message")
