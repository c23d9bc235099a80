"""How do a practitioner's slots follow an agenda kept elsewhere? Link it, take in what it says, unlink it."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from availability import store, upstream
from availability.agenda import AHEAD_AT_MOST, Audience, SlotRow, slot_ends, state_of, touches
from availability.feeds.source import Reading, Time
from availability.mirror import Changes, Wanted, as_slot, changes
from availability.seating import say_opened
from availability.store import Desk, PractitionerRow
from availability.upstream import FeedRow, NewFeed, Origin
from schemas.event import Event, Order, derived_id
from schemas.feed import FeedAdded, FeedRemoved
from schemas.slot import SlotClosed
from schemas.values import Refused

EVERY = timedelta(minutes=5)
"""Between two readings of a feed that can be read."""
AT_THE_LATEST = timedelta(hours=1)
"""Between two readings of a feed that cannot: twice as long after each failure, up to this."""
ALL_EVERY = timedelta(hours=1)
"""After this a feed is read whole, even if nothing changed there: a new day may have come into view since, or a time
become free that something else had taken."""
SpecialtyOf = Callable[[PractitionerRow], str]
"""The specialty for which a practitioner's time is, "" = the ordinary practice of the profession."""
MOST_FEEDS = 10
"""Agendas one practitioner may link."""


@dataclass(slots=True)
class Followed:
    """What came of a reading: the facts, and the slots that just went missing while patients have a seat."""

    said: list[Event] = field(default_factory=list)
    missing: list[SlotRow] = field(default_factory=list)


async def link(order: Order, new: NewFeed, db: AsyncConnection, now: datetime) -> list[Event] | Refused:
    """Link an agenda: [FeedAdded]. It is read soon."""
    who = await store.lock_practitioner(db, new.practitioner_id)
    if who is None:
        return Refused(code="unknown_practitioner")
    if len(await upstream.feeds(db, [who.id])) >= MOST_FEEDS:
        return Refused(code="too_many_feeds", about={"most": str(MOST_FEEDS)})
    await upstream.add(db, who.territory, new, now)
    about = {"feed_id": new.id, "practitioner_id": who.id, "kind": new.kind, "means": new.means}
    return [FeedAdded.after(order, now, key=new.id, territory=who.territory, **about)]


async def unlink(order: Order, feed_id: str, db: AsyncConnection, now: datetime) -> list[Event] | Refused:
    """Unlink an agenda: its free slots are closed, and those with patients give nobody else a seat."""
    of = await upstream.feed(db, feed_id)
    if of is None:
        return Refused(code="unknown_feed")
    known = _of(of.id, await upstream.agenda(db, of.practitioner_id, now), now)
    await store.lock_practitioner(db, of.practitioner_id)
    said = await _close(order, [slot for slot in known.values() if not slot.seats], db, now)
    said += await _mark(order, [slot for slot in known.values() if slot.seats and not slot.gone], db, now, gone=True)
    await upstream.forget(db, of.id, now)
    removed = {"feed_id": of.id, "practitioner_id": of.practitioner_id}
    return [*said, FeedRemoved.after(order, now, key=of.id, territory=of.territory, **removed)]


async def follow(
    order: Order, feed_id: str, reading: Reading, specialty_of: SpecialtyOf, db: AsyncConnection, now: datetime
) -> Followed:
    """Take in what the feed says. Saying the same twice changes nothing; one that is linked no more says nothing."""
    of = await upstream.feed(db, feed_id)
    agenda = [] if of is None or reading.unchanged else await upstream.agenda(db, of.practitioner_id, now)
    who = None if of is None else await store.lock_practitioner(db, of.practitioner_id)
    if of is None or who is None:
        return Followed()
    went_well = {"tried_at": now, "succeeded_at": now, "failures": 0, "error": None}
    if of.due_at is not None:
        went_well["due_at"] = now + EVERY
    if reading.unchanged:
        await upstream.note(db, of.id, **went_well, etag=reading.etag, modified=reading.modified)
        return Followed()
    if of.means == "open":
        audience = Audience(specialty=specialty_of(who))
        followed, left_out = await _follow_open(order, of, who, audience, agenda, reading.times, db, now)
    else:
        followed, left_out = await _follow_busy(order, of, agenda, reading.times, db, now)
    left_out.update(reading.left_out)
    await upstream.note(
        db, of.id, **went_well, read_at=now, etag=reading.etag, modified=reading.modified, digest=reading.digest,
        times=len(reading.times),
        left_out={why: count for why, count in left_out.items() if count},
    )  # fmt: skip
    return followed


async def failed(feed_id: str, fault: str, db: AsyncConnection, now: datetime) -> FeedRow | None:
    """Note that the feed could not be read, and when to try again. The feed as it was; None when it is linked no more.
    Nothing of it changes: what was open stays open."""
    of = await upstream.feed(db, feed_id)
    if of is None:
        return None
    pause = min(EVERY * 2 ** min(of.failures, 10), AT_THE_LATEST)
    said = {"tried_at": now, "failures": of.failures + 1, "error": fault, "due_at": now + pause}
    await upstream.note(db, feed_id, **said)
    return of


def _of(feed_id: str, agenda: Iterable[Origin], now: datetime) -> dict[str, SlotRow]:
    """The feed's slots to come, by uid."""
    return {one.uid or "": one.slot for one in agenda if one.feed == feed_id and one.slot.start > now}


async def _follow_open(
    order: Order,
    of: FeedRow,
    who: PractitionerRow,
    audience: Audience,
    agenda: Sequence[Origin],
    times: Sequence[Time],
    db: AsyncConnection,
    now: datetime,
) -> tuple[Followed, Counter[str]]:
    """The feed's times are open slots."""
    known = _of(of.id, agenda, now)
    others = [one.slot for one in agenda if one.feed != of.id or one.slot.start <= now]
    taken = await upstream.busy_times(db, who.id, now, now + AHEAD_AT_MOST)
    free = [one for one in times if now < one.start and not touches(one.start, one.ends, taken)]
    by_hand = await upstream.taken_back(db, of.id, now)
    wanted = [
        Wanted(one.uid, as_slot(one.start, one.minutes, one.modes or of.modes, of.visit_minutes, audience, of.place))
        for one in free
        if (one.uid, one.start) not in by_hand
    ]
    found = changes(known, wanted, others)
    found.left_out.update(busy=len(times) - len(free), taken_back=len(free) - len(wanted))
    return await _carry_out(order, of, who, found, db, now), found.left_out


async def _carry_out(
    order: Order, of: FeedRow, who: PractitionerRow, found: Changes, db: AsyncConnection, now: datetime
) -> Followed:
    said = await _close(order, found.close, db, now)
    said += await _mark(order, found.gone, db, now, gone=True)
    said += await _mark(order, found.back, db, now, gone=False)
    if found.open:
        named = [
            (derived_id(order.id, of.id, one.uid), one.slot.model_copy(update={"feed": of.id, "uid": one.uid}))
            for one in found.open
        ]
        said += [say_opened(order, slot, now) for slot in await store.add_slots(db, who, named)]
    return Followed(said, found.gone)


async def _follow_busy(
    order: Order, of: FeedRow, agenda: Sequence[Origin], times: Sequence[Time], db: AsyncConnection, now: datetime
) -> tuple[Followed, Counter[str]]:
    """The feed's times are busy ones: slots in them are closed when nobody has a seat, and give nobody else one when
    somebody has, or holds one, or took one while this was read. They are not opened again when the time is free again.
    """
    await upstream.set_busy(db, of, times)
    spans = sorted((one.start, one.ends) for one in times)
    coming = [one.slot for one in agenda if one.slot.start > now]
    hit = [slot for slot in coming if touches(slot.start, slot_ends(slot), spans)]
    said = await _close(order, [slot for slot in hit if not slot.seats], db, now)
    closed = {one.slot_id for one in said if isinstance(one, SlotClosed)}
    said += await _mark(
        order, [slot for slot in hit if slot.slot_id not in closed and not slot.gone], db, now, gone=True
    )
    kept = [slot for slot in hit if any(seat.kind != "hold" for seat in slot.seats)]
    return Followed(said), Counter(booked=len(kept))


async def _close(order: Order, slots: Iterable[SlotRow], db: AsyncConnection, now: datetime) -> list[Event]:
    """These slots, in which nobody has a seat, are over; one that somebody took meanwhile stays."""
    asked = list(slots)
    desk = await Desk(db).fetch(slot.slot_id for slot in asked)
    said: list[Event] = []
    for one in asked:
        slot = await desk.slot(one.slot_id)
        if slot is None or slot.status != "open" or slot.seats:
            continue
        closed = await desk.close(slot, gone=True)
        said.append(
            SlotClosed.after(
                order, now, key=slot.slot_id, territory=slot.territory, slot_id=slot.slot_id, state=state_of(closed)
            )
        )
    return said


async def _mark(
    order: Order, slots: Iterable[SlotRow], db: AsyncConnection, now: datetime, *, gone: bool
) -> list[Event]:
    """These slots are gone from their feed, or back: what is left of them is said anew."""
    asked = list(slots)
    desk = await Desk(db).fetch(slot.slot_id for slot in asked)
    said: list[Event] = []
    for one in asked:
        slot = await desk.slot(one.slot_id)
        if slot is None or slot.status != "open":
            continue
        said.append(say_opened(order, await desk.mark(slot, gone=gone), now))
    return said
