"""What may leave the stream, is it full, was it lost, does everybody read it? Looked at again and again.

Facts that every reader has acknowledged are purged; the outbox keeps them for 30 days, and rebuilds a lost stream.
"""

import json
import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from nats.js import JetStreamContext, api
from nats.js.errors import NotFoundError
from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.event import Event
from services.bus.readers import Reader, readers, standing_still
from services.bus.relay import unpublished
from services.bus.streams import STREAM
from services.clock import Clock
from services.ids import own_order
from services.mailbox import Mailbox
from services.storage.beats import READERS, keep_beat
from services.storage.database import Database
from services.storage.ledger import BEAT, OUTBOX
from services.watch.alarms import clear_alarm, open_alarms, raise_alarm

log = logging.getLogger("relais.upkeep")


MARGIN = 1000
"""Facts kept although everybody has acknowledged them: for who reconnects, and for looking at."""

LOOK = 15.0
"""Seconds between two looks at the readers: longer than a process needs to start again."""
BATCH = 500
REBUILT = timedelta(hours=48)
"""What a lost stream is rebuilt from by itself: no promise is longer open than that but by a regulator's own word."""

FULL, LOST = "stream_full", "stream_lost"
SHOWN_FOR = timedelta(hours=24)
"""A stream that was lost stays an alarm for a day, although it mends itself: somebody must ask why."""

_FULL = (
    "Le flux NATS est plein ou presque : les faits attendent dans la base, rien n'est perdu, mais les demandes "
    "n'avancent plus. Cherchez le lecteur en retard (relais doctor), ou augmentez RELAIS_STREAM_MAX_BYTES."
)
_LOST = (
    "Le flux NATS a été perdu ou est plus ancien que la base : les faits des dernières 48 h sont publiés de nouveau. "
    "Vérifiez le disque de nats-server ; pour remonter plus loin : relais republish --since DATE."
)


class Upkeep:
    """`await look_back()` at the start, before the stream is made; `await sweep()` each minute, and
    `await look_at_readers()` every `LOOK` seconds."""

    def __init__(
        self, js: JetStreamContext, database: Database, mailbox: Mailbox, clock: Clock, readers: Iterable[str]
    ) -> None:
        self._js = js
        self._database, self._mailbox, self._clock = database, mailbox, clock
        self._readers = frozenset(readers)
        self._seen: list[Reader] = []

    async def look_back(self) -> bool:
        """Whether the stream was lost since the last look; then it is rebuilt from the outbox, and somebody told."""
        try:
            last = (await self._js.stream_info(STREAM)).state.last_seq
        except NotFoundError:
            last = 0
        async with self._database.read() as db:
            seen = (await db.execute(select(BEAT.c.detail).where(BEAT.c.name == "stream"))).scalar_one_or_none()
            said = await _ever_published(db)
        if not said or last >= (json.loads(seen)["last_seq"] if seen else 1):
            return False
        await raise_alarm(self._mailbox, LOST, STREAM, _LOST)
        count = await republish(self._database, self._mailbox, self._clock.now() - REBUILT)
        log.error("the stream was lost: %d facts are published again", count)
        await self._remember(last)
        return True

    async def sweep(self) -> None:
        """Purge what everybody has read, note how far the stream has come, raise or clear its alarms."""
        info = await self._js.stream_info(STREAM)  # before the readers: what they have read by then is at least this
        upto = purgeable(await self._js.consumers_info(STREAM), self._readers, info.state.last_seq, MARGIN)
        if upto > info.state.first_seq:
            await self._js.purge_stream(STREAM, seq=upto)
            info = await self._js.stream_info(STREAM)
        await self._remember(info.state.last_seq)
        state = info.state
        full = nearly_full(state.bytes, state.messages, info.config.max_bytes or -1)
        await self._alarms(full)

    async def look_at_readers(self) -> None:
        """Note which readers stand still since the look before. The watchdog reads it, in a process of its own: who
        stands still may be he who would alert somebody."""
        before, self._seen = self._seen, []  # when NATS does not answer, the next look is a first one
        self._seen = await readers(self._js)
        standing = standing_still(before, self._seen, self._readers) if before else {}
        await self._beat(READERS, " ".join(sorted(standing)))

    async def _alarms(self, full: bool) -> None:
        async with self._database.read() as db:
            raised = {one.kind: one for one in await open_alarms(db) if one.about == STREAM}
            waiting = await unpublished(db) if LOST in raised else 0
        if full:
            await raise_alarm(self._mailbox, FULL, STREAM, _FULL)
        elif FULL in raised:
            await clear_alarm(self._mailbox, FULL, STREAM)
        if LOST in raised and not waiting and raised[LOST].raised_at < self._clock.now() - SHOWN_FOR:
            await clear_alarm(self._mailbox, LOST, STREAM)

    async def _remember(self, last_seq: int) -> None:
        await self._beat("stream", json.dumps({"last_seq": last_seq}))

    async def _beat(self, name: str, detail: str) -> None:
        async def decide(db: AsyncConnection, now: datetime) -> list[Event]:
            await keep_beat(db, name, detail)
            return []

        await self._mailbox.order(own_order(), decide)


def purgeable(readers: Iterable[api.ConsumerInfo], wanted: frozenset[str], last_seq: int, margin: int) -> int:
    """The sequence below which everybody has acknowledged everything; 0 when that cannot be said.

    A reader that is missing may still be made, and would want all. One that has nothing to do has read all there is.
    """
    floors, present = [last_seq], set()
    for one in readers:
        present.add(one.name)
        busy = one.num_pending or one.num_ack_pending or not one.ack_floor or not one.delivered
        idle = not busy and one.ack_floor.consumer_seq == one.delivered.consumer_seq  # type: ignore[union-attr]
        floors.append(last_seq if idle else one.ack_floor.stream_seq if one.ack_floor else 0)
    return max(0, min(floors) - margin) if wanted <= present else 0


def nearly_full(size: int, messages: int, most: int) -> bool:
    """Whether less than a twentieth is left, or room for fewer than eight facts. `most` < 1 = no limit."""
    return most > 0 and most - size < max(most // 20, 8 * size // max(messages, 1))


async def republish(database: Database, mailbox: Mailbox, since: datetime | None) -> int:
    """Let the relay publish again what was recorded since then (None = all the outbox has); how many facts.

    Inboxes make it harmless: who has dealt with a fact does nothing the second time.
    """
    wanted: ColumnElement[bool] = OUTBOX.c.published_at.is_not(None)
    if since is not None:
        wanted &= OUTBOX.c.recorded_at >= since
    count, after = 0, 0
    while True:
        async with database.read() as db:
            query = select(OUTBOX.c.seq).where(wanted, OUTBOX.c.seq > after).order_by(OUTBOX.c.seq).limit(BATCH)
            batch = list((await db.execute(query)).scalars())
        if not batch:
            return count
        again = update(OUTBOX).where(OUTBOX.c.seq.in_(batch)).values(published_at=None)
        await mailbox.order(own_order(), _running(again))
        count, after = count + len(batch), batch[-1]


def _running(statement: Any) -> Any:
    async def decide(db: AsyncConnection, now: datetime) -> list[Event]:
        await db.execute(statement)
        return []

    return decide


async def _ever_published(db: AsyncConnection) -> bool:
    """Whether the stream must have held something: the newest facts tell, older ones were sent before them."""
    newest = select(OUTBOX.c.published_at).order_by(OUTBOX.c.seq.desc()).limit(BATCH).subquery()
    return bool((await db.execute(select(func.count(newest.c.published_at)))).scalar_one())
