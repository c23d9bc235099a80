"""Do several futures together say where a seat more helps, and who will look in vain?"""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from dispatcher.planning.demand import Demand, Past, demand
from dispatcher.planning.edges import Ask
from dispatcher.planning.futures import Call, Opened, Weeks
from dispatcher.planning.openings import Site, Value
from dispatcher.planning.outlook import Future, Present, played, scarcity, working_hours
from schemas.values import Mode
from tests.builders import GAILLAC, MONDAY, TARN, a_need, an_open_slot, hours

PARIS = ZoneInfo("Europe/Paris")
HOUR = int(MONDAY.timestamp()) // 3600
GP = Site(TARN, "10", GAILLAC, (Mode.OFFICE,))
PAST = [Past(at, a_need(now=at)) for at in (MONDAY - hours(number) for number in range(1, 28 * 24, 8))]
"""Three a day."""

PRESENT = Present(
    now=MONDAY,
    territory=TARN,
    weeks=Weeks(PAST),
    expected=demand(PAST, MONDAY, PARIS),
    slots=(),
    standings=(),
    sites=[GP],
    hours=working_hours(MONDAY, PARIS),
)


def test_working_hours_are_those_of_the_territory() -> None:
    found = [datetime.fromtimestamp(hour * 3600, UTC) for hour in working_hours(MONDAY, PARIS)]
    assert found[0] == MONDAY + hours(1)
    assert found[-1] <= MONDAY + hours(48)
    assert {at.astimezone(PARIS).hour for at in found} == set(range(8, 20))
    assert len(found) == 24


def test_a_mean_is_one_of_all_futures_and_nothing_is_worth_no_line() -> None:
    slots = [an_open_slot(name, MONDAY + hours(number)) for number, name in enumerate("abc", 1)]
    futures = [Future((), Value(np.array(worth), ()), slots) for worth in ([100, 0, 0], [50, 900, 0])]
    found = scarcity(PRESENT, futures)
    assert [(one.hour, one.minutes) for one in found.prices] == [(MONDAY + hours(2), 450), (MONDAY + hours(1), 75)]


def test_who_calls_within_a_day_and_is_not_served_is_the_shortage() -> None:
    calls = [Call(Ask(str(after), a_need(), TARN), MONDAY + hours(after)) for after in (1, 5, 25)]
    futures = [Future(calls, Value(np.zeros(0, np.int64), missed), ()) for missed in ((0, 1), (0, 2), ())]
    seats = [an_open_slot("soon", MONDAY + hours(3), capacity=2), an_open_slot("beyond", MONDAY + hours(30))]
    (one,) = scarcity(replace(PRESENT, slots=seats), futures).shortages
    assert (one.profession, one.asked, one.open, one.short) == ("10", 2, 2, 1)


def test_without_seats_everybody_is_short_of_one_and_each_working_hour_is_worth_something() -> None:
    found = scarcity(PRESENT, [played(PRESENT, seed) for seed in range(4)])
    (gp,) = found.shortages
    assert gp.short == gp.asked == pytest.approx(3.5, abs=2)
    worth = Counter({one.hour: one.minutes for one in found.prices})
    assert worth[MONDAY + hours(9)] > 1000


def test_seats_that_usually_open_are_counted_on() -> None:
    """The same day as last week, when nobody had opened anything in the morning either."""
    then = MONDAY - timedelta(days=7)
    late = [
        Opened(then + hours(1), an_open_slot(f"{day}-{hour}", then + hours(24 * day + hour), capacity=2))
        for day in range(3)
        for hour in range(1, 12)
    ]
    first = Opened(then - hours(1), an_open_slot("first", then - hours(1)))
    with_them = replace(PRESENT, weeks=Weeks(PAST, opened=[first, *late]))
    futures = [[played(one, seed) for seed in range(4)] for one in (PRESENT, with_them)]
    without, usual = (sum(len(one.value.missed) for one in some) for some in futures)
    assert usual < without / 4


def test_who_waits_already_is_in_every_future() -> None:
    waiting = Call(Ask("waits", a_need(), TARN), MONDAY)
    nothing = replace(PRESENT, weeks=Weeks(waiting=[waiting]), expected=Demand(HOUR, {}, ("10",)))
    future = played(nothing, 1)
    assert future.calls == [waiting]
    found = scarcity(nothing, [future])
    assert found.prices, "a seat more would serve the one who waits"
    assert (found.shortages, found.unknown) == ((), ("10",))
