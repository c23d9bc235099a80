"""When is each linked agenda read, and who is told what? A sweep of the clock; waiting is done outside any transaction.

A feed is claimed, read, and what it says is written down, each by itself: one that is slow or broken costs only its
own turn. Several clocks may sweep: a feed is claimed by one.
"""

import asyncio
import importlib
import logging
from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from availability import following, store, upstream
from availability.agenda import AHEAD_AT_MOST, SlotRow
from availability.feeds.source import Ask, Outside, Reading, Source, Unreadable
from availability.following import ALL_EVERY
from availability.upstream import FeedRow
from schemas.event import Event, Order
from schemas.sealed import Erased
from services.feeds.outside import Web
from services.house import House
from services.ids import own_order
from services.reference.professions import practice_of
from services.storage.ledger import ALARM
from services.watch.alarms import clear_alarm, ring, silence

log = logging.getLogger("relais.feeds")

EVERY = 3.0
"""Seconds between two looks at which feeds are due: one asked for by hand is read within this."""
AT_ONCE = 16
"""Feeds waited for at the same time."""
BATCH = 64
WITHIN = 60.0
"""Seconds for one feed, all its pages included."""
CLAIMED_FOR = timedelta(minutes=10)
"""After this a feed whose reader died is claimed again: longer than a batch of the slowest takes."""
SILENT_FOR = timedelta(hours=6)
"""A feed that could not be read for so long is a person's business."""
MISSING, FAILING = "feed_slot_missing", "feed_failing"


class Polling:
    """`await sweep()`: read what is due."""

    def __init__(self, house: House, outside: Outside | None = None) -> None:
        self._house = house
        self._outside = outside or Web()
        self._writing = asyncio.Lock()

    async def sweep(self) -> int:
        """Read the feeds whose time has come; how many."""
        read = 0
        while due := await self._claim():
            waiting = asyncio.Semaphore(AT_ONCE)
            await asyncio.gather(*(self._in_turn(one, waiting) for one in due))
            read += len(due)
        await self._settle()
        return read

    async def _claim(self) -> list[FeedRow]:
        due: list[FeedRow] = []

        async def decide(db: AsyncConnection, now: datetime) -> list[Event]:
            due[:] = await upstream.claim(db, now, now + CLAIMED_FOR, BATCH)
            return []

        async with self._house.database.read() as db:  # most looks find nothing: they need not wait for the writer
            if not await upstream.any_due(db, self._house.clock.now()):
                return []
        await self._house.mailbox.order(own_order(), decide)
        return due

    async def _in_turn(self, of: FeedRow, waiting: asyncio.Semaphore) -> None:
        async with waiting:
            try:
                async with asyncio.timeout(WITHIN):
                    reading = await self._read(of)
                async with self._writing:  # hundreds of slots each: two in one transaction would keep others waiting
                    await take_in(self._house, of.id, reading)
                if of.failures:
                    await clear_alarm(self._house.mailbox, FAILING, of.id)
            except Unreadable as why:
                await self._failed(of, str(why))
            except TimeoutError:
                await self._failed(of, "timed_out")
            except Exception as fault:
                log.error("feed %s failed: %s", of.id, type(fault).__name__)
                await self._failed(of, "fault")

    async def _read(self, of: FeedRow) -> Reading:
        """What the feed says now. Raises `Unreadable`."""
        house, now = self._house, self._house.clock.now()
        if of.url is None:
            raise Unreadable("forgotten")
        try:
            url = await house.vault.open(of.url)
        except Erased:
            raise Unreadable("forgotten") from None
        async with house.database.read() as db:
            who = await store.practitioner(db, of.practitioner_id)
        if who is None:
            raise Unreadable("forgotten")
        ask = Ask(
            url, of.means, ZoneInfo(who.zone or "Europe/Paris"), now, now + AHEAD_AT_MOST, who.profession,
            of.national_id, *((None, None, None) if _whole(of, now) else (of.etag, of.modified, of.digest)),
        )  # fmt: skip
        return await source(of.kind).read(ask, self._outside)

    async def _failed(self, of: FeedRow, fault: str) -> None:
        """Note why; a named human is told when it has lasted."""
        order = own_order(of.territory)

        async def decide(db: AsyncConnection, now: datetime) -> list[Event]:
            row = await following.failed(of.id, fault, db, now)
            if row is None or now - (row.succeeded_at or row.made_at) < SILENT_FOR:
                return []
            _, said = await ring(order, db, now, FAILING, of.id, _words_of_failing(row, fault), of.territory)
            return said

        await self._house.mailbox.order(order, decide)

    async def _settle(self) -> None:
        """Clear the alarms about missing slots whose patients have left, or whose hour has come."""
        query = select(ALARM.c.about).where(ALARM.c.kind == MISSING, ALARM.c.cleared_at.is_(None)).limit(BATCH)

        async def decide(db: AsyncConnection, now: datetime) -> list[Event]:
            for slot_id in set(told) - await upstream.still_missing(db, told, now):
                await silence(db, now, MISSING, slot_id)
            return []

        async with self._house.database.read() as db:
            told = list((await db.execute(query)).scalars())
            over = set(told) - await upstream.still_missing(db, told, self._house.clock.now()) if told else set()
        if over:
            await self._house.mailbox.order(own_order(), decide)


async def take_in(house: House, feed_id: str, reading: Reading) -> None:
    """Write down what the feed says, and tell a named human of each slot missing there that has patients here."""
    order = own_order()
    await house.mailbox.order(order, partial(_take_in, order, feed_id, reading))


async def _take_in(order: Order, feed_id: str, reading: Reading, db: AsyncConnection, now: datetime) -> list[Event]:
    followed = await following.follow(order, feed_id, reading, lambda who: practice_of(who.specialty), db, now)
    said = followed.said
    for slot in followed.missing:
        alarm = own_order(slot.territory)
        _, facts = await ring(alarm, db, now, MISSING, slot.slot_id, _words_of_missing(slot), slot.territory)
        said += facts
    return said


def source(kind: str) -> Source:
    """The source of this kind: one file each in availability/feeds."""
    found: Source = importlib.import_module(f"availability.feeds.{kind}").Source()
    return found


def _whole(of: FeedRow, now: datetime) -> bool:
    """Whether all of it is to be read, changed or not: new days have come into view."""
    return of.read_at is None or now - of.read_at >= ALL_EVERY


def _words_of_missing(slot: SlotRow) -> str:
    patients = sum(seat.kind != "hold" for seat in slot.seats)
    return (
        f"le créneau {slot.slot_id} de {slot.practitioner_id} n'est plus dans son agenda relié, mais {patients}"
        " patient(s) y ont rendez-vous : appelez le praticien. S'il ne les reçoit pas, retirez le créneau depuis sa"
        " page : Relais leur cherchera une autre place."
    )


def _words_of_failing(of: FeedRow, fault: str) -> str:
    return (
        f"l'agenda relié {of.id} ({of.host}) de {of.practitioner_id} n'a pas pu être lu depuis des heures ({fault}) :"
        " ses créneaux restent tels quels. Page « Agendas reliés » : la raison et que faire."
    )
