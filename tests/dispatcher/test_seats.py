"""Does the picture of open seats come out the same, in whatever order and however often the facts come?"""

from datetime import datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from dispatcher.matching.choice import propose
from dispatcher.matching.seats import EXPECTED_FOR, OpenSeats, opened
from schemas.event import Event
from schemas.slot import HoldReleased, SeatFreed, SlotBooked, SlotClosed, SlotHeld, SlotOpened
from schemas.values import Mode, SlotState
from tests.builders import AT_TEN, GAILLAC, MONDAY, TARN, a_need, a_slot, a_state, an_order, hours, minutes, seats_of
from tests.dispatcher.worlds import ids


def booked(slot: SlotOpened, request_id: str, state: SlotState) -> SlotBooked:
    return SlotBooked.after(
        an_order(), MONDAY, request_id=request_id, slot_id=slot.slot_id, choice=1, practitioner_id="gp-1",
        start=slot.start, minutes=15, mode=Mode.OFFICE, place=GAILLAC, state=state,
    )  # fmt: skip


def closed(slot: SlotOpened, version: int) -> SlotClosed:
    return SlotClosed.after(an_order(), MONDAY, slot_id=slot.slot_id, state=a_state(version=version, free=0))


@st.composite
def lives(draw: st.DrawFn) -> list[Event]:
    """Everything that happened to a slot of three seats, in the order in which it was true."""
    slot_id = draw(st.sampled_from(["a", "b", "c"]))
    start = AT_TEN + timedelta(minutes=draw(st.sampled_from([0, 30])))
    slot = a_slot(slot_id, start, capacity=3, minutes=30)
    facts: list[Event] = [slot]
    for version in range(2, draw(st.integers(2, 7))):
        free = draw(st.integers(0, 3))
        state = a_state(start + minutes(10 * (3 - free)), version=version, free=free)
        about: dict[str, Any] = {"slot_id": slot_id, "request_id": f"req-{version}", "state": state}
        kind = draw(st.sampled_from([SlotBooked, SlotHeld, SeatFreed, HoldReleased]))
        if kind is SlotBooked:
            facts.append(booked(slot, f"req-{version}", state))
        elif kind is SlotHeld:
            facts.append(SlotHeld.after(an_order(), MONDAY, start=start, until=start, **about))
        elif kind is HoldReleased:
            facts.append(HoldReleased.after(an_order(), MONDAY, why="expired", **about))
        else:
            facts.append(SeatFreed.after(an_order(), MONDAY, **about))
    if draw(st.booleans()):
        facts.append(closed(slot, version=99))
    return facts


def test_of_several_seats_the_next_is_proposed_when_the_first_is_too_near() -> None:
    starts = tuple(int((AT_TEN + minutes(15 * n)).timestamp()) for n in (0, 2, 3))
    state = SlotState(version=1, free=3, next_start=starts[0], starts=starts)
    seats = seats_of(a_slot("session", minutes=60, capacity=4, state=state))

    def proposed(now: datetime) -> tuple[list[datetime], int]:
        found = propose(a_need(now=now), seats, TARN, now).options
        slot = seats.get("session")
        assert slot is not None
        return [one.start for one in found], seats.free(slot, now)

    assert proposed(AT_TEN - minutes(30)) == ([AT_TEN], 3)
    assert proposed(AT_TEN - minutes(29)) == ([AT_TEN + minutes(30)], 2)
    assert proposed(AT_TEN + minutes(10)) == ([AT_TEN + minutes(45)], 1)
    assert proposed(AT_TEN + minutes(16)) == ([], 1)


def test_the_seats_that_are_left_count_and_not_those_that_have_passed() -> None:
    starts = tuple(int((AT_TEN + minutes(15 * n)).timestamp()) for n in range(4))
    slot = a_slot(
        "session", minutes=60, capacity=4, state=SlotState(version=1, free=4, next_start=starts[0], starts=starts)
    )
    seats, late = seats_of(slot), AT_TEN + minutes(5)
    assert propose(a_need(now=late), seats, TARN, late).options[0].start == AT_TEN + minutes(45)
    seats.expect("session", "req-1", late)
    assert propose(a_need(now=late), seats, TARN, late).options == ()
    left = SlotState(version=2, free=2, next_start=starts[1], starts=(starts[1], starts[2]))
    seats.hear(booked(slot, "req-1", left))
    known = seats.get("session")
    assert known is not None
    assert (known.start, known.state.free) == (AT_TEN + minutes(30), 1)


def test_nobody_is_sent_to_a_time_that_is_frozen() -> None:
    seats = seats_of(a_slot("frozen", freeze=90), a_slot("later", AT_TEN + hours(1)))
    for now, expected in ((AT_TEN - minutes(90), ["frozen", "later"]), (AT_TEN - minutes(89), ["later"])):
        found = propose(a_need(now=now), seats, TARN, now).options
        assert [one.slot.slot_id for one in found] == expected


def picture(seats: OpenSeats) -> object:
    """All there is to see: what may be proposed, and what is known of each slot."""
    found = propose(a_need(), seats, TARN, MONDAY, limit=9)
    return found, len(seats), [seats.get(slot_id) for slot_id in "abc"]


@given(st.lists(lives(), max_size=3, unique_by=lambda facts: facts[0].id), st.data())
def test_facts_in_any_order_and_repeated_give_the_same_picture(stories: list[list[Event]], data: st.DataObject) -> None:
    facts = [fact for story in stories for fact in story]
    told, mixed = OpenSeats(), OpenSeats()
    for fact in facts:
        told.hear(fact)
    again = data.draw(st.lists(st.sampled_from(facts), max_size=5)) if facts else []
    for fact in data.draw(st.permutations([*facts, *again])):
        mixed.hear(fact)
    assert picture(mixed) == picture(told)


@given(lives(), st.data())
def test_what_the_database_remembers_and_the_facts_that_pass_make_one_picture(
    facts: list[Event], data: st.DataObject
) -> None:
    told, loaded = OpenSeats(), OpenSeats()
    for fact in facts:
        told.hear(fact)
    assert isinstance(facts[0], SlotOpened)
    latest = told.get(facts[0].slot_id)
    assert latest is not None
    remembered = opened(facts[0])._replace(state=latest.state)
    passing = data.draw(st.permutations(facts))
    moment = data.draw(st.integers(0, len(passing)))
    for fact in passing[:moment]:
        loaded.hear(fact)
    loaded.put(remembered)
    for fact in passing[moment:]:
        loaded.hear(fact)
    assert picture(loaded) == picture(told)


def test_news_of_a_slot_that_nobody_has_heard_of_waits_for_it() -> None:
    slot = a_slot("late-news", capacity=2, minutes=30)
    seats = OpenSeats()
    seats.hear(booked(slot, "req-1", a_state(AT_TEN + minutes(15), version=2, free=1)))
    assert propose(a_need(), seats, TARN, MONDAY).options == ()
    seats.hear(slot)
    best = propose(a_need(), seats, TARN, MONDAY).options[0]
    assert best.slot.state.free == 1
    assert best.start == AT_TEN + minutes(15)


def test_a_full_slot_is_open_again_when_a_seat_is_freed() -> None:
    slot = a_slot("one")
    seats = seats_of(slot)
    seats.hear(booked(slot, "req-1", a_state(version=2, free=0)))
    assert len(seats) == 0
    freed = SeatFreed.after(an_order(), MONDAY, slot_id="one", request_id="req-1", state=a_state(AT_TEN, version=3))
    seats.hear(freed)
    assert len(seats) == 1


def test_a_closed_slot_is_proposed_to_nobody() -> None:
    slot = a_slot()
    seats = seats_of(slot)
    seats.hear(closed(slot, version=2))
    assert propose(a_need(), seats, TARN, MONDAY).options == ()


def test_a_seat_that_was_proposed_counts_as_taken_until_the_answer() -> None:
    slot = a_slot("two", capacity=2, minutes=30)
    seats, known = seats_of(slot), opened(slot)
    seats.expect("two", "req-1", MONDAY)
    assert seats.free(known, MONDAY) == 1
    seats.expect("two", "req-1", MONDAY)  # said twice: still one seat
    assert seats.free(known, MONDAY) == 1
    seats.hear(booked(slot, "req-1", a_state(AT_TEN + minutes(15), version=2, free=1)))
    now_known = seats.get("two")
    assert now_known is not None
    assert seats.free(now_known, MONDAY) == 1


def test_a_proposal_without_an_answer_is_forgotten_after_half_a_minute() -> None:
    slot = a_slot("one")
    seats = seats_of(slot)
    seats.expect("one", "req-1", MONDAY)
    assert seats.free(opened(slot), MONDAY + EXPECTED_FOR - timedelta(seconds=1)) == 0
    assert seats.free(opened(slot), MONDAY + EXPECTED_FOR) == 1


def test_yesterdays_slots_are_forgotten() -> None:
    seats = seats_of(a_slot("old", MONDAY + hours(1)), a_slot("new", MONDAY + hours(3)))
    seats.forget_before(MONDAY + hours(2))
    assert seats.get("old") is None
    assert seats.of_practitioner("gp-of-old") == []
    assert ids(propose(a_need(), seats, TARN, MONDAY).options) == ["new"]
    assert len(seats) == 1


def test_a_long_slot_that_has_begun_is_kept_for_a_seat_freed_at_its_end() -> None:
    slot = a_slot("vaccination", MONDAY + hours(1), minutes=240, capacity=16, state=a_state(free=0))
    seats = seats_of(slot)
    seats.forget_before(MONDAY + hours(3))
    state = a_state(MONDAY + hours(4), version=2)
    seats.hear(SeatFreed.after(an_order(), MONDAY, slot_id="vaccination", request_id="req-1", state=state))
    found = propose(a_need(), seats, TARN, MONDAY + hours(3))
    assert [option.start for option in found.options] == [MONDAY + hours(4)]
