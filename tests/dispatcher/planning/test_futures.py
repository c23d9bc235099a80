"""Is a future one that may come of the last weeks?"""

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest

from dispatcher.planning.demand import AHEAD, Demand, Past
from dispatcher.planning.futures import LAST_SEAT, Opened, calls, still_to_open
from tests.builders import A_DAY, GAILLAC, LAVAUR, LISLE, MONDAY, TARN, a_need, an_open_slot, hours, minutes

FIRST = int(MONDAY.timestamp()) // 3600
A_WEEK = timedelta(days=7)


def asked(at: datetime, **said: Any) -> Past:
    return Past(at, a_need(now=at, **said))


PAST = (
    asked(MONDAY - hours(30), within=hours(6), usual_practitioner="gp-1"),
    asked(MONDAY - hours(20), within=hours(24), place=LISLE),
    asked(MONDAY - hours(10), within=hours(48), profession="60"),
)
EXPECTED = Demand(FIRST, {("10", GAILLAC.commune): np.full(49, 2.0), ("60", LISLE.commune): np.full(49, 1.0)}, ())


def test_the_same_seed_draws_the_same_future_and_another_one_another() -> None:
    first, again, other = (calls(EXPECTED, PAST, MONDAY, TARN, seed) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_as_many_call_as_are_expected() -> None:
    counts = [len(calls(EXPECTED, PAST, MONDAY, TARN, seed)) for seed in range(100)]
    assert np.mean(counts) == pytest.approx(147, abs=5)
    assert np.var(counts) == pytest.approx(147, rel=0.5), "as chance would have it, not the same each time"


def test_they_call_in_the_time_that_lies_ahead_the_first_first() -> None:
    now = MONDAY + minutes(40)
    found = calls(EXPECTED, PAST, now, TARN, 1)
    moments = [call.at for call in found]
    assert moments == sorted(moments)
    assert now <= moments[0]
    assert moments[-1] < now + AHEAD
    assert len({call.ask.request_id for call in found}) == len(found)


def test_who_calls_is_like_somebody_who_called_before() -> None:
    for call in calls(EXPECTED, PAST, MONDAY, TARN, 1):
        need = call.ask.need
        assert need.earliest == call.at
        assert need.deadline - call.at == hours(need.hours)
        if need.profession == "10":  # the one of Lisle is not taken: somebody of Gaillac called before
            assert (need.place, need.hours, need.usual_practitioner) == (GAILLAC, 6, "gp-1")
        else:  # nobody of Lisle ever asked for a nurse: like the one of Gaillac, from Lisle
            assert (need.place, need.hours) == (LISLE, 48)


def opened(slot_id: str, at: datetime, start: datetime) -> Opened:
    return Opened(at, an_open_slot(slot_id, start, place=LAVAUR, capacity=2))


LONG_AGO = opened("long ago", MONDAY - 5 * A_WEEK, MONDAY - 5 * A_WEEK + hours(1))


def test_what_was_opened_late_last_week_is_opened_late_this_week() -> None:
    then = MONDAY - A_WEEK
    known = [
        opened("first", then - A_DAY, then - hours(20)),
        opened("published then", then - minutes(1), then + hours(20)),
        opened("late", then + hours(12), then + hours(20)),
        opened("begun", then - hours(2), then - minutes(5)),
        opened("too far ahead", then + hours(1), then + LAST_SEAT + minutes(1)),
    ]
    (slot,) = still_to_open(known, MONDAY, 1)
    assert (slot.slot_id, slot.start, slot.state.free) == ("later-late", MONDAY + hours(20), 2)
    assert slot.state.next_start == int(slot.start.timestamp())


def test_one_of_the_last_weeks_is_drawn() -> None:
    then = {ago: MONDAY - ago * A_WEEK for ago in range(1, 5)}
    known = [LONG_AGO, *(opened(str(ago), at + hours(1), at + hours(5)) for ago, at in then.items())]
    drawn = [still_to_open(known, MONDAY, seed) for seed in range(60)]
    assert {slot.slot_id for (slot,) in drawn} == {f"later-{ago}" for ago in then}


def test_of_less_than_a_week_nothing_is_concluded() -> None:
    assert still_to_open([opened("new", MONDAY - hours(20), MONDAY - hours(2))], MONDAY, 1) == []
    assert still_to_open([], MONDAY, 1) == []
