"""Is what is expected what the last weeks say, where they say enough?"""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.planning.demand import ENOUGH, Demand, Past, demand
from tests.builders import A_DAY, GAILLAC, LAVAUR, LISLE, MONDAY, a_need, hours

PARIS = ZoneInfo("Europe/Paris")
PLACES = (GAILLAC, LISLE, LAVAUR)
FOUR_WEEKS = [MONDAY - hours(number) for number in range(1, 28 * 24)]
"""One request in each hour, day and night."""


def asked(*moments: datetime, **said: Any) -> list[Past]:
    return [Past(at, a_need(now=at, **said)) for at in moments]


def at(found: Demand, hour: datetime, commune: str = GAILLAC.commune, profession: str = "10") -> float:
    """What is expected in the hour that begins then."""
    return float(found.expected[profession, commune][int(hour.timestamp()) // 3600 - found.first])


def total(found: Demand) -> float:
    return float(sum(hourly.sum() for hourly in found.expected.values()))


def test_with_too_little_history_no_forecast_is_invented() -> None:
    few, many = asked(*FOUR_WEEKS[: ENOUGH - 1]), asked(*FOUR_WEEKS[:ENOUGH], profession="60")
    found = demand([*few, *many], MONDAY, PARIS)
    assert found.unknown == ("10",)
    assert {profession for profession, _ in found.expected} == {"60"}


def test_nobody_who_ever_asked_is_nothing_expected_and_nothing_unknown() -> None:
    found = demand([], MONDAY, PARIS)
    assert (found.expected, found.unknown) == ({}, ())


def test_the_known_profile_makes_the_hours_of_few_requests() -> None:
    """25 requests at odd hours of four weeks: mostly the study's shape, in the hours of the territory."""
    found = demand(asked(*FOUR_WEEKS[::27]), MONDAY, PARIS)
    nine, three, seventeen = (MONDAY.replace(hour=hour) + A_DAY for hour in (8, 2, 16))  # one hour later in France
    assert at(found, nine) > 1.3 * at(found, seventeen) > 5 * at(found, three)


def test_the_territorys_own_weeks_bend_the_profile() -> None:
    mondays_at_three = [MONDAY - timedelta(days=7 * week) + hours(6) for week in range(1, 5)]  # 15 h in France
    usual = demand(asked(*FOUR_WEEKS), MONDAY, PARIS)
    bent = demand(asked(*FOUR_WEEKS, *(one for one in mondays_at_three for _ in range(30))), MONDAY, PARIS)
    before, after = (at(one, MONDAY + hours(6)) / at(one, MONDAY + hours(5)) for one in (usual, bent))
    assert after > 2 * before


def test_as_much_is_expected_as_was_asked_whatever_the_second() -> None:
    past = asked(*FOUR_WEEKS)
    found = demand(past, MONDAY, PARIS)
    assert 2 * 24 < total(found) < 2.29 * 24, "between what these flat weeks say and a known Monday and Tuesday"
    later = demand(past, MONDAY + timedelta(seconds=1), PARIS)
    assert total(later) == pytest.approx(total(found), rel=0.01)


def test_a_monday_asks_for_more_than_a_sunday_and_a_holiday_is_one() -> None:
    past = asked(*FOUR_WEEKS[::14])
    sunday = demand(past, MONDAY - A_DAY, PARIS)
    monday, holiday = demand(past, MONDAY, PARIS), demand(past, MONDAY, PARIS, {date(2026, 1, 5)})
    assert at(monday, MONDAY + hours(1)) > 1.3 * at(sunday, MONDAY - A_DAY + hours(1))
    assert at(holiday, MONDAY + hours(1)) < 0.75 * at(monday, MONDAY + hours(1))


def test_a_first_hour_is_not_taken_for_a_day() -> None:
    """40 requests in ten minutes are 40 a day, not 6 000: who never asked before may not go on."""
    found = demand(asked(*(MONDAY - timedelta(seconds=15 * number) for number in range(1, 41))), MONDAY, PARIS)
    assert 40 < total(found) < 3 * 40


def test_what_was_asked_more_than_four_weeks_ago_is_forgotten() -> None:
    found = demand(asked(*(MONDAY - timedelta(days=29) - hours(one) for one in range(100))), MONDAY, PARIS)
    assert (found.expected, found.unknown) == ({}, ())


def test_a_commune_that_never_asked_for_the_profession_asks_for_a_little() -> None:
    gps = asked(*FOUR_WEEKS[:100]) + asked(*FOUR_WEEKS[:100], place=LISLE)
    found = demand([*gps, *asked(*FOUR_WEEKS[:50], profession="60")], MONDAY, PARIS)
    here, there = (at(found, MONDAY + hours(1), place.commune, "60") for place in (GAILLAC, LISLE))
    assert here > 3 * there > 0


@given(
    st.lists(st.tuples(st.integers(1, 40 * 24 * 60), st.sampled_from(PLACES)), max_size=80),
    st.integers(0, 7 * 24 * 60),
    st.randoms(),
)
def test_it_is_never_negative_and_the_order_of_the_past_does_not_matter(some, later, dice) -> None:
    now = MONDAY + timedelta(minutes=later)
    past = [Past(now - timedelta(minutes=ago), a_need(place=place)) for ago, place in some]
    found = demand(past, now, PARIS)
    dice.shuffle(past)
    again = demand(past, now, PARIS)
    assert found.expected.keys() == again.expected.keys()
    for where, hourly in found.expected.items():
        assert np.isfinite(hourly).all()
        assert (hourly >= 0).all()
        assert np.allclose(hourly, again.expected[where])
        assert len(hourly) in (48, 49)
        assert datetime.fromtimestamp(found.first * 3600, UTC) <= now
