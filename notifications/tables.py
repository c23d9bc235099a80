"""Which tables do the notifications own?"""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, Table, text
from sqlmodel import Field, SQLModel

DUE, CLAIMED, AMBIGUOUS = (text(f"state = '{state}'") for state in ("due", "claimed", "ambiguous"))


class MessageTable(SQLModel, table=True):
    """One message to one person. Its id comes from (fact, kind, recipient): the same twice is impossible.

    States: due → claimed → sent | failed | ambiguous; or superseded, when something newer is true.
    """

    __tablename__ = "message"
    __table_args__ = (
        Index("message_due", "lane", "send_after", sqlite_where=DUE, postgresql_where=DUE),
        Index("message_claimed", "claimed_at", sqlite_where=CLAIMED, postgresql_where=CLAIMED),
        Index("message_ambiguous", "lane", sqlite_where=AMBIGUOUS, postgresql_where=AMBIGUOUS),
    )
    id: str = Field(primary_key=True)
    territory: str = Field(index=True)
    request_id: str = Field(index=True)
    kind: str
    recipient: str
    recipient_id: str = Field(index=True)
    channel: str
    lane: int
    state: str = "due"
    body: str
    to: str | None = None
    actor: str
    due_at: datetime
    send_after: datetime
    valid_until: datetime
    claimed_at: datetime | None = None
    sent_at: datetime | None = None
    provider_id: str | None = None
    why: str | None = None


class LinkTable(SQLModel, table=True):
    """The patient's way to the request: a hash of the token, never the token. `told` and `version` are of the
    last news of the place: when it was said, and twice its choice, one more when it was cancelled."""

    __tablename__ = "patient_link"
    request_id: str = Field(primary_key=True)
    digest: str = Field(unique=True)
    territory: str
    slot_id: str | None = None
    told: datetime
    version: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    expires_at: datetime
    ended: bool = False


def _table(model: Any) -> Table:
    table: Table = model.__table__  # SQLModel does not type it
    return table


MESSAGE, LINK = _table(MessageTable), _table(LinkTable)
