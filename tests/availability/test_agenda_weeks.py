"""Does a week that repeats open the right times: by the clock, in any zone, on both nights on which the clock jumps?"""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from availability.agenda import Audience, slot_ends
from availability.agenda_weeks import Occurrence, Pattern, Where, expand, fitting, slot_of
from schemas.practitioner import Absence
from schemas.territory import Hours
from schemas.values import AgeBand, Visibility
from services.reference.zones import is_holiday, zone_of
from tests.builders import a_new_slot, minutes

PARIS = ZoneInfo("Europe/Paris")
MONDAY = date(2026, 1, 5)
NIGHTS = {"out_of_hours": True}


def a_pattern(**said: Any) -> Pattern:
    """Monday mornings from nine to ten, a quarter of an hour each."""
    usual = {"days": (0,), "begins": time(9), "ends": time(10), "minutes": 15, "since": MONDAY}
    return Pattern(**{**usual, **said})


def paris(**said: Any) -> Where:
    return Where(PARIS, Hours(), **said)


def midnight(day: date, zone: ZoneInfo = PARIS) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def opened(*patterns: Pattern, where: Where | None = None, since: date = MONDAY, days: int = 7) -> list[str]:
    """The slots of some days as the clock on the wall says them: « lun 5 09:00 »."""
    where = where or paris()
    found = expand(patterns, where, midnight(since, where.zone), midnight(since + timedelta(days=days), where.zone))
    return [one.start.astimezone(where.zone).strftime("%d %H:%M") for one in found]


def test_a_morning_is_opened_slot_by_slot() -> None:
    assert opened(a_pattern()) == ["05 09:00", "05 09:15", "05 09:30", "05 09:45"]


def test_what_does_not_fill_a_slot_is_left() -> None:
    assert opened(a_pattern(minutes=25)) == ["05 09:00", "05 09:25"]


def test_it_holds_from_a_day_to_a_day_and_not_on_the_days_left_out() -> None:
    weekly = a_pattern(minutes=60, days=(0, 2), until=MONDAY + timedelta(days=14), without=(MONDAY,))
    assert opened(weekly, days=30) == ["07 09:00", "12 09:00", "14 09:00", "19 09:00"]
    assert opened(weekly, since=MONDAY - timedelta(days=7), days=7) == []


def test_every_other_week_is_counted_from_the_first() -> None:
    assert opened(a_pattern(minutes=60, days=(0, 4), every=2), days=21) == [
        "05 09:00", "09 09:00", "19 09:00", "23 09:00",
    ]  # fmt: skip


def test_what_begins_in_the_evening_may_end_after_midnight() -> None:
    night = a_pattern(begins=time(23), ends=time(1), minutes=60, **NIGHTS)
    assert opened(night) == ["05 23:00", "06 00:00"]
    assert opened(night, since=MONDAY + timedelta(days=1), days=1) == ["06 00:00"]


# --- out of hours ------------------------------------------------------------------------------------------


def test_nothing_is_opened_out_of_hours_unless_the_pattern_says_so() -> None:
    evening = {"days": (0, 6), "begins": time(19), "ends": time(21), "minutes": 60}
    assert opened(a_pattern(**evening)) == ["05 19:00"]
    assert opened(a_pattern(**evening, **NIGHTS)) == ["05 19:00", "05 20:00", "11 19:00", "11 20:00"]


def test_public_holidays_are_those_of_the_place() -> None:
    good_friday = date(2026, 4, 3)
    friday = a_pattern(days=(4,), minutes=60)
    for departement, there in (("67", []), ("81", ["03 09:00"])):
        holidays = frozenset([good_friday] if is_holiday(good_friday, departement) else [])
        assert opened(friday, where=paris(holidays=holidays), since=good_friday, days=1) == there


ASCENSION = date(2026, 5, 14)  # a Thursday


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        (Hours(), ["15 09:00", "15 13:00", "16 09:00", "16 13:00"]),
        (Hours(saturday_until=12), ["15 09:00", "15 13:00", "16 09:00"]),
        (Hours(bridges=True), []),
    ],
)
def test_saturdays_and_bridges_are_as_the_regional_order_says(hours: Hours, expected: list[str]) -> None:
    week = {"days": (3, 4, 5, 6), "minutes": 60}
    patterns = [a_pattern(**week), a_pattern(begins=time(13), ends=time(14), **week)]
    where = Where(PARIS, hours, frozenset([ASCENSION]))
    assert opened(*patterns, where=where, since=ASCENSION, days=4) == expected


def test_a_monday_before_a_holiday_is_a_bridge() -> None:
    where = Where(PARIS, Hours(bridges=True), frozenset([date(2026, 7, 14)]))
    assert opened(a_pattern(minutes=60), where=where, since=date(2026, 7, 13), days=1) == []


def test_an_absence_opens_nothing() -> None:
    away = Absence(since=midnight(MONDAY) + timedelta(hours=9, minutes=20), until=midnight(MONDAY) + timedelta(days=1))
    assert opened(a_pattern(), where=paris(absences=(away,))) == ["05 09:00"]


# --- for whom ----------------------------------------------------------------------------------------------


def test_a_share_is_for_own_patients_spread_over_the_day() -> None:
    pattern = a_pattern(minutes=10, own_share=33, audience=Audience(ages=(AgeBand.CHILD,), freeze=60))
    found = expand([pattern], paris(), midnight(MONDAY), midnight(MONDAY + timedelta(days=1)))
    slots = [slot_of(one, pattern, "p-1") for one in found]
    assert [slot.audience.visibility for slot in slots] == [
        *([Visibility.CPTS] * 3), Visibility.OWN, Visibility.CPTS, Visibility.CPTS,
    ]  # fmt: skip
    assert {(slot.audience.ages, slot.audience.freeze, slot.pattern) for slot in slots} == {
        ((AgeBand.CHILD,), 60, "p-1")
    }


@given(st.integers(0, 100), st.integers(1, 12))
def test_the_share_is_kept_to_within_one_slot(share: int, slots: int) -> None:
    pattern = a_pattern(ends=time(9 + slots // 6, slots % 6 * 10), minutes=10, own_share=share)
    found = expand([pattern], paris(), midnight(MONDAY), midnight(MONDAY + timedelta(days=1)))
    assert sum(one.own for one in found) == slots * share // 100


@pytest.mark.parametrize(
    "wrong",
    [
        {"days": ()}, {"days": (7,)}, {"ends": time(9)}, {"minutes": 90},
        {"begins": time(0), "ends": time(23), "minutes": 5}, {"until": MONDAY - timedelta(days=1)},
        {"own_share": 101}, {"every": 0},
    ],
)  # fmt: skip
def test_a_pattern_that_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        a_pattern(**wrong)


# --- the nights on which the clock jumps -------------------------------------------------------------------

SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)
NIGHT = {"days": (6,), "begins": time(1), "ends": time(4), "minutes": 30, **NIGHTS}


def test_in_spring_the_hour_that_does_not_exist_opens_nothing() -> None:
    assert opened(a_pattern(**NIGHT), since=SPRING, days=1) == ["29 01:00", "29 01:30", "29 03:00", "29 03:30"]


def test_in_autumn_the_hour_that_comes_twice_is_opened_twice() -> None:
    twice = ["25 02:00", "25 02:30"] * 2
    expected = ["25 01:00", "25 01:30", *twice, "25 03:00", "25 03:30"]
    assert opened(a_pattern(**NIGHT), since=AUTUMN, days=1) == expected


@pytest.mark.parametrize("day", [SPRING, AUTUMN])
def test_nine_o_clock_stays_nine_o_clock_when_the_clock_has_jumped(day: date) -> None:
    found = opened(a_pattern(days=(5, 0), minutes=60), since=day - timedelta(days=1), days=3)
    assert [one[3:] for one in found] == ["09:00", "09:00"]


@pytest.mark.parametrize("departement", ["971", "972", "973", "974", "976", "975", "987", "988"])
def test_overseas_it_is_the_clock_there_that_counts(departement: str) -> None:
    zone = ZoneInfo(zone_of(departement))
    where = Where(zone, Hours())
    (one,) = expand([a_pattern(minutes=60)], where, midnight(MONDAY, zone), midnight(MONDAY, zone) + timedelta(days=7))
    assert one.start.astimezone(zone).strftime("%d %H:%M") == "05 09:00"
    assert one.start.tzinfo is UTC


# --- whatever the patterns ---------------------------------------------------------------------------------

CLOCK = st.integers(0, 24 * 12 - 1).map(lambda fives: time(fives // 12, fives % 12 * 5))


@st.composite
def patterns(draw: st.DrawFn, *, by_day: bool = False) -> Pattern:
    """Any pattern of the year; `by_day`: none that goes on after midnight."""
    begins, minutes = draw(CLOCK), draw(st.sampled_from([5, 15, 20, 45, 120, 240]))
    many = draw(st.integers(1, 8))
    ends = datetime.combine(MONDAY, begins) + timedelta(minutes=minutes * many)
    if by_day and ends.date() != MONDAY:
        begins, ends = time(9), datetime.combine(MONDAY, time(9)) + timedelta(minutes=minutes)
    if ends - datetime.combine(MONDAY, begins) >= timedelta(hours=24):
        ends = datetime.combine(MONDAY, begins) + timedelta(minutes=minutes)
    return a_pattern(
        days=tuple(draw(st.sets(st.integers(0, 6), min_size=1))),
        begins=begins, ends=ends.time(), minutes=minutes, every=draw(st.integers(1, 3)),
        since=MONDAY + timedelta(days=draw(st.integers(-20, 300))), own_share=draw(st.sampled_from([0, 30, 100])),
        out_of_hours=draw(st.booleans()),
    )  # fmt: skip


ZONES = st.sampled_from([PARIS, *(ZoneInfo(one) for one in ("Indian/Reunion", "America/Cayenne", "Pacific/Tahiti"))])
BEGINS = st.integers(0, 364).map(lambda day: MONDAY + timedelta(days=day))


@given(st.lists(patterns(), min_size=1, max_size=4), ZONES, BEGINS, st.integers(1, 21))
def test_expansion_is_sorted_and_never_overlaps(some: list[Pattern], zone: ZoneInfo, day: date, days: int) -> None:
    since = midnight(day, zone)
    found = expand(some, Where(zone, Hours()), since, since + timedelta(days=days))
    assert found == sorted(found)
    assert all(one.start + timedelta(minutes=one.minutes) <= after.start for one, after in pairwise(found))
    assert all(since <= one.start < since + timedelta(days=days) for one in found)


@given(st.lists(patterns(), min_size=1, max_size=3), BEGINS, st.integers(1, 10))
def test_where_no_clock_jumps_every_zone_opens_the_same_hours(some: list[Pattern], day: date, days: int) -> None:
    def by_the_clock(name: str) -> list[tuple[Any, ...]]:
        zone = ZoneInfo(name)
        found = expand(some, Where(zone, Hours()), midnight(day, zone), midnight(day + timedelta(days=days), zone))
        return [(one.start.astimezone(zone).replace(tzinfo=None), *one[1:]) for one in found]

    assert by_the_clock("Indian/Reunion") == by_the_clock("America/Cayenne") == by_the_clock("Pacific/Noumea")


@given(st.lists(patterns(by_day=True), min_size=1, max_size=3), ZONES, BEGINS, st.integers(1, 9), st.integers(1, 9))
def test_a_horizon_that_rolls_on_opens_what_one_look_would(
    some: list[Pattern], zone: ZoneInfo, day: date, first: int, second: int
) -> None:
    where, bounds = Where(zone, Hours()), [midnight(day + timedelta(days=n), zone) for n in (0, first, first + second)]
    parts: list[Occurrence] = [one for pair in pairwise(bounds) for one in expand(some, where, *pair)]
    assert parts == expand(some, where, bounds[0], bounds[-1])


@given(
    st.lists(st.integers(0, 40), max_size=12, unique=True),
    st.lists(st.tuples(st.integers(0, 40), st.integers(1, 9)), max_size=6),
)
def test_what_fits_overlaps_no_time_that_is_taken(starts: list[int], busy: list[tuple[int, int]]) -> None:
    midnight = datetime(2026, 1, 5, tzinfo=UTC)
    slots = [a_new_slot(midnight + minutes(15 * at)) for at in sorted(starts)]
    spans = [(midnight + minutes(15 * at), midnight + minutes(15 * (at + long))) for at, long in busy]
    free = [slot for slot in slots if all(until <= slot.start or slot_ends(slot) <= since for since, until in spans)]
    assert fitting(slots, [], spans) == free
