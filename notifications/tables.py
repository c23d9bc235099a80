"""Which tables do the notifications own?"""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, Table, false, literal_column, text
from sqlmodel import Field, SQLModel

DUE, CLAIMED, AMBIGUOUS, NEW = (text(f"state = '{state}'") for state in ("due", "claimed", "ambiguous", "new"))
NAMED, RECEIVED, KNOWN_TO = (text(f"{one} IS NOT NULL") for one in ("provider_id", "receipt_at", "to_digest"))
LIVE = text("state IN ('claimed', 'accepted', 'ambiguous', 'delivered')")


class MessageTable(SQLModel, table=True):
    """One message to one person. Its id comes from (fact, kind, recipient): the same twice is impossible.

    States: due → claimed → sent | failed | ambiguous; or superseded, when something newer is true. `channel` is the way
    it goes now, `then` the ways left (with commas between), `avoid` the provider that did not take it, `tries` how
    often it certainly did not leave, `lost` how much it was given up as lost, `wait_until` when an ambiguous one is.
    `outdated`: something newer is true, and it was on its way by then: it is not tried again.
    `sent_at` = first handed over, `delivered_at` = on the phone, `acknowledged_at` = a human said so.
    """

    __tablename__ = "message"
    __table_args__ = (
        Index("message_of_territory", "territory", "due_at"),
        Index("message_next", "channel", "lane", "send_after", "id", sqlite_where=DUE, postgresql_where=DUE),
        Index("message_claimed", "claimed_at", sqlite_where=CLAIMED, postgresql_where=CLAIMED),
        Index("message_ambiguous", "lane", sqlite_where=AMBIGUOUS, postgresql_where=AMBIGUOUS),
    )
    id: str = Field(primary_key=True)
    territory: str
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
    then: str = Field(default="", sa_column_kwargs={"server_default": ""})
    avoid: str | None = None
    tries: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    lost: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    wait_until: datetime | None = None
    to_digest: str | None = None
    segments: int = Field(default=1, sa_column_kwargs={"server_default": "1"})
    delivered_at: datetime | None = None
    acknowledged_at: datetime | None = None
    discreet: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    outdated: bool = Field(default=False, sa_column_kwargs={"server_default": false()})


class AttemptTable(SQLModel, table=True):
    """One handing over to one provider; the proof that stays when text and number are gone.

    States: claimed → accepted | refused | dead (nobody is there) | not_sent | ambiguous → lost; a receipt, or the
    browser, makes it delivered or undelivered.
    At most one live attempt of a message on a channel: the database refuses a second.
    """

    __tablename__ = "attempt"
    __table_args__ = (
        Index("attempt_live", "message_id", "channel", unique=True, sqlite_where=LIVE, postgresql_where=LIVE),
        Index("attempt_provider_id", "provider", "provider_id", sqlite_where=NAMED, postgresql_where=NAMED),
        Index("attempt_receipt", "provider", "lane", "receipt_at", sqlite_where=RECEIVED, postgresql_where=RECEIVED),
        Index("attempt_to", "to_digest", "claimed_at", sqlite_where=KNOWN_TO, postgresql_where=KNOWN_TO),
        Index("attempt_at", "claimed_at", "provider"),
    )
    id: str = Field(primary_key=True)
    message_id: str = Field(index=True)
    territory: str
    channel: str
    provider: str
    lane: int
    state: str = "claimed"
    reference: int
    to_digest: str | None = None
    segments: int
    claimed_at: datetime
    answered_at: datetime | None = None
    receipt_at: datetime | None = None
    provider_id: str | None = None
    why: str | None = None


class InboundTable(SQLModel, table=True):
    """What came in from a provider, written down before anything is made of it: a receipt, or what a person wrote
    (sealed). States: new → matched | unmatched; what a stranger wrote waits as new in the `territory` whose humans read
    it, with the number (sealed), → answered. `digest` is of the number; where that is hidden, of the reply itself."""

    __tablename__ = "inbound"
    __table_args__ = (
        Index("inbound_new", "provider", "provider_id", sqlite_where=NEW, postgresql_where=NEW),
        Index("inbound_waiting", "territory", "at", sqlite_where=NEW, postgresql_where=NEW),
        Index("inbound_digest", "digest", sqlite_where=NEW, postgresql_where=NEW),
    )
    id: str = Field(primary_key=True)
    provider: str
    kind: str
    at: datetime = Field(index=True)
    state: str = "new"
    provider_id: str | None = None
    reference: int | None = None
    digest: str | None = None
    fate: str | None = None
    code: str | None = None
    body: str | None = None
    message_id: str | None = Field(default=None, index=True)
    territory: str | None = None
    number: str | None = None


class DeadNumberTable(SQLModel, table=True):
    """A number at which nobody was reached: a keyed hash, why, and when. A delivery takes it off the list."""

    __tablename__ = "dead_number"
    digest: str = Field(primary_key=True)
    channel: str
    why: str
    at: datetime
    recipient_id: str


class PushTable(SQLModel, table=True):
    """A browser that may be woken for a person: its subscription, sealed under the person's key."""

    __tablename__ = "push_subscription"
    digest: str = Field(primary_key=True)
    person: str = Field(index=True)
    box: str
    at: datetime


class OwnTextTable(SQLModel, table=True):
    """How a territory says a kind of message in a language, instead of the text as delivered; by whom, when."""

    __tablename__ = "own_text"
    territory: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    language: str = Field(primary_key=True)
    text: str
    person: str
    at: datetime


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


MESSAGE, LINK, ATTEMPT = _table(MessageTable), _table(LinkTable), _table(AttemptTable)
INBOUND, DEAD_NUMBER, PUSH = _table(InboundTable), _table(DeadNumberTable), _table(PushTable)
OWN_TEXT = _table(OwnTextTable)
IS_DUE = MESSAGE.c.state == literal_column("'due'")
"""Said as the index says it: of a parameter PostgreSQL does not know that it is that state."""
