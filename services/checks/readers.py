"""I7: does everything that was said end as done, set aside, or visibly waiting, for every reader?"""

import contextlib
import json
from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from nats.errors import TimeoutError as NatsTimeout
from nats.js import JetStreamContext, api
from nats.js.errors import NotFoundError
from sqlalchemy import exists, select

from services.bus.streams import STREAM
from services.checks.look import AT_MOST, Look, Reader, rows
from services.retention import Periods
from services.storage.ledger import ASIDE, INBOX, OUTBOX

BATCH = 500


@dataclass(frozen=True, slots=True)
class Stored:
    """A message of the stream: where, on what subject, under which name it was published, if under any, and when."""

    sequence: int
    subject: str
    name: str | None
    at: datetime


async def readers_of(js: JetStreamContext) -> dict[str, Reader]:
    """The durable readers, with how far each has acknowledged everything."""
    found = {}
    for info in await js.consumers_info(STREAM):
        if info.config.durable_name is not None:
            subject = str(info.config.filter_subject).split(".", 2)[2]
            found[info.name] = Reader(info.name, subject, info.ack_floor.stream_seq if info.ack_floor else 0)
    return found


async def never_published(look: Look) -> list[str]:
    """Every committed fact reaches the stream, a moment after its commit."""
    query = select(OUTBOX.c.id, OUTBOX.c.topic).where(OUTBOX.c.published_at.is_(None)).order_by(OUTBOX.c.seq)
    return [f"le fait {row.id} ({row.topic}) n'est pas publié" for row in await rows(look, query)]


async def acknowledged_and_not_dealt_with(look: Look) -> list[str]:
    """Every message of the stream that a reader acknowledged is done or set aside; all others are waiting for it.

    The readers' floors were read before the database: what lies below them had been committed by then. What is older
    than the outbox is kept is not asked for: the inbox forgets it, too.
    """
    found: list[str] = []
    if look.js is None:
        return found
    since = look.now - Periods().outbox
    async for batch in stored(look.js):
        young = [one for one in batch if one.at > since]
        for reader in look.readers.values():
            mine = [one for one in young if _fact(one.subject) == reader.subject and one.sequence <= reader.floor]
            for one in await _not_dealt_with(look, reader.name, mine):
                place = f"le message {one.sequence} ({one.subject})"
                found.append(f"{place} n'est ni fait, ni de côté, ni en attente chez {reader.name}")
        if len(found) >= AT_MOST:
            break
    return found


async def published_and_not_waiting(look: Look) -> list[str]:
    """A published fact that a reader has not dealt with is still waiting for it in the stream."""
    found: list[str] = []
    for reader in look.readers.values() if look.js else ():
        done = exists().where(INBOX.c.reader == reader.name, INBOX.c.event_id == OUTBOX.c.id)
        aside = exists().where(ASIDE.c.reader == reader.name, ASIDE.c.event_id == OUTBOX.c.id)
        mine = OUTBOX.c.topic.like(f"care.%.{reader.subject}") & OUTBOX.c.published_at.is_not(None)
        missing = await rows(look, select(OUTBOX.c.id).where(mine, ~done, ~aside).order_by(OUTBOX.c.seq))
        if missing and len(missing) > await _waiting(look, reader.name):
            found += [f"le fait {row.id} est publié, et {reader.name} ne l'aura jamais" for row in missing]
    return found


async def _waiting(look: Look, reader: str) -> int:
    """How many messages the reader has still to hear or to acknowledge."""
    assert look.js is not None
    info = await look.js.consumer_info(STREAM, reader)
    return (info.num_pending or 0) + (info.num_ack_pending or 0)


async def stored(js: JetStreamContext) -> AsyncIterator[list[Stored]]:
    """All that the stream holds now, a batch at a time: headers only."""
    state = (await js.stream_info(STREAM)).state
    if not state.messages:
        return
    config = api.ConsumerConfig(
        ack_policy=api.AckPolicy.NONE,
        deliver_policy=api.DeliverPolicy.ALL,
        headers_only=True,
        inactive_threshold=30,
        mem_storage=True,
    )
    reading = await js.pull_subscribe("care.>", stream=STREAM, config=config)
    try:
        last = 0
        while last < state.last_seq:
            try:
                messages = await reading.fetch(BATCH, timeout=2)
            except NatsTimeout:
                return  # what was there at the beginning has been taken out meanwhile
            yield [
                Stored(
                    one.metadata.sequence.stream,
                    one.subject,
                    (one.headers or {}).get("Nats-Msg-Id"),
                    one.metadata.timestamp.astimezone(UTC),
                )
                for one in messages
            ]
            last = messages[-1].metadata.sequence.stream
    finally:
        await reading.unsubscribe()


async def _not_dealt_with(look: Look, reader: str, messages: Collection[Stored]) -> list[Stored]:
    """Those that neither the inbox nor the messages set aside know, under any name they may have."""
    names = {one.sequence: one.name or str(one.sequence) for one in messages}
    left = await _strangers(look, reader, messages, names)
    if left:
        names = {one.sequence: await _own_name(look, one) for one in left}
        left = await _strangers(look, reader, left, names)
    return left


async def _strangers(look: Look, reader: str, messages: Collection[Stored], names: Mapping[int, str]) -> list[Stored]:
    known: set[str] = set()
    for table in (INBOX, ASIDE) if messages else ():
        query = select(table.c.event_id).where(table.c.reader == reader, table.c.event_id.in_(set(names.values())))
        known |= {row.event_id for row in await look.db.execute(query)}
    return [one for one in messages if names[one.sequence] not in known]


async def _own_name(look: Look, message: Stored) -> str:
    """The id that the fact itself says: a stranger may have published it under another."""
    assert look.js is not None
    with contextlib.suppress(NotFoundError, ValueError, TypeError, KeyError, RecursionError):
        whole = await look.js.get_msg(STREAM, message.sequence)
        return str(json.loads(whole.data or b"")["id"])
    return str(message.sequence)


def _fact(subject: str) -> str:
    return subject.split(".", 2)[-1]
