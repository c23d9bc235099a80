"""Does nobody's phone ring at night, on the days when the clocks change, overseas, at New Year?"""

from datetime import UTC, date, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.quiet import HOURS, last_leave, may_leave, next_leave, reminder_at
from services.reference.zones import is_holiday, zone_of

PARIS = ZoneInfo("Europe/Paris")
PLACES = {"81": PARIS} | {code: ZoneInfo(zone_of(code)) for code in ("971", "973", "974", "975", "987", "988")}


def local(text: str, zone: ZoneInfo = PARIS) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


def never(day: date) -> bool:
    return False


@pytest.mark.parametrize(
    ("lane", "wish", "earlier", "later"),
    [
        (2, "2026-01-05T12:00", "2026-01-05T12:00", "2026-01-05T12:00"),
        (2, "2026-01-05T07:59", "2026-01-04T20:29", "2026-01-05T08:00"),
        (2, "2026-01-05T20:30", "2026-01-05T20:29", "2026-01-06T08:00"),
        (2, "2026-03-29T02:30", "2026-03-28T20:29", "2026-03-29T08:00"),  # an hour that does not exist
        (2, "2026-10-25T02:30", "2026-10-24T20:29", "2026-10-25T08:00"),  # an hour that comes twice
        (2, "2026-12-31T23:59", "2026-12-31T20:29", "2027-01-01T08:00"),
        (2, "2028-02-28T21:00", "2028-02-28T20:29", "2028-02-29T08:00"),  # a leap day
        (3, "2028-02-29T18:59", "2028-02-29T18:59", "2028-02-29T18:59"),
        (3, "2026-01-03T19:00", "2026-01-03T18:59", "2026-01-05T09:00"),  # Saturday evening: Monday
        (3, "2026-12-31T20:00", "2026-12-31T18:59", "2027-01-02T09:00"),  # New Year's Day is one
        (3, "2026-04-05T12:00", "2026-04-04T18:59", "2026-04-07T09:00"),  # Easter Sunday and Monday
        (3, "2026-05-01T10:00", "2026-04-30T18:59", "2026-05-02T09:00"),
    ],
)
def test_earlier_for_a_reminder_later_for_what_can_wait(lane: int, wish: str, earlier: str, later: str) -> None:
    closed = partial(is_holiday, departement="81")
    assert last_leave(lane, local(wish), PARIS, closed) == local(earlier)
    assert next_leave(lane, local(wish), PARIS, closed) == local(later)


def test_alsace_rests_on_saint_stephens_day_and_the_rest_of_france_does_not() -> None:
    noon = local("2026-12-26T12:00")
    assert may_leave(3, noon, PARIS, partial(is_holiday, departement="81"))
    assert not may_leave(3, noon, PARIS, partial(is_holiday, departement="67"))


@pytest.mark.parametrize("code", sorted(PLACES))
def test_nine_in_the_evening_is_nine_in_the_evening_there(code: str) -> None:
    zone = PLACES[code]
    assert not may_leave(2, local("2026-07-06T21:00", zone), zone, never)
    assert next_leave(2, local("2026-07-06T21:00", zone), zone, never) == local("2026-07-07T08:00", zone)


@pytest.mark.parametrize("lane", [0, 1])
def test_what_is_urgent_or_answers_an_act_leaves_at_any_hour(lane: int) -> None:
    night = local("2026-01-01T03:00")
    assert next_leave(lane, night, PARIS, never) == last_leave(lane, night, PARIS, never) == night


@given(
    st.sampled_from([2, 3]),
    st.datetimes(datetime(2024, 1, 1), datetime(2030, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001
    st.sampled_from(sorted(PLACES)),
)
def test_whatever_the_wish_the_hour_is_allowed_and_on_the_right_side(lane: int, wish: datetime, code: str) -> None:
    zone, closed = PLACES[code], partial(is_holiday, departement=code)
    before, after = last_leave(lane, wish, zone, closed), next_leave(lane, wish, zone, closed)
    assert before <= wish <= after
    assert may_leave(lane, before, zone, closed)
    assert may_leave(lane, after, zone, closed)
    assert after - before < timedelta(days=5)
    assert set(HOURS) == {2, 3}


# Where, the visit, when it was found, and when the patient is reminded of it (all by the clock there).
REMINDED = [
    ("81", "2026-01-08T15:00", "2026-01-06T10:00", "2026-01-07T15:00"),
    ("81", "2026-01-08T07:30", "2026-01-06T10:00", "2026-01-06T20:29"),  # the day before at 7:30 is too early
    ("81", "2026-01-08T21:00", "2026-01-06T10:00", "2026-01-07T20:29"),
    ("81", "2026-01-08T15:00", "2026-01-07T14:00", "2026-01-08T13:00"),  # the day before it was just found
    ("81", "2026-01-08T09:00", "2026-01-07T16:00", "2026-01-07T20:29"),  # two hours before is too early
    ("81", "2026-01-08T09:00", "2026-01-07T18:00", None),
    ("81", "2026-01-08T15:00", "2026-01-08T10:30", None),
    ("81", "2026-03-29T10:00", "2026-03-27T10:00", "2026-03-28T10:00"),  # 23 hours before
    ("81", "2026-10-25T10:00", "2026-10-23T10:00", "2026-10-24T10:00"),  # 25
    ("81", "2028-03-01T10:00", "2028-02-27T10:00", "2028-02-29T10:00"),
    ("974", "2027-01-01T10:00", "2026-12-30T10:00", "2026-12-31T10:00"),
    ("987", "2027-01-01T07:00", "2026-12-30T10:00", "2026-12-30T20:29"),
]


@pytest.mark.parametrize(("code", "visit", "found", "reminded"), REMINDED)
def test_a_reminder_comes_the_day_before_or_two_hours_before_and_never_at_night(
    code: str, visit: str, found: str, reminded: str | None
) -> None:
    zone = PLACES[code]
    expected = reminded and local(reminded, zone)
    assert reminder_at(local(visit, zone), local(found, zone), zone) == expected
