"""Does the outlook say where seats will be short, before they are?"""

from hypothesis import given
from hypothesis import strategies as st

from dispatcher.planning.forecast import forecast, seats_by_hour
from tests.builders import GAILLAC, MONDAY, a_state, an_open_slot, hours, minutes

GP = ("10", "81099")


def test_those_who_find_no_seat_wait_for_the_next_hours() -> None:
    (one,) = forecast({GP: [2.0, 2.0, 0.0]}, {GP: [1, 1, 1]})
    assert one.waiting == (1.0, 2.0, 1.0)
    assert one.short == 1.0


def test_a_seat_before_the_request_serves_nobody() -> None:
    (one,) = forecast({GP: [0.0, 3.0]}, {GP: [3, 0]})
    assert one.short == 3.0


def test_those_who_wait_already_are_served_first() -> None:
    (one,) = forecast({GP: [1.0]}, {GP: [1]}, {GP: 1})
    assert one.short == 1.0


def test_the_shortest_of_seats_comes_first() -> None:
    dentist = ("40", "81099")
    found = forecast({GP: [1.0], dentist: [5.0]}, {GP: [2]})
    assert [one.profession for one in found] == ["40", "10"]


def test_seats_are_counted_in_the_hour_in_which_they_begin() -> None:
    slots = [
        an_open_slot("a", MONDAY + minutes(59)),
        an_open_slot("b", MONDAY + minutes(60), capacity=2),
        an_open_slot("full", MONDAY + minutes(60), state=a_state(free=0)),
        an_open_slot("beyond", MONDAY + hours(24)),
        an_open_slot("past", MONDAY - minutes(1)),
    ]
    assert seats_by_hour(slots, MONDAY)["10", GAILLAC.commune][:3] == [1, 2, 0]


@given(st.lists(st.integers(0, 9), min_size=1, max_size=24), st.lists(st.integers(0, 9), min_size=24, max_size=24))
def test_one_seat_more_never_makes_the_shortage_worse(asked: list[int], opened: list[int]) -> None:
    before = forecast({GP: [float(one) for one in asked]}, {GP: opened})[0].short
    for hour in range(24):
        more = [*opened]
        more[hour] += 1
        after = forecast({GP: [float(one) for one in asked]}, {GP: more})[0].short
        assert after in (before, before - 1)
