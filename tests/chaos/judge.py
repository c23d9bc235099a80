"""Was anything promised and lost, or done twice? Asked when everything has come to rest."""

import asyncio
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from typing import Any

from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from availability.tables import BOOKING, SLOT
from dispatcher.life import OPEN, PLACED
from dispatcher.tables import REQUEST
from notifications.tables import MESSAGE
from schemas.message import MessageSent
from schemas.request import RequestBooked, RequestEscalated, RequestPromised
from services.bus.streams import STREAM
from services.storage.database import Database
from services.storage.ledger import ASIDE, AUDIT, OUTBOX
from tests.chaos.cast import Cast
from tests.chaos.people import Journal, now
from tests.chaos.promises import (
    at_the_cap,
    booked_though_taken,
    forgotten,
    over_the_cap,
    silent,
    two_yeses,
    unlike_the_agenda,
)
from tests.invariants import broken

CALM = 3
"""So many looks in a row must find nothing on its way."""
AGAIN = 5.0
"""Seconds after which a proposal that waits for its answer is looked at again."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found. `marks` holds, for recovery times, when which request was told or escalated; `seated`: of each
    kind of request, how many had a seat at some time; `settled`: how many promised hours were told;
    `full`: how many practitioners have all the visits that their terms allow."""

    acknowledged: int
    lost: list[str]
    double_booked: list[str]
    double_messaged: list[str]
    violated: list[str]
    ambiguous: int
    set_aside: int
    messages: int
    at_rest: bool
    marks: dict[str, datetime] = field(default_factory=dict)
    seated: Counter[str] = field(default_factory=Counter)
    settled: int = 0
    full: int = 0

    @property
    def clean(self) -> bool:
        return not (self.lost or self.double_booked or self.double_messaged or self.violated) and self.at_rest


async def judge(
    cast: Cast,
    journal: Journal,
    *,
    settled: bool,
    give_up: float,
    say: Callable[[str], None],
    before: datetime | None = None,
) -> Verdict:
    """Wait until everything has come to rest (`settled`: claimed messages have a fate, too), then count.

    `give_up`: seconds after which it is counted as it stands, and said not to have come to rest. What was promised
    after `before` does not count: nobody may have been there any more to hear it.
    """
    database = Database(cast.database_url())
    try:
        async with cast.operator() as client:
            js = client.jetstream(timeout=20)
            at_rest = await _comes_to_rest(database, js, settled=settled, give_up=give_up, say=say)
            violated = [*await broken(database, js), *await stays_stuck(database)]
            async with database.read() as db:
                seated, told_later = await had_seats(db, journal)
                return Verdict(
                    acknowledged=sum(before is None or one.promised < before for one in journal.requests.values()),
                    lost=[*await lost(db, journal, before=before), *await forgotten(db, journal, before=before)],
                    double_booked=[*await double_booked(db), *await two_yeses(db, journal)],
                    double_messaged=await double_messaged(db),
                    violated=[
                        *violated,
                        *await too_early(db, journal),
                        *await silent(db),
                        *await booked_though_taken(db, journal),
                        *await unlike_the_agenda(db, journal),
                        *await over_the_cap(db),
                    ],
                    ambiguous=await _count(db, MESSAGE, MESSAGE.c.state.in_(("ambiguous", "claimed"))),
                    set_aside=await _count(db, ASIDE),
                    messages=await _count(db, MESSAGE, MESSAGE.c.state == "sent"),
                    at_rest=at_rest,
                    marks=await marks(db),
                    seated=seated,
                    settled=told_later,
                    full=await at_the_cap(db),
                )
    finally:
        await database.close()


async def _comes_to_rest(
    database: Database, js: JetStreamContext, *, settled: bool, give_up: float, say: Callable[[str], None]
) -> bool:
    until, calm, told = monotonic() + give_up, 0, monotonic()
    while monotonic() < until:
        try:
            waiting = await what_waits(database, js, settled=settled)
        except (SQLAlchemyError, OSError, NatsError) as away:
            waiting = {type(away).__name__: 1}
        calm = 0 if waiting else calm + 1
        if calm >= CALM:
            return True
        if monotonic() - told > 10:
            told = monotonic()
            say("waiting for " + ", ".join(f"{n} {what}" for what, n in waiting.items()))
        await asyncio.sleep(0.3)
    return False


async def what_waits(database: Database, js: JetStreamContext, *, settled: bool) -> dict[str, int]:
    """What is still on its way, counted; nothing that is zero."""
    async with database.read() as db:
        unpublished = await _count(db, OUTBOX, OUTBOX.c.published_at.is_(None))
        due = await _count(db, MESSAGE, (MESSAGE.c.state == "due") & (MESSAGE.c.send_after <= now()))
        claimed = await _count(db, MESSAGE, MESSAGE.c.state == "claimed") if settled else 0
    readers = [one for one in await js.consumers_info(STREAM) if one.config.durable_name]
    counted = {
        "facts to publish": unpublished,
        "messages to send": due,
        "messages whose sender died": claimed,
        "facts to hear": sum(one.num_pending or 0 for one in readers),
        "facts to acknowledge": sum(one.num_ack_pending or 0 for one in readers),
    }
    return {what: n for what, n in counted.items() if n}


async def lost(db: AsyncConnection, journal: Journal, *, before: datetime | None) -> list[str]:
    """I1: what was promised (before this moment) and is not so."""
    states = {row.id: row.state for row in await db.execute(select(REQUEST.c.id, REQUEST.c.state))}
    slots = {row.id: row.status for row in await db.execute(select(SLOT.c.id, SLOT.c.status))}
    entered = {
        row.about for row in await db.execute(select(AUDIT.c.about).where(AUDIT.c.subject == "request.entered.v1"))
    }

    def promised(moments: dict[str, datetime]) -> list[str]:
        return [one for one, moment in moments.items() if before is None or moment < before]

    requests = promised({one.id: one.promised for one in journal.requests.values()})
    return [
        *(f"request {one} was acknowledged and is gone" for one in requests if one not in states),
        *(f"request {one} was acknowledged and never said" for one in requests if one not in entered),
        *(f"request {one} was withdrawn and is {states.get(one)}" for one in promised(journal.withdrawn)
          if states.get(one) != "withdrawn"),
        *(f"slot {one} was published and is gone" for one in promised(journal.slots) if one not in slots),
        *(f"slot {one} was taken back and is {slots.get(one)}" for one in promised(journal.closed_slots)
          if slots.get(one) != "closed"),
    ]  # fmt: skip


async def double_booked(db: AsyncConnection) -> list[str]:
    """The same person at the same time for two patients, or two places for one: as patients were told."""
    placed = list(await db.execute(select(REQUEST).where(REQUEST.c.state.in_(PLACED))))
    active = list(await db.execute(select(BOOKING).where(BOOKING.c.state == "active")))
    return [
        *(f"{who} sees two patients at {start}"
          for who, start in _twice((row.practitioner_id, row.start) for row in placed)),
        *(f"seat {seat} is taken twice" for seat in _twice((row.slot_id, row.seat) for row in active)),
        *(f"request {one} has two seats" for one in _twice(row.request_id for row in active)),
    ]  # fmt: skip


async def double_messaged(db: AsyncConnection) -> list[str]:
    """One version of one thing, handed over twice: two messages for one fact, or one message sent two times.

    Each booking is a version: so many « booked » or « moved » may leave as there were bookings.
    """
    left = MESSAGE.c.state.in_(("sent", "ambiguous", "claimed"))
    told = Counter(
        (row.request_id, row.kind, row.recipient_id)
        for row in await db.execute(select(MESSAGE).where(left, MESSAGE.c.recipient == "patient"))
    )
    facts = Counter((row.about, row.subject) for row in await db.execute(select(AUDIT.c.about, AUDIT.c.subject)))
    because = {"promised": "request.promised.v1", "booked": "request.booked.v1", "moved": "request.booked.v1",
               "reminder": "request.booked.v1", "cancelled": "request.reopened.v1",
               "withdrawn": "request.withdrawn.v1", "sought_no_more": "request.withdrawn.v1"}  # fmt: skip
    said = await db.execute(select(OUTBOX.c.body).where(OUTBOX.c.topic.like(f"%.{MessageSent.subject}")))
    handed_over = (one.message_id for row in said for one in MessageSent.model_validate_json(row.body).messages)
    return [
        *(f"the patient of {request} was told {kind!r} {n} times" for (request, kind, _), n in told.items()
          if n > facts[request, because[kind]] or (kind in ("booked", "promised") and n > 1)),
        *(f"message {one} was handed over twice" for one in _twice(handed_over)),
    ]  # fmt: skip


async def stuck(db: AsyncConnection) -> list[str]:
    """At rest no proposal is without an answer: nobody would ever look at that request again."""
    rows = await db.execute(select(REQUEST.c.id).where(REQUEST.c.state.in_(OPEN), REQUEST.c.pending.is_not(None)))
    return [f"request {row.id} waits for the answer to a proposal, for ever" for row in rows]


async def stays_stuck(database: Database) -> list[str]:
    """The same asked twice: every five minutes a round proposes better seats to those who were promised one."""
    looks = []
    for pause in (0, AGAIN):
        await asyncio.sleep(pause)
        async with database.read() as db:
            looks.append(await stuck(db))
    return [one for one in looks[0] if one in looks[1]]


async def had_seats(db: AsyncConnection, journal: Journal) -> tuple[Counter[str], int]:
    """Of each kind of request that was acknowledged how many had a seat at some time, and how many were told the hour
    that had been promised to be told later."""
    said: dict[str, set[str]] = {RequestBooked.subject: set(), RequestPromised.subject: set()}
    for row in await db.execute(select(AUDIT.c.about, AUDIT.c.subject).where(AUDIT.c.subject.in_(said))):
        said[row.subject].add(row.about)
    booked, promised = said.values()
    kinds = Counter(one.kind for one in journal.requests.values() if one.id in booked | promised)
    return kinds, len(booked & promised)


async def too_early(db: AsyncConnection, journal: Journal) -> list[str]:
    """A request that may wait for hours alerts nobody yet, wherever a wall clock jumped to."""
    rows = await db.execute(select(AUDIT.c.about).where(AUDIT.c.subject == RequestEscalated.subject))
    alerted = {row.about for row in rows}
    may_wait = (one.id for one in journal.requests.values() if one.kind == "waiting")
    return [f"request {one} alerted somebody hours too early" for one in may_wait if one in alerted]


async def marks(db: AsyncConnection) -> dict[str, datetime]:
    """For each request, when its first message was due (an alert is a message, too)."""
    first = select(MESSAGE.c.request_id, func.min(MESSAGE.c.due_at).label("at")).group_by(MESSAGE.c.request_id)
    return {row.request_id: row.at for row in await db.execute(first)}


async def _count(db: AsyncConnection, table: Any, *where: Any) -> int:
    return int((await db.execute(select(func.count()).select_from(table).where(*where))).scalar_one())


def _twice(things: Any) -> Collection[Any]:
    return [thing for thing, n in Counter(things).items() if n > 1]
