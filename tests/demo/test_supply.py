"""Are the slots opened as practitioners open them: unequally, thinly, and never twice at the same time?"""

from collections import Counter, defaultdict
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.values import Mode
from services.demo.supply import NOTICE, day_of, publications

WEEK = [date(2027, 1, 11) + timedelta(days=number) for number in range(7)]


@pytest.fixture(scope="module")
def week(people, tarn):
    """Every (practitioner, slot, moment it is made known) of an ordinary week."""
    return [
        (said.practitioner_id, slot, said.at)
        for said in publications(people, tarn, WEEK, seed=1)
        for slot in said.slots
    ]


def test_nobody_is_in_two_places_at_once(week) -> None:
    agendas = defaultdict(list)
    for practitioner, slot, _ in week:
        agendas[practitioner].append(slot)
    for slots in agendas.values():
        slots.sort(key=lambda slot: slot.start)
        for one, following in pairwise(slots):
            assert one.start + timedelta(minutes=one.minutes) <= following.start


def test_a_slot_is_made_known_while_a_patient_can_still_get_there(week) -> None:
    assert all(at <= slot.start - NOTICE for _, slot, at in week)


def test_some_are_known_days_before_some_the_same_morning_and_some_are_free_now(week, tarn) -> None:
    ahead = Counter(
        (slot.start.astimezone(tarn.tz).date() - at.astimezone(tarn.tz).date()).days for _, slot, at in week
    )
    now = sum(slot.start - at < timedelta(hours=2) for _, slot, at in week)
    assert set(ahead) == {0, 1, 2}
    assert all(count > 0.1 * len(week) for count in ahead.values())
    assert now > 0.1 * len(week)


def test_the_weekend_and_lunch_are_thin(week, tarn) -> None:
    local = [slot.start.astimezone(tarn.tz) for _, slot, _ in week]
    by_day, by_hour = Counter(moment.weekday() for moment in local), Counter(moment.hour for moment in local)
    tuesday = by_day[1]
    assert by_day[0] < tuesday
    assert by_day[5] < tuesday / 2
    assert 0 < by_day[6] < tuesday / 4
    assert by_hour[12] < by_hour[10] / 2
    assert 0 < by_hour[20] + by_hour[21] < by_hour[10]


def test_a_few_practitioners_open_much_more_than_the_others(week, people) -> None:
    gps = {person.id for person in people if person.profession == "10"}
    seats = sorted(Counter({one: sum(s.capacity for p, s, _ in week if p == one) for one in gps}).values())
    most_generous = sum(seats[-len(gps) // 5 :])
    assert most_generous > 0.33 * sum(seats)


def test_nurses_go_to_homes_and_only_gps_and_advisers_use_a_screen(week, people) -> None:
    profession = {person.id: person.profession for person in people}
    nurses = [slot for who, slot, _ in week if profession[who] == "60"]
    assert sum(Mode.HOME in slot.modes for slot in nurses) > 0.7 * len(nurses)
    assert {profession[who] for who, slot, _ in week if Mode.TELE in slot.modes} <= {"10", "93", "95"}


def test_most_slots_have_one_seat(week) -> None:
    assert sum(slot.capacity == 1 for _, slot, _ in week) > 0.9 * len(week)
    assert any(slot.capacity > 1 for _, slot, _ in week)


def test_twice_as_tight_is_half_as_many(people, tarn) -> None:
    def seats(tightness: float) -> int:
        said = publications(people, tarn, WEEK, seed=1, tightness=tightness)
        return sum(slot.capacity for one in said for slot in one.slots)

    assert seats(2.0) == pytest.approx(seats(1.0) / 2, rel=0.1)


def test_one_more_day_changes_no_other(people, tarn) -> None:
    three, four = (publications(people, tarn, WEEK[:days], seed=1) for days in (3, 4))
    last = WEEK[3]
    before = [said for said in four if all(s.start.astimezone(tarn.tz).date() != last for s in said.slots)]
    slots = {(one.practitioner_id, slot) for one in three for slot in one.slots}
    assert {(one.practitioner_id, slot) for one in before for slot in one.slots} <= slots
    assert slots <= {(one.practitioner_id, slot) for one in four for slot in one.slots}


def test_nine_o_clock_stays_nine_o_clock_when_the_hour_changes(people, tarn) -> None:
    for person in people:
        for _, slot in day_of(person, tarn, date(2027, 3, 28), seed=1):
            assert 8 <= slot.start.astimezone(tarn.tz).hour < 24


@given(seed=st.integers(0, 10_000), number=st.integers(0, 405), ahead=st.integers(0, 400))
def test_any_day_of_anybody_is_in_order_and_known_in_time(people, tarn, seed, number, ahead) -> None:
    slots = day_of(people[number], tarn, date(2026, 6, 1) + timedelta(days=ahead), seed=seed)
    for (_, one), (_, following) in pairwise(slots):
        assert one.start + timedelta(minutes=one.minutes) <= following.start
    assert all(at <= slot.start - NOTICE for at, slot in slots)
    assert all(slot.minutes >= 10 * slot.capacity for _, slot in slots)
