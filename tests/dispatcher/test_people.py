"""What is known of a practitioner's visits: whatever order facts come in, and for as long as a week asks for them?"""

from itertools import permutations

import pytest

from dispatcher.offers.people import KEPT, People
from schemas.event import Event
from schemas.practitioner import Visit
from schemas.slot import SeatFreed, SlotBooked, SlotClosed
from schemas.values import Mode
from tests.builders import AT_TEN, GAILLAC, MONDAY, a_state, an_order, hours


def booked(request_id: str, version: int, slot_id: str = "slot-1") -> SlotBooked:
    return SlotBooked.after(
        an_order(), MONDAY, request_id=request_id, slot_id=slot_id, choice=1, start=AT_TEN, practitioner_id="anne",
        minutes=15, mode=Mode.OFFICE, place=GAILLAC, state=a_state(AT_TEN, version=version, free=0), counted=True,
    )  # fmt: skip


def freed(request_id: str, version: int) -> SeatFreed:
    state = a_state(AT_TEN, version=version)
    return SeatFreed.after(an_order(), MONDAY, slot_id="slot-1", request_id=request_id, state=state)


def closed(version: int) -> SlotClosed:
    state = a_state(AT_TEN, version=version, free=0)
    return SlotClosed.after(an_order(), MONDAY, slot_id="slot-1", state=state)


ONE, TWO = Visit(AT_TEN, counted=True), Visit(AT_TEN, counted=True)


@pytest.mark.parametrize(
    ("facts", "visits"),
    [
        ((booked("r-1", 2), freed("r-1", 3)), ()),
        ((booked("r-1", 2), freed("r-1", 3), booked("r-1", 4)), (ONE,)),
        ((booked("r-1", 2), booked("r-2", 3), freed("r-1", 4)), (TWO,)),
        ((booked("r-1", 2), booked("r-2", 3)), (ONE, TWO)),
    ],
)
def test_facts_in_any_order_leave_the_same_visits(facts: tuple[Event, ...], visits: tuple[Visit, ...]) -> None:
    for heard in permutations(facts):
        people = People()
        for fact in (*heard, *heard):
            people.hear(fact)
        assert people.visits("anne") == visits


def test_a_slot_that_is_closed_holds_no_visit() -> None:
    people = People()
    for fact in (booked("r-1", 2), booked("r-2", 3), closed(4), booked("r-2", 3)):
        people.hear(fact)
    assert people.visits("anne") == ()


def test_nothing_is_remembered_for_longer_than_a_week_asks_for_it() -> None:
    people = People()
    for fact in (booked("r-1", 2), freed("r-1", 3), booked("r-2", 2, "slot-2")):
        people.hear(fact)
    people.forget_before(AT_TEN + KEPT)
    assert people.visits("anne") == (TWO,)
    people.forget_before(AT_TEN + KEPT + hours(1))
    assert (people.visits("anne"), people._seats, people._slots) == ((), {}, {"anne": []})
