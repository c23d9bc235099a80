"""Does a practitioner's week open its slots, no more and no less, however often it is looked at, changed or ended?"""

import asyncio
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from availability import patterns, store
from availability.agenda import Audience
from availability.agenda_weeks import Calendar, Pattern
from availability.feeds.source import Reading, Time
from availability.following import follow, link
from availability.orders import cancel_slot, set_terms
from availability.upstream import NewFeed
from availability.weeks import end_pattern, roll, set_pattern
from schemas.event import Event
from schemas.practitioner import Absence, Terms
from schemas.slot import PatternSet, SlotClosed, SlotOpened
from schemas.territory import Hours
from schemas.values import AgeBand, Refused, Visibility
from tests.availability.room import Availability
from tests.builders import AT_TEN, MONDAY, a_new_slot, an_order, minutes, only, said

PARIS = ZoneInfo("Europe/Paris")
CALENDAR = Calendar(PARIS, Hours(), frozenset())
A_DAY = timedelta(days=1)
WEEKS = timedelta(weeks=1)
MORNING = Pattern(days=(1, 3), begins=time(9), ends=time(10), minutes=30, since=date(2026, 1, 1))
"""Tuesdays and Thursdays, two patients: eight slots in a fortnight from Monday morning."""


async def repeat(
    room: Availability, pattern: Pattern = MORNING, name: str = "week-1", who: str = "gp-1", now: datetime = MONDAY
) -> Any:
    return await room.ask(set_pattern, an_order(), who, name, pattern, CALENDAR, now=now)


async def look(room: Availability, now: datetime = MONDAY) -> list[Event]:
    found: list[Event] = await room.ask(roll, an_order(), CALENDAR, now=now)
    return found


async def open_slots(room: Availability, who: str = "gp-1", since: datetime = MONDAY) -> list[str]:
    async with room.database.read() as db:
        slots = await store.agenda(db, who, since, since + 10 * WEEKS, only_open=True)
    return [slot.start.astimezone(PARIS).strftime("%d %H:%M") for slot in slots]


def opened(facts: Any) -> list[str]:
    return [one.start.astimezone(PARIS).strftime("%d %H:%M") for one in facts if isinstance(one, SlotOpened)]


FORTNIGHT = [f"{day} {hour}" for day in ("06", "08", "13", "15") for hour in ("09:00", "09:30")]


async def test_a_week_is_opened_at_once_for_a_fortnight(room: Availability) -> None:
    facts = await repeat(room)
    assert isinstance(facts[0], PatternSet)
    assert (facts[0].pattern_id, facts[0].practitioner_id, facts[0].version) == ("week-1", "gp-1", 1)
    assert opened(facts) == FORTNIGHT == await open_slots(room)


async def test_a_second_look_opens_nothing_and_the_next_day_what_has_come_nearer(room: Availability) -> None:
    await repeat(room)
    assert await look(room) == []
    assert await look(room, MONDAY + A_DAY - minutes(1)) == []
    assert opened(await look(room, MONDAY + A_DAY + minutes(31))) == ["20 09:00", "20 09:30"]
    assert await look(room, MONDAY + A_DAY + minutes(32)) == []


async def test_two_looks_at_once_open_each_slot_once(room: Availability) -> None:
    await repeat(room)
    later = MONDAY + WEEKS
    found = await asyncio.gather(*(look(room, later) for _ in range(4)))
    assert sorted(opened(fact for facts in found for fact in facts)) == ["20 09:00", "20 09:30", "22 09:00", "22 09:30"]


async def test_what_was_taken_back_stays_so(room: Availability) -> None:
    first = next(one for one in await repeat(room) if isinstance(one, SlotOpened))
    await room.ask(cancel_slot, an_order(), first.slot_id)
    await look(room, MONDAY + A_DAY + minutes(1))
    await repeat(room, MORNING.model_copy(update={"audience": Audience(freeze=30)}))
    assert "06 09:00" not in await open_slots(room)
    assert "06 09:30" in await open_slots(room)


async def test_for_whom_it_is_said_with_the_slot_and_remembered(room: Availability) -> None:
    audience = Audience(
        visibility=Visibility.SNP, ages=(AgeBand.CHILD,), reasons=("fever",), specialty="SM40", freeze=60
    )
    slot = next(
        one
        for one in await repeat(room, MORNING.model_copy(update={"audience": audience}))
        if isinstance(one, SlotOpened)
    )
    assert (slot.visibility, slot.ages, slot.reasons, slot.specialty, slot.freeze) == tuple(dict(audience).values())
    kept = await room.slot(slot.slot_id)
    assert (kept.audience, kept.pattern) == (audience, "week-1")


# --- changed and ended ---------------------------------------------------------------------------------------


async def test_a_change_closes_what_is_not_so_any_more_and_leaves_the_rest_alone(room: Availability) -> None:
    await repeat(room)
    facts = await repeat(room, MORNING.model_copy(update={"days": (1, 4)}))
    assert facts[0].version == 2
    assert len([one for one in facts if isinstance(one, SlotClosed)]) == 4
    assert opened(facts) == ["09 09:00", "09 09:30", "16 09:00", "16 09:30"]
    assert await open_slots(room) == sorted([*FORTNIGHT[:2], *FORTNIGHT[4:6], *opened(facts)])


async def test_a_change_and_back_opens_the_same_times_again(room: Availability) -> None:
    await repeat(room)
    await repeat(room, MORNING.model_copy(update={"capacity": 2}))
    assert opened(await repeat(room)) == FORTNIGHT


async def test_who_has_a_seat_keeps_it_whatever_becomes_of_the_week(room: Availability) -> None:
    first = next(one for one in await repeat(room) if isinstance(one, SlotOpened))
    await room.choose("req-1", first.slot_id)
    facts = await repeat(room, MORNING.model_copy(update={"begins": time(9, 15), "ends": time(10, 15)}))
    assert opened(facts)[:2] == ["06 09:45", "08 09:15"]  # nine to half past is taken
    ended = await room.ask(end_pattern, an_order(), "week-1")
    assert said(ended)[0] == "PatternEnded"
    assert await open_slots(room) == ["06 09:00"]
    assert await room.seat("req-1") is not None
    assert await look(room, MONDAY + WEEKS) == []
    assert await room.ask(end_pattern, an_order(), "week-1") == Refused(code="unknown_pattern")


async def test_a_day_left_out_is_closed_and_a_day_put_back_is_opened(room: Availability) -> None:
    await repeat(room)
    without = MORNING.model_copy(update={"without": (date(2026, 1, 6),)})
    assert len([one for one in await repeat(room, without) if isinstance(one, SlotClosed)]) == 2
    assert opened(await repeat(room)) == FORTNIGHT[:2]


# --- in each other's way -------------------------------------------------------------------------------------


async def test_a_week_that_would_overlap_is_refused_and_the_other_slot_named(room: Availability) -> None:
    (there,) = await room.publish(a_new_slot(AT_TEN + A_DAY - minutes(100), 30))  # Tuesday, 9 h 20
    refused = await repeat(room)
    assert refused == Refused(code="overlap", about={"start": there.start.isoformat(), "minutes": "30"})
    assert await open_slots(room) == ["06 09:20"]
    async with room.database.read() as db:
        assert await patterns.of(db, "gp-1") == []


async def test_two_weeks_do_not_overlap_either(room: Availability) -> None:
    await repeat(room)
    assert (await repeat(room, MORNING, "week-2")).code == "overlap"
    assert len(await repeat(room, MORNING, "week-2", who="gp-2")) == 1 + len(FORTNIGHT)


async def test_a_week_of_somebody_else_is_not_changed_under_its_name(room: Availability) -> None:
    await repeat(room)
    assert isinstance(await repeat(room, MORNING, "week-1", who="gp-2"), Refused)


async def test_the_sweep_leaves_out_what_would_overlap(room: Availability) -> None:
    await repeat(room)
    third = MONDAY + 2 * WEEKS + A_DAY  # Tuesday the 20th, nine o'clock
    await room.publish(a_new_slot(third + minutes(20), 20))
    assert opened(await look(room, MONDAY + WEEKS)) == ["22 09:00", "22 09:30"]


async def test_an_absence_opens_nothing_and_its_end_is_noticed(room: Availability) -> None:
    away = Absence(since=MONDAY + 2 * WEEKS, until=MONDAY + 3 * WEEKS)

    async def allow(*absences: Absence) -> None:
        async def act(order: Any, db: Any, now: datetime) -> Any:
            return await set_terms(order, "gp-1", Terms(offers=False, absences=absences), db, now, may_widen=True)

        await room.ask(act, an_order())

    await allow(away)
    await repeat(room)
    assert await look(room, MONDAY + WEEKS) == []
    await allow()
    assert opened(await look(room, MONDAY + WEEKS)) == ["20 09:00", "20 09:30", "22 09:00", "22 09:30"]


async def test_there_is_an_end_to_weeks(room: Availability) -> None:
    for number in range(30):
        one = MORNING.model_copy(update={"since": date(2027, 1, 1)})
        assert only(await repeat(room, one, f"week-{number}")).version == 1
    assert await repeat(room, MORNING, "week-30") == Refused(code="too_many_patterns")


@pytest.mark.parametrize("holiday", [True, False])
async def test_holidays_open_nothing(room: Availability, holiday: bool) -> None:
    calendar = CALENDAR._replace(holidays=frozenset([date(2026, 1, 6)] if holiday else []))
    facts = await room.ask(set_pattern, an_order(), "gp-1", "week-1", MORNING, calendar)
    assert ("06 09:00" in opened(facts)) is not holiday


async def test_a_week_opens_nothing_where_a_linked_agenda_is_busy(room: Availability) -> None:
    """The sixth, from half past nine on."""
    feed = NewFeed(id="feed-1", practitioner_id="gp-1", kind="file", means="busy")
    await room.ask(link, an_order(), feed)
    start = datetime(2026, 1, 6, 9, 30, tzinfo=PARIS)
    reading = Reading((Time("a", start, start + timedelta(hours=1)),))
    await room.ask(follow, an_order(), "feed-1", reading, lambda who: "")
    await repeat(room)
    assert await open_slots(room) == [one for one in FORTNIGHT if one != "06 09:30"]
