"""What do the notifications remember? Messages with their fate, and the patients' links."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import bindparam, case, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from notifications.tables import ATTEMPT, INBOUND, IS_DUE, LINK, MESSAGE, OWN_TEXT
from schemas.sealed import Sealed, unreadable


class MessageRow(NamedTuple):
    """A message as it stands; `body` and `to` stay sealed."""

    message_id: str
    territory: str
    request_id: str
    kind: str
    recipient: str
    recipient_id: str
    channel: str
    lane: int
    state: str
    body: Sealed[str]
    to: Sealed[str] | None
    due_at: datetime
    send_after: datetime
    valid_until: datetime
    sent_at: datetime | None
    why: str | None
    then: tuple[str, ...] = ()
    tries: int = 0
    lost: int = 0
    to_digest: str | None = None
    segments: int = 1
    delivered_at: datetime | None = None
    acknowledged_at: datetime | None = None
    discreet: bool = False


@dataclass(frozen=True, slots=True)
class LinkRow:
    """What a link leads to."""

    request_id: str
    territory: str
    slot_id: str | None
    told: datetime
    version: int
    expires_at: datetime
    ended: bool


NOBODY = {"body": None, "digest": None, "number": None, "territory": None}
"""Columns of what came in, when it is forgotten."""
# Built once: making a statement costs more than running it.
_WRITE = insert(MESSAGE).on_conflict_do_nothing().execution_options(later="id")
_TO_HER = MESSAGE.c.recipient == "patient"
_ENDS_BY_ITSELF = MESSAGE.c.kind.startswith("offer") | (MESSAGE.c.kind == "seat_freed")
_TRUE_NO_MORE = update(MESSAGE).values(state=case((IS_DUE, "superseded"), else_=MESSAGE.c.state), outdated=True)
_ABOUT = MESSAGE.c.request_id == bindparam("this")
_SUPERSEDE = _TRUE_NO_MORE.where(_ABOUT, IS_DUE | _TO_HER, ~_ENDS_BY_ITSELF)
_SUPERSEDE_PLACE = _SUPERSEDE.where(MESSAGE.c.recipient != "human")
_SUPERSEDE_TO_HER = _TRUE_NO_MORE.where(_ABOUT, _TO_HER)
_RETRACT = _TRUE_NO_MORE.where(MESSAGE.c.id == bindparam("this"))
_LINK_BY_DIGEST = select(LINK).where(LINK.c.digest == bindparam("this"))
_LINK_BY_REQUEST = select(LINK).where(LINK.c.request_id.in_(bindparam("these", expanding=True)))
_OWN_TEXTS = select(OWN_TEXT).where(OWN_TEXT.c.territory == bindparam("this"))
_LINK = insert(LINK).execution_options(later="request_id")
_KEEP_LINK = _LINK.on_conflict_do_update(
    index_elements=["request_id"],
    set_={
        name: _LINK.excluded[name]
        for name in ("digest", "territory", "slot_id", "told", "version", "expires_at", "ended")
    },
)


async def write(db: AsyncConnection, rows: Sequence[dict[str, Any]]) -> None:
    """Write messages down; one that is there already stays as it is."""
    await db.execute(_WRITE, list(rows))


async def supersede(db: AsyncConnection, request_id: str, *, place: bool = False) -> None:
    """What was said of the request (`place`: but to a human, who may know the new place already) is true no more: what
    waits is not said, what is on its way to the patient is not tried again. Offers and freed seats stay true."""
    await db.execute(_SUPERSEDE_PLACE if place else _SUPERSEDE, {"this": request_id})


async def supersede_to_patient(db: AsyncConnection, request_id: str) -> None:
    """The patient wants no SMS: what waits to be said to her is not said, what is on its way is not tried again."""
    await db.execute(_SUPERSEDE_TO_HER, {"this": request_id})


async def fate(db: AsyncConnection, message_id: str) -> str | None:
    """The state of a message, None when it was never written; « sent » also while it goes on to another channel."""
    found = (
        await db.execute(select(MESSAGE.c.state, MESSAGE.c.sent_at).where(MESSAGE.c.id == message_id))
    ).one_or_none()
    if found is None:
        return None
    return "sent" if found.sent_at is not None else str(found.state)


async def retract(db: AsyncConnection, message_id: str) -> None:
    """It is true no more: not said if it waits, not tried again, by no other channel either, if it is on its way."""
    await db.execute(_RETRACT, {"this": message_id})


async def was_told(db: AsyncConnection, request_id: str, person: str) -> bool:
    """Has this person (the patient: the request's own id) been told anything of the request, or may have been?"""
    told = select(MESSAGE.c.id).where(
        MESSAGE.c.request_id == request_id,
        MESSAGE.c.recipient_id == person,
        MESSAGE.c.state.in_(("claimed", "sent", "ambiguous")) | MESSAGE.c.sent_at.is_not(None),
    )
    return (await db.execute(told.limit(1))).first() is not None


async def next_due(db: AsyncConnection) -> datetime | None:
    """When the next message wants to leave."""
    query = select(MESSAGE.c.send_after).where(IS_DUE).order_by(MESSAGE.c.send_after).limit(1)
    return (await db.execute(query)).scalar_one_or_none()


async def messages(db: AsyncConnection, territory: str | None, limit: int = 100) -> list[MessageRow]:
    """The latest messages of a territory (None = of all)."""
    query = select(MESSAGE).order_by(MESSAGE.c.due_at.desc(), MESSAGE.c.id).limit(limit)
    if territory is not None:
        query = query.where(MESSAGE.c.territory == territory)
    return [row_of(row) for row in await db.execute(query)]


async def counts(db: AsyncConnection) -> list[tuple[str, int, int]]:
    """How many messages are not settled: (state, lane, number). Each state has an index of its own."""
    found: list[tuple[str, int, int]] = []
    for state in ("due", "claimed", "ambiguous"):
        of_state = select(MESSAGE.c.lane, func.count()).where(MESSAGE.c.state == state).group_by(MESSAGE.c.lane)
        found += [(state, lane, number) for lane, number in await db.execute(of_state)]
    return found


async def message(db: AsyncConnection, message_id: str) -> MessageRow | None:
    row = (await db.execute(select(MESSAGE).where(MESSAGE.c.id == message_id))).one_or_none()
    return None if row is None else row_of(row)


async def messages_about(db: AsyncConnection, request_id: str) -> list[MessageRow]:
    """Everything said about a request, oldest first."""
    query = select(MESSAGE).where(MESSAGE.c.request_id == request_id).order_by(MESSAGE.c.due_at, MESSAGE.c.id)
    return [row_of(row) for row in await db.execute(query)]


async def messages_to(db: AsyncConnection, recipient_id: str, limit: int = 20) -> list[MessageRow]:
    """The latest messages to a practitioner or a human of the roster."""
    query = select(MESSAGE).where(MESSAGE.c.recipient_id == recipient_id).order_by(MESSAGE.c.due_at.desc())
    return [row_of(row) for row in await db.execute(query.limit(limit))]


async def link(db: AsyncConnection, digest: str) -> LinkRow | None:
    """What the token with this digest leads to."""
    row = (await db.execute(_LINK_BY_DIGEST, {"this": digest})).one_or_none()
    return None if row is None else _link_row(row)


async def own_texts(db: AsyncConnection, territory: str) -> dict[tuple[str, str], str]:
    """The territory's own texts, by kind and language."""
    return {(row.kind, row.language): row.text for row in await db.execute(_OWN_TEXTS, {"this": territory})}


async def put_text(
    db: AsyncConnection, territory: str, kind: str, language: str, text: str | None, person: str, now: datetime
) -> None:
    """The territory says it so from now on; None = as delivered."""
    mine = OWN_TEXT.c.territory == territory, OWN_TEXT.c.kind == kind, OWN_TEXT.c.language == language
    await db.execute(delete(OWN_TEXT).where(*mine))
    if text is not None:
        row = {"territory": territory, "kind": kind, "language": language, "text": text, "person": person, "at": now}
        await db.execute(insert(OWN_TEXT), row)


class Links:
    """The links, and the territories' own texts, in hand in one transaction: asked for together, changed here and there
    alike."""

    def __init__(self, db: AsyncConnection) -> None:
        self.db = db
        self._texts: dict[str, dict[tuple[str, str], str]] = {}
        self._links: dict[str, LinkRow | None] = {}

    async def fetch(self, request_ids: Iterable[str]) -> "Links":
        """Take the links of these requests in hand, with one question to the database."""
        missing = set(request_ids) - self._links.keys()
        if missing:
            self._links.update(dict.fromkeys(missing))
            for row in await self.db.execute(_LINK_BY_REQUEST, {"these": list(missing)}):
                self._links[row.request_id] = _link_row(row)
        return self

    async def texts(self, territory: str) -> dict[tuple[str, str], str]:
        """The territory's own texts."""
        if territory not in self._texts:
            self._texts[territory] = await own_texts(self.db, territory)
        return self._texts[territory]

    async def of(self, request_id: str) -> LinkRow | None:
        """The link of a request, if the patient was given one (or the request ended)."""
        return (await self.fetch([request_id]))._links[request_id]

    async def keep(self, row: LinkRow, digest: str) -> None:
        """Make the request's link, or bring it up to date; only a hash of the token is kept."""
        self._links[row.request_id] = row
        await self.db.execute(_KEEP_LINK, {name: getattr(row, name) for name in LinkRow.__slots__} | {"digest": digest})


async def forget_before(db: AsyncConnection, before: datetime, after: str, limit: int) -> str:
    """Of the next `limit` messages in the order of their ids, empty those that ended before then: text and number.

    Where to go on ("" = from the beginning). What is asked of the database does not grow with the table.
    """
    query = select(MESSAGE).where(MESSAGE.c.id > after).order_by(MESSAGE.c.id).limit(limit)
    rows = [(row.id, row) for row in await db.execute(query)]
    for message_id, row in rows:
        old = (row.sent_at or row.valid_until) < before and row.state not in ("due", "claimed")
        if old and Sealed[str].model_validate_json(row.body).box:
            body = unreadable(row.request_id, "message").model_dump_json()
            nothing = {"body": body, "to": None, "to_digest": None}
            await db.execute(update(MESSAGE).where(MESSAGE.c.id == message_id).values(nothing))
    return rows[-1][0] if len(rows) == limit else ""


async def forget_numbers(db: AsyncConnection, before: datetime, after: str, limit: int) -> str:
    """Of the next `limit` attempts, take the hash of the number from those made before then. Where to go on: above."""
    query = select(ATTEMPT.c.id, ATTEMPT.c.claimed_at, ATTEMPT.c.to_digest).where(ATTEMPT.c.id > after)
    rows = list(await db.execute(query.order_by(ATTEMPT.c.id).limit(limit)))
    old = [row.id for row in rows if row.to_digest is not None and row.claimed_at < before]
    if old:
        await db.execute(update(ATTEMPT).where(ATTEMPT.c.id.in_(old)).values(to_digest=None))
    return rows[-1].id if len(rows) == limit else ""


async def forget_inbound(db: AsyncConnection, before: datetime, after: str, limit: int) -> str:
    """Of the next `limit` receipts and replies, empty those that came before then: what was written, and the number
    with its hash. What a stranger wrote stays until a human has read it. Where to go on, as above."""
    columns = INBOUND.c.id, INBOUND.c.at, INBOUND.c.digest, INBOUND.c.state, INBOUND.c.territory
    query = select(*columns).where(INBOUND.c.id > after)
    rows = list(await db.execute(query.order_by(INBOUND.c.id).limit(limit)))
    waits = {row.id for row in rows if row.state == "new" and row.territory is not None}
    old = [row.id for row in rows if row.digest is not None and row.at < before and row.id not in waits]
    if old:
        await db.execute(update(INBOUND).where(INBOUND.c.id.in_(old)).values(**NOBODY))
    return rows[-1].id if len(rows) == limit else ""


async def forget_links(db: AsyncConnection, before: datetime, after: str, limit: int) -> str:
    """Of the next `limit` links, remove those that expired before then. Where to go on, as above."""
    query = select(LINK.c.request_id, LINK.c.expires_at).where(LINK.c.request_id > after)
    rows = list(await db.execute(query.order_by(LINK.c.request_id).limit(limit)))
    old = [row.request_id for row in rows if row.expires_at < before]
    if old:
        await db.execute(delete(LINK).where(LINK.c.request_id.in_(old)))
    return rows[-1].request_id if len(rows) == limit else ""


async def forget_request(db: AsyncConnection, request_id: str) -> None:
    """Nothing leads to the request any more, and what was written about it, or by the patient, is gone."""
    await db.execute(delete(LINK).where(LINK.c.request_id == request_id))
    to_her = select(MESSAGE.c.id).where(MESSAGE.c.request_id == request_id, _TO_HER)
    await db.execute(update(INBOUND).where(INBOUND.c.message_id.in_(to_her)).values(**NOBODY))
    await forget_to(db, [request_id])


async def forget_to(db: AsyncConnection, recipient_ids: Sequence[str]) -> None:
    """What was written to these patients, or strangers, is gone, and so are the numbers it went to."""
    nothing = {"body": unreadable("", "message").model_dump_json(), "to": None, "to_digest": None}
    to_them = MESSAGE.c.recipient_id.in_(recipient_ids), _TO_HER
    tried = ATTEMPT.c.message_id.in_(select(MESSAGE.c.id).where(*to_them))
    await db.execute(update(ATTEMPT).where(tried).values(to_digest=None))
    await db.execute(update(MESSAGE).where(*to_them).values(nothing))


def _link_row(row: Any) -> LinkRow:
    return LinkRow(row.request_id, row.territory, row.slot_id, row.told, row.version, row.expires_at, row.ended)


def row_of(row: Any) -> MessageRow:
    return MessageRow(
        row.id, row.territory, row.request_id, row.kind, row.recipient, row.recipient_id, row.channel, row.lane,
        row.state, Sealed.model_validate_json(row.body), None if row.to is None else Sealed.model_validate_json(row.to),
        row.due_at, row.send_after, row.valid_until, row.sent_at, row.why,
        tuple(filter(None, row.then.split(","))), row.tries, row.lost, row.to_digest, row.segments, row.delivered_at,
        row.acknowledged_at, row.discreet,
    )  # fmt: skip
