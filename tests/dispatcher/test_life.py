"""Does every request keep a timer until it ends, and is a human alerted while there is time?"""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.life import (
    LEAST_FOR_A_HUMAN,
    MOST_FOR_A_HUMAN,
    OPEN,
    PRESUMED_AFTER,
    TERMINAL,
    State,
    Timer,
    Wake,
    escalate_at,
    keeps_the_invariant,
    timers_when_escalated,
    timers_when_placed,
    timers_when_seeking,
)
from tests.builders import MONDAY, a_need, hours, minutes

moments = st.integers(0, 365 * 24 * 3600).map(lambda seconds: MONDAY + timedelta(seconds=seconds))
lengths = st.timedeltas(timedelta(seconds=1), timedelta(days=14))


@given(moments, lengths)
def test_a_human_is_alerted_before_the_deadline_never_after(now: datetime, left: timedelta) -> None:
    assert now <= escalate_at(now, now + left) < now + left


@given(moments, lengths)
def test_a_human_has_a_quarter_of_an_hour_at_least_and_four_hours_at_most(now: datetime, left: timedelta) -> None:
    margin = now + left - escalate_at(now, now + left)
    assert margin <= MOST_FOR_A_HUMAN
    assert margin >= min(LEAST_FOR_A_HUMAN, left)


@given(moments, lengths, lengths)
def test_a_longer_deadline_never_alerts_sooner(now: datetime, one: timedelta, other: timedelta) -> None:
    shorter, longer = sorted((one, other))
    assert escalate_at(now, now + shorter) <= escalate_at(now, now + longer)


@given(moments, st.timedeltas(timedelta(days=-2), timedelta()))
def test_past_the_deadline_the_alert_is_at_once(now: datetime, left: timedelta) -> None:
    assert escalate_at(now, now + left) == now


@pytest.mark.parametrize(
    ("left", "alerted_after"),
    [(hours(24), hours(20)), (hours(6), hours(4)), (minutes(45), minutes(30)), (minutes(30), minutes(15))],
)
def test_when_a_human_is_alerted(left: timedelta, alerted_after: timedelta) -> None:
    assert escalate_at(MONDAY, MONDAY + left) == MONDAY + alerted_after


def timers_of(state: State, now: datetime, left: timedelta) -> list[Timer]:
    """The timers a request gets when it comes into this state."""
    if state is State.SEEKING:
        return timers_when_seeking(a_need(deadline=now + left), now)
    if state is State.ESCALATED:
        return timers_when_escalated(a_need(deadline=now + left), now)
    return timers_when_placed(now + left, 15) if state in OPEN else []


@given(st.sampled_from(State), moments, lengths)
def test_coming_into_any_state_leaves_a_timer_or_an_end(state: State, now: datetime, left: timedelta) -> None:
    timers = timers_of(state, now, left)
    assert keeps_the_invariant(state, timers)
    assert all(timer.due >= now for timer in timers)
    assert len({timer.wake for timer in timers}) == len(timers)


@pytest.mark.parametrize("state", OPEN)
def test_an_open_request_without_a_timer_breaks_the_promise(state: State) -> None:
    assert not keeps_the_invariant(state, [])


def test_what_has_ended_needs_no_timer() -> None:
    assert {State.FULFILLED, State.NO_SHOW, State.WITHDRAWN, State.REDIRECTED, State.ADVISED, State.UNMET} == set(
        TERMINAL
    )
    assert all(keeps_the_invariant(state, []) for state in TERMINAL)


@given(moments, st.timedeltas(timedelta(days=-1), timedelta(days=2)))
def test_an_alert_climbs_within_minutes_and_the_search_goes_on(now: datetime, left: timedelta) -> None:
    timers = {timer.wake: timer.due for timer in timers_when_escalated(a_need(deadline=now + left), now)}
    assert timers[Wake.STEP_UP] == now + minutes(5)
    assert timers[Wake.SEEK] == now + minutes(1)
    assert timers[Wake.OVERDUE] > now


def test_a_visit_is_presumed_to_have_taken_place_two_hours_after_its_end() -> None:
    assert timers_when_placed(MONDAY, 15) == [Timer(Wake.VISIT_OVER, MONDAY + minutes(15) + PRESUMED_AFTER)]
