"""Are the house's invariants kept? Reads a database, and the stream beside it, and says what is broken.

`broken` gives sentences, none when all is well; `assert_kept` fails with them. To be asked when nothing moves any
more: between two transactions every answer would be a snapshot of something unfinished.
"""

import contextlib
import json
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from nats.js import JetStreamContext
from nats.js.errors import NotFoundError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from availability.tables import BOOKING, SLOT
from dispatcher.life import OPEN, PLACED
from dispatcher.tables import REQUEST, TIMER
from notifications.tables import MESSAGE
from services.bus.streams import STREAM
from services.storage.database import Database
from services.storage.ledger import Aside, Audit, Inbox, Outbox

Rows = list[Any]


def _table(model: Any) -> Any:
    return model.__table__  # SQLModel does not type it


INBOX, OUTBOX, AUDIT, ASIDE = map(_table, (Inbox, Outbox, Audit, Aside))


async def assert_kept(database: Database, js: JetStreamContext | None = None) -> None:
    """Fail with every broken invariant of the database and, when a stream is given, of its readers."""
    found = await broken(database, js)
    assert not found, "\n".join(found)


async def broken(database: Database, js: JetStreamContext | None = None) -> list[str]:
    """What is not as it must be, one sentence each."""
    async with database.read() as db:
        found = [
            *await _seats(db),
            *await _bookings_known_to_both(db),
            *await _timers(db),
            *await _messages(db),
            *await _ledger(db),
        ]
        dealt_with = await _dealt_with(db)
    if js is not None:
        found += await _readers(js, dealt_with)
    return found


async def _seats(db: AsyncConnection) -> list[str]:
    """I2: at most one active booking per seat and per request, holds included, inside an open slot's capacity."""
    active = await _all(db, select(BOOKING).where(BOOKING.c.state == "active"))
    slots = {row.id: row for row in await _all(db, select(SLOT))}
    found = [f"I2: seat {seat} is taken {n} times" for seat, n in _twice((row.slot_id, row.seat) for row in active)]
    found += [f"I2: request {one} has {n} active seats" for one, n in _twice(row.request_id for row in active)]
    for row in active:
        slot = slots.get(row.slot_id)
        if slot is None or slot.status != "open" or not 0 <= row.seat < slot.capacity:
            found.append(f"I2: request {row.request_id} sits on no seat of an open slot")
    of_each: dict[str, Rows] = {}
    for slot in sorted(slots.values(), key=lambda slot: slot.start):
        if slot.status == "open":
            of_each.setdefault(slot.practitioner_id, []).append(slot)
    for practitioner, own in of_each.items():
        found += [
            f"I2: two open slots of {practitioner} overlap"
            for one, following in pairwise(own)
            if following.start < one.ends
        ]
    return found


async def _bookings_known_to_both(db: AsyncConnection) -> list[str]:
    """The dispatcher's placed requests are availability's booked seats, one for one."""
    active = await _all(db, select(BOOKING).where(BOOKING.c.state == "active", BOOKING.c.kind == "booking"))
    seats = {(row.request_id, row.slot_id, row.start) for row in active}
    requests = await _all(db, select(REQUEST).where(REQUEST.c.state.in_((*PLACED, "fulfilled", "no_show"))))
    placed = {(row.id, row.slot_id, row.start) for row in requests}
    return [
        *(f"I2: request {one} is placed without a seat of its own" for one, _, _ in placed - seats),
        *(f"I2: request {one} has a seat and nobody told it" for one, _, _ in seats - placed),
    ]


async def _timers(db: AsyncConnection) -> list[str]:
    """I3: every open request has a timer; one that ended has none."""
    watched = {row.request_id for row in await _all(db, select(TIMER))}
    states = {row.id: row.state for row in await _all(db, select(REQUEST))}
    return [
        *(f"I3: request {one} is {state} and no timer watches it" for one, state in states.items()
          if state in OPEN and one not in watched),
        *(f"I3: request {one} has ended and a timer is left" for one, state in states.items()
          if state not in OPEN and one in watched),
    ]  # fmt: skip


async def _messages(db: AsyncConnection) -> list[str]:
    """I4: a patient hears of each booking once, of each cancellation once, of the end once."""
    heard = await _all(db, select(MESSAGE).where(MESSAGE.c.recipient == "patient", MESSAGE.c.state != "superseded"))
    facts = Counter((row.about, row.subject) for row in await _all(db, select(AUDIT)))
    found = []
    of_booking: Counter[str] = Counter()
    for (request, kind), n in Counter((row.request_id, row.kind) for row in heard).items():
        told = {"cancelled": "request.reopened.v1", "withdrawn": "request.withdrawn.v1"}.get(kind, "")
        if kind in ("booked", "moved"):
            of_booking[request] += n
        elif n > facts[request, told]:
            found.append(f"I4: the patient of {request} hears {kind!r} {n} times")
        if kind == "booked" and n > 1:
            found.append(f"I4: the patient of {request} hears of a first booking {n} times")
    for request, n in of_booking.items():
        if n > facts[request, "request.booked.v1"]:
            found.append(f"I4: the patient of {request} hears of {n} bookings, more than there were")
    return found


async def _ledger(db: AsyncConnection) -> list[str]:
    """I5: what was said was audited. I7: everything that was said has left."""
    outbox = await _all(db, select(OUTBOX))
    audited = {row.event_id for row in await _all(db, select(AUDIT))}
    return [
        *(f"I5: {row.topic} {row.id} is not in the audit" for row in outbox if row.id not in audited),
        *(f"I7: {row.topic} {row.id} was never published" for row in outbox if row.published_at is None),
    ]


async def _dealt_with(db: AsyncConnection) -> dict[str, set[str]]:
    """By reader: the ids of what was done or set aside."""
    dealt: dict[str, set[str]] = {}
    for row in await _all(db, select(INBOX)):
        dealt.setdefault(row.reader, set()).add(row.event_id)
    for row in await _all(db, select(ASIDE)):
        dealt.setdefault(row.reader, set()).add(row.event_id)
    return dealt


async def _readers(js: JetStreamContext, dealt_with: dict[str, set[str]]) -> list[str]:
    """I7: for every reader, stream = done + set aside, nothing pending; the same fact twice counts once."""
    stored = await stored_facts(js)
    found = []
    for info in await js.consumers_info(STREAM):
        if info.config.durable_name is None:
            continue
        wanted = str(info.config.filter_subject).split(".", 2)[2]
        dealt = dealt_with.get(info.name, set())
        missed = [names for subject, names in stored if subject.split(".", 2)[2] == wanted and not names & dealt]
        if info.num_pending or info.num_ack_pending:
            found.append(f"I7: {info.name} has {info.num_pending} to hear and {info.num_ack_pending} to acknowledge")
        elif missed:
            found.append(f"I7: {info.name} acknowledged {len(missed)} that were neither done nor set aside")
    return found


async def stored_facts(js: JetStreamContext) -> list[tuple[str, set[str]]]:
    """Everything the stream holds: its subject, and the names by which a reader may know it."""
    state = (await js.stream_info(STREAM)).state
    stored = []
    for seq in range(max(1, state.first_seq), state.last_seq + 1):
        try:
            message = await js.get_msg(STREAM, seq)
        except NotFoundError:
            continue
        names = {(message.headers or {}).get("Nats-Msg-Id", str(seq))}
        with contextlib.suppress(ValueError, TypeError, KeyError):
            names.add(json.loads(message.data or b"")["id"])
        stored.append((str(message.subject), names))
    return stored


def _twice(things: Iterable[Any]) -> list[tuple[Any, int]]:
    return [(thing, n) for thing, n in Counter(things).items() if n > 1]


async def _all(db: AsyncConnection, query: Any) -> Rows:
    return list(await db.execute(query))
