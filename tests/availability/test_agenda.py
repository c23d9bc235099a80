"""When does each seat begin, and which slots are in each other's way?"""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from availability.agenda import (
    Audience,
    NewPractitioner,
    NewSlot,
    Practice,
    SeatRow,
    SlotRow,
    again,
    is_at,
    overlap,
    seat_start,
    state_of,
    usable_mode,
)
from availability.booking import Seat, seat_for
from schemas.values import Mode
from tests.builders import AT_TEN, GAILLAC, LAVAUR, MONDAY, TARN, a_new_slot, minutes


def a_row(*taken: int, capacity: int = 3, status: str = "open", **said: object) -> SlotRow:
    """A slot of three quarters of an hour at ten; `taken` are the seats somebody has."""
    seats = tuple(SeatRow("s", seat, f"req-{seat}", "booking", AT_TEN, 15, Mode.OFFICE, None) for seat in taken)
    return SlotRow("s", TARN, "gp-1", "10", GAILLAC, AT_TEN, 45, capacity, (Mode.OFFICE,), status, 7, seats)


def test_three_patients_of_three_quarters_of_an_hour_come_a_quarter_apart() -> None:
    assert [seat_start(AT_TEN, 45, 3, seat) - AT_TEN for seat in range(3)] == [minutes(0), minutes(15), minutes(30)]


def test_the_same_times_again_are_at_the_same_place() -> None:
    there = a_row()._replace(place=LAVAUR, address="3 quai Neuf")
    main, further = again([a_row(), there], 1, ZoneInfo("Europe/Paris"), MONDAY)
    assert main.place is None
    assert further.place == Practice(commune=LAVAUR.commune, address="3 quai Neuf", lat=LAVAUR.lat, lon=LAVAUR.lon)
    assert (is_at(there, further.place), is_at(there, None), is_at(a_row(), further.place)) == (True, False, False)
    assert not is_at(there._replace(place=GAILLAC), further.place), "the same street of another commune"


def test_a_place_is_known_by_its_address() -> None:
    place = Practice(commune="81140", postal_code="81500", address="3 quai Neuf")
    assert place.key == place.model_copy(update={"lat": 43.7}).key
    assert place.key != place.model_copy(update={"address": "4 quai Neuf"}).key


def test_a_seat_begins_on_a_whole_minute() -> None:
    assert [seat_start(AT_TEN, 20, 3, seat) - AT_TEN for seat in range(3)] == [minutes(0), minutes(6), minutes(13)]


@given(st.integers(5, 480), st.integers(1, 50))
def test_seats_follow_one_another_inside_the_slot(length: int, capacity: int) -> None:
    starts = [seat_start(AT_TEN, length, capacity, seat) for seat in range(capacity)]
    assert starts == sorted(starts)
    assert starts[0] == AT_TEN
    assert starts[-1] < AT_TEN + timedelta(minutes=length)
    assert all(start.second == 0 for start in starts)


def test_the_state_names_the_first_free_seat() -> None:
    state = state_of(a_row(0, 2))
    assert (state.free, state.next_start, state.version) == (1, int((AT_TEN + minutes(15)).timestamp()), 7)


def test_nothing_is_left_of_a_full_or_closed_slot() -> None:
    assert state_of(a_row(0, 1, 2)).next_start is None
    assert state_of(a_row(status="closed")).free == 0


def test_slots_that_touch_do_not_overlap() -> None:
    assert overlap([a_new_slot(AT_TEN + minutes(45))], [a_row()]) is None
    assert overlap([a_new_slot(AT_TEN - minutes(15))], [a_row()]) is None


@pytest.mark.parametrize("begin", [-14, 0, 44])
def test_one_minute_in_common_is_an_overlap(begin: int) -> None:
    assert overlap([a_new_slot(AT_TEN + minutes(begin))], [a_row()]) == (AT_TEN, 45)


def test_two_new_slots_may_not_overlap_each_other() -> None:
    assert overlap([a_new_slot(AT_TEN + minutes(10)), a_new_slot(AT_TEN)], []) == (AT_TEN, 15)


spans = st.lists(st.tuples(st.integers(0, 40), st.integers(1, 12)), min_size=1, max_size=8)


@given(spans)
def test_an_overlap_is_found_exactly_when_two_slots_share_a_minute(spans: list[tuple[int, int]]) -> None:
    slots = [a_new_slot(MONDAY + minutes(5 * start), 5 * length) for start, length in spans]
    used = [tick for start, length in spans for tick in range(start, start + length)]
    assert (overlap(slots, []) is not None) == (len(used) != len(set(used)))


def test_the_mode_is_the_one_the_patient_prefers() -> None:
    offered = (Mode.OFFICE, Mode.TELE)
    assert usable_mode((Mode.HOME, Mode.TELE, Mode.OFFICE), offered) is Mode.TELE
    assert usable_mode((Mode.HOME,), offered) is Mode.OFFICE


@pytest.mark.parametrize("fault", [{"minutes": 4}, {"minutes": 481}, {"capacity": 0}, {"capacity": 51}, {"modes": ()}])
def test_a_slot_that_cannot_be_is_refused(fault: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        NewSlot.model_validate({"start": AT_TEN, "minutes": 15, **fault})


def test_a_slot_without_a_time_zone_is_refused() -> None:
    with pytest.raises(ValidationError):
        NewSlot.model_validate({"start": "2026-01-05T10:00:00", "minutes": 15})


@pytest.mark.parametrize("id", ["", "ab", "Dr Who", "a" * 65, "-gp"])
def test_a_practitioner_needs_an_id_that_can_travel(id: str) -> None:
    with pytest.raises(ValidationError):
        NewPractitioner(id=id, name="Dr Odile Exemple", profession="10", commune="81099")


# --- who gets which seat ----------------------------------------------------------------------------------


def test_the_lowest_free_seat_is_given() -> None:
    assert seat_for(a_row(0), "new", MONDAY) == Seat(1, AT_TEN + minutes(15), 15)


def test_whoever_has_a_seat_keeps_it() -> None:
    assert seat_for(a_row(0, 1), "req-1", MONDAY) == Seat(1, AT_TEN + minutes(15), 15)


def test_why_a_seat_is_lost() -> None:
    assert seat_for(None, "new", MONDAY) == "unknown"
    assert seat_for(a_row(status="closed"), "new", MONDAY) == "closed"
    assert seat_for(a_row(0, 1, 2), "new", MONDAY) == "taken"
    assert seat_for(a_row(), "new", AT_TEN + minutes(30)) == "past"


def test_the_last_seat_of_a_slot_that_has_begun_may_still_be_given() -> None:
    assert seat_for(a_row(0, 1), "new", AT_TEN + minutes(20)) == Seat(2, AT_TEN + minutes(30), 15)


def test_the_seat_that_was_meant_is_given_or_one_after_it() -> None:
    assert seat_for(a_row(), "new", MONDAY, AT_TEN + minutes(15)) == Seat(1, AT_TEN + minutes(15), 15)
    assert seat_for(a_row(1), "new", MONDAY, AT_TEN + minutes(1)) == Seat(2, AT_TEN + minutes(30), 15)
    assert seat_for(a_row(2), "new", MONDAY, AT_TEN + minutes(16)) == "past"


def test_a_seat_that_has_passed_is_not_in_the_way_of_the_next() -> None:
    assert seat_for(a_row(), "new", AT_TEN + minutes(5)) == Seat(1, AT_TEN + minutes(15), 15)


def test_nobody_new_is_booked_in_a_frozen_seat_but_who_held_it_keeps_it() -> None:
    frozen = a_row(0)._replace(audience=Audience(freeze=20))
    assert seat_for(frozen, "new", AT_TEN - minutes(5)) == Seat(1, AT_TEN + minutes(15), 15)
    assert seat_for(frozen, "new", AT_TEN) == Seat(2, AT_TEN + minutes(30), 15)
    assert seat_for(frozen, "new", AT_TEN + minutes(11)) == "past"
    assert seat_for(frozen, "req-0", AT_TEN - minutes(5)) == Seat(0, AT_TEN, 15)


@given(st.sets(st.integers(0, 5)), st.integers(0, 60))
def test_a_seat_that_is_given_is_free_and_still_to_come(taken: set[int], passed: int) -> None:
    now = AT_TEN - minutes(10) + minutes(passed)
    seat = seat_for(a_row(*taken, capacity=6), "new", now)
    if isinstance(seat, Seat):
        assert seat.number not in taken
        assert seat.start > now
    else:
        free = sorted(set(range(6)) - taken)
        assert seat == ("past" if free else "taken")
        assert not free or seat_start(AT_TEN, 45, 6, free[-1]) <= now
