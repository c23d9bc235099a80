"""How many have said yes after how long, and how many must be asked? The published curve, and what answers teach."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.offers.curve import MOST_PEOPLE, SAYS_YES, Answer, Curve, learn, published
from tests.builders import hours, minutes

# --- the curve ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("after", "share"), [(0, 0), (2, 0.15), (10, 0.45), (30, 0.69), (60, 0.82), (10_000, 1)])
def test_the_published_curve_is_the_one_that_was_published(after: float, share: float) -> None:
    assert published(after) == pytest.approx(share)


def test_clinicians_are_three_times_as_slow() -> None:
    assert Curve().by(minutes(30)) == pytest.approx(0.45 * SAYS_YES)


answers = st.lists(st.builds(Answer, st.none() | st.timedeltas(timedelta(), timedelta(hours=12))), max_size=60)


@given(answers, st.timedeltas(timedelta(), hours(24)), st.timedeltas(timedelta(), hours(24)))
def test_with_time_more_have_said_yes_and_never_more_than_everybody(
    known: list[Answer], one: timedelta, other: timedelta
) -> None:
    curve = learn(known)
    shorter, longer = sorted((one, other))
    assert 0 <= curve.by(shorter) <= curve.by(longer) <= curve.says_yes + 1e-9 < 1


def test_answers_teach_how_many_say_yes_and_how_soon() -> None:
    keen = learn([Answer(minutes(1))] * 200)
    assert keen.by(minutes(2)) > 0.8
    unwilling = learn([Answer(None)] * 200)
    assert unwilling.says_yes < 0.03
    assert unwilling.people(minutes(30), 0.5) == MOST_PEOPLE
    assert keen.people(minutes(30), 0.5) == 1


@given(answers, st.timedeltas(minutes(1), hours(2)), st.floats(0.05, 0.95))
def test_as_many_are_asked_as_make_it_likely_and_not_one_more(
    known: list[Answer], lasts: timedelta, wanted: float
) -> None:
    curve = learn(known)
    many, one = curve.people(lasts, wanted), curve.by(lasts)
    assert 1 <= many <= MOST_PEOPLE
    if many < MOST_PEOPLE:
        assert 1 - (1 - one) ** many >= wanted - 1e-9
    if many > 1:
        assert 1 - (1 - one) ** (many - 1) < wanted
