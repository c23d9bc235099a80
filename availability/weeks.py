"""What does availability do with a week that repeats? Set, changed, ended, and opened ahead of time."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from availability import patterns, store, upstream
from availability.agenda import NewSlot, SlotRow, is_at, overlap, state_of
from availability.agenda_weeks import ROLLING, Calendar, Pattern, Span, Where, expand, fitting, slot_of
from availability.patterns import PatternRow
from availability.seating import say_opened
from availability.store import Desk, PractitionerRow
from schemas.event import Cause, Event, Order, derived_id
from schemas.slot import PatternEnded, PatternSet, SlotClosed
from schemas.values import Refused

MOST_PATTERNS = 30
"""Weeks that repeat, of one practitioner: every half-day twice, and some."""
REPLACED = "replaced"
"""The status of a slot whose pattern opens that time otherwise now. It may be opened again; one that its practitioner
took back may not."""
AGAIN = timedelta(days=1)
"""Patterns are opened further once a day."""
SOME = 20
"""Practitioners whose patterns are opened in one transaction."""


async def set_pattern(
    order: Order,
    practitioner_id: str,
    pattern_id: str,
    pattern: Pattern,
    calendar: Calendar,
    db: AsyncConnection,
    now: datetime,
) -> list[Event] | Refused:
    """The week repeats so from now on, and its slots of the coming fortnight are opened: [PatternSet, SlotClosed…,
    SlotOpened…]. Refused when one of them would overlap what is open and not of this pattern.

    What the pattern opened before and would not open now is closed, unless somebody has a seat there.
    """
    desk = Desk(db)
    who = await _lock(practitioner_id, pattern_id, desk, now)
    if who is None:
        return Refused(code="unknown_practitioner")
    known = {row.pattern_id: row for row in await patterns.of(db, who.id)}
    if pattern_id not in known and (len(known) >= MOST_PATTERNS or await patterns.pattern(db, pattern_id)):
        return Refused(code="too_many_patterns")
    version = known[pattern_id].version + 1 if pattern_id in known else 1
    row = PatternRow(pattern_id, who.territory, who.id, pattern, version, now + ROLLING, ended=False)
    await patterns.keep(db, row)
    agenda = await _agenda(db, who, now)
    wanted = _slots([row], who, calendar, now)
    closed, kept = await _make_room(order, pattern_id, agenda, wanted, desk, now)
    others = [slot for slot in agenda if slot.status == "open" and slot.pattern != pattern_id]
    new = _new(wanted, agenda, kept)
    in_the_way = overlap(new, others)
    if in_the_way is not None:
        return Refused(code="overlap", about={"start": in_the_way[0].isoformat(), "minutes": str(in_the_way[1])})
    said = PatternSet.after(order, now, pattern_id=pattern_id, practitioner_id=who.id, version=version)
    return [said, *closed, *await _open(order, who, [row], fitting(new, kept, await _busy(db, who, now)), db, now)]


async def end_pattern(order: Order, pattern_id: str, db: AsyncConnection, now: datetime) -> list[Event] | Refused:
    """The week repeats no more: [PatternEnded, SlotClosed…]. Who has a seat keeps it."""
    row = await patterns.pattern(db, pattern_id)
    if row is None or row.ended:
        return Refused(code="unknown_pattern")
    desk = Desk(db)
    who = await _lock(row.practitioner_id, pattern_id, desk, now)
    if who is None:
        return Refused(code="unknown_practitioner")
    ended = PatternRow(
        row.pattern_id, row.territory, row.practitioner_id, row.pattern, row.version, row.opened_until, ended=True
    )
    await patterns.keep(db, ended)
    closed, _ = await _make_room(order, pattern_id, await _agenda(db, who, now), [], desk, now)
    return [PatternEnded.after(order, now, pattern_id=pattern_id, practitioner_id=who.id), *closed]


async def roll(order: Order, calendar: Calendar, db: AsyncConnection, now: datetime) -> list[Event]:
    """Open the patterns of the order's territory further, some practitioners at a time. May run twice: what is open is
    not opened again, and what was taken back stays so. A slot that would overlap another is left out."""
    said: list[Event] = []
    for practitioner_id in await patterns.due(db, order.territory, now + ROLLING - AGAIN, SOME):
        who = await store.lock_practitioner(db, practitioner_id)
        if who is None:
            continue
        rows = await patterns.of(db, who.id)
        agenda = await _agenda(db, who, now)
        open_ = [slot for slot in agenda if slot.status == "open"]
        new = fitting(_new(_slots(rows, who, calendar, now), agenda, open_), open_, await _busy(db, who, now))
        said += await _open(order, who, rows, new, db, now)
        await patterns.opened(db, who.id, now + ROLLING)
    return said


async def _lock(practitioner_id: str, pattern_id: str, desk: Desk, now: datetime) -> PractitionerRow | None:
    """The practitioner, and the pattern's slots, locked in the order in which a booking locks them: slots first."""
    known = await store.agenda(desk.db, practitioner_id, now, now + ROLLING, only_open=True)
    await desk.fetch(slot.slot_id for slot in known if slot.pattern == pattern_id)
    return await store.lock_practitioner(desk.db, practitioner_id)


async def _agenda(db: AsyncConnection, who: PractitionerRow, now: datetime) -> list[SlotRow]:
    return await store.agenda(db, who.id, now, now + ROLLING + timedelta(days=1))


async def _busy(db: AsyncConnection, who: PractitionerRow, now: datetime) -> list[Span]:
    """When the practitioner is taken, as an agenda kept elsewhere says."""
    return await upstream.busy_times(db, who.id, now, now + ROLLING + timedelta(days=1))


def _slots(rows: Sequence[PatternRow], who: PractitionerRow, calendar: Calendar, now: datetime) -> list[NewSlot]:
    """What the patterns open from now on, sorted."""
    zone = ZoneInfo(who.zone) if who.zone else calendar.zone
    where = Where(zone, calendar.hours, calendar.holidays, who.terms.absences)
    found = expand([row.pattern for row in rows], where, now, now + ROLLING)
    return [slot_of(one, rows[one.pattern].pattern, rows[one.pattern].pattern_id) for one in found if one.start > now]


async def _make_room(
    cause: Cause, pattern_id: str, agenda: Iterable[SlotRow], wanted: Iterable[NewSlot], desk: Desk, now: datetime
) -> tuple[list[Event], list[SlotRow]]:
    """Close the coming slots of the pattern that are not wanted as they are and that nobody has taken. What was said,
    and those that stay."""
    as_they_are = {slot.start: slot for slot in wanted}
    mine = [one.slot_id for one in agenda if one.pattern == pattern_id and one.status == "open" and one.start > now]
    await desk.fetch(mine)
    said: list[Event] = []
    kept: list[SlotRow] = []
    for slot_id in mine:
        slot = await desk.slot(slot_id)
        if slot is None or slot.status != "open":
            continue
        if slot.seats or _same(slot, as_they_are.get(slot.start)):
            kept.append(slot)
        else:
            left = await desk.close(slot, REPLACED)
            said.append(SlotClosed.after(cause, now, key=slot_id, slot_id=slot_id, state=state_of(left)))
    return said, kept


def _same(slot: SlotRow, wanted: NewSlot | None) -> bool:
    asked = (slot.minutes, slot.capacity, slot.modes, slot.audience)
    same = wanted is not None and asked == (wanted.minutes, wanted.capacity, wanted.modes, wanted.audience)
    return same and wanted is not None and is_at(slot, wanted.place)


def _new(wanted: Iterable[NewSlot], agenda: Iterable[SlotRow], kept: Iterable[SlotRow]) -> list[NewSlot]:
    """What is neither open already nor was taken back."""
    there = {(slot.pattern, slot.start) for slot in kept}
    there |= {(slot.pattern, slot.start) for slot in agenda if slot.status not in ("open", REPLACED)}
    return [slot for slot in wanted if (slot.pattern, slot.start) not in there]


async def _open(
    cause: Cause,
    who: PractitionerRow,
    rows: Iterable[PatternRow],
    slots: Iterable[NewSlot],
    db: AsyncConnection,
    now: datetime,
) -> list[Event]:
    """The slots, named after their pattern: a second look opens nothing twice."""
    versions = {row.pattern_id: row.version for row in rows}
    named = [
        (derived_id(slot.pattern or "", str(versions[slot.pattern or ""]), slot.start.isoformat()), slot)
        for slot in slots
    ]
    opened = await store.add_slots(db, who, named) if named else []
    return [say_opened(cause, slot, now) for slot in opened]
