"""Who sits where? Published, held, booked, lost, freed: each seat has one owner, whoever acts at the same time."""

import asyncio
from typing import Any

import pytest

from availability.booking import HOLD_FOR
from availability.orders import cancel_slot, release_hold
from availability.seating import free_seat
from availability.store import Desk
from schemas.request import RequestClosed
from schemas.values import Mode, Refused
from tests.availability.room import Availability, choice_of, refusal_of, withdrawal_of
from tests.builders import AT_TEN, MONDAY, a_new_slot, an_order, hours, minutes, only, said

# --- booked and lost ------------------------------------------------------------------------------------


async def test_a_chosen_seat_is_booked_and_the_rest_of_the_slot_is_said(room: Availability) -> None:
    slot = only(await room.publish(a_new_slot(minutes=30, capacity=2)))
    booked = only(await room.choose("req-1", slot.slot_id, choice=3))
    assert (booked.request_id, booked.choice, booked.start, booked.minutes) == ("req-1", 3, AT_TEN, 15)
    assert (booked.state.version, booked.state.free) == (2, 1)
    assert booked.state.next_start == int((AT_TEN + minutes(15)).timestamp())
    second = only(await room.choose("req-2", slot.slot_id))
    assert (second.start, second.state.free, second.state.next_start) == (AT_TEN + minutes(15), 0, None)


async def test_whoever_comes_too_late_is_told_so(room: Availability) -> None:
    slot = only(await room.publish())
    await room.choose("req-1", slot.slot_id)
    lost = only(await room.choose("req-2", slot.slot_id, choice=4))
    assert (type(lost).__name__, lost.why, lost.choice, lost.state.free) == ("SlotLost", "taken", 4, 0)


async def test_a_seat_of_a_slot_that_is_closed_past_or_unknown_is_lost(room: Availability) -> None:
    slot, other = await room.publish(a_new_slot(), a_new_slot(AT_TEN + hours(1)))
    await room.ask(cancel_slot, an_order(), slot.slot_id)
    assert only(await room.choose("req-1", slot.slot_id)).why == "closed"
    assert only(await room.choose("req-1", other.slot_id, now=AT_TEN + hours(2))).why == "past"
    lost = only(await room.choose("req-1", "no-such-slot"))
    assert (lost.why, lost.state) == ("unknown", None)


async def test_a_proposal_heard_twice_takes_one_seat(room: Availability) -> None:
    slot = only(await room.publish(a_new_slot(minutes=30, capacity=2)))
    chosen = choice_of("req-1", slot.slot_id)
    first, again = await room.hear(chosen), await room.hear(chosen)
    assert only(first).model_dump() == only(again).model_dump()
    assert len((await room.slot(slot.slot_id)).seats) == 1


async def test_eight_requests_race_for_five_seats_and_five_win(room: Availability) -> None:
    slot = only(await room.publish(a_new_slot(minutes=50, capacity=5)))
    answers = await asyncio.gather(*(room.choose(f"req-{number}", slot.slot_id) for number in range(8)))
    names = sorted(type(only(answer)).__name__ for answer in answers)
    assert names == ["SlotBooked"] * 5 + ["SlotLost"] * 3
    starts = sorted(only(answer).start for answer in answers if type(only(answer)).__name__ == "SlotBooked")
    assert starts == [AT_TEN + minutes(10 * number) for number in range(5)]


async def test_the_patient_is_seen_in_the_mode_preferred_among_those_offered(room: Availability) -> None:
    slot = only(await room.publish(a_new_slot(modes=("office", "teleconsultation"))))
    chosen = choice_of("req-1", slot.slot_id, modes=(Mode.HOME, Mode.TELE))
    assert only(await room.hear(chosen)).mode is Mode.TELE


# --- held while talking ---------------------------------------------------------------------------------


async def test_a_held_seat_is_kept_for_a_minute_and_a_half(room: Availability) -> None:
    slot = only(await room.publish())
    held = only(await room.hold("req-1", slot.slot_id))
    assert (held.start, held.until, held.state.free) == (AT_TEN, MONDAY + minutes(1.5), 0)
    assert only(await room.choose("req-2", slot.slot_id)).why == "taken"


async def test_a_held_seat_becomes_the_booking(room: Availability) -> None:
    slot = only(await room.publish(a_new_slot(minutes=30, capacity=2)))
    await room.hold("req-1", slot.slot_id)
    booked = only(await room.choose("req-1", slot.slot_id))
    assert (booked.start, booked.state.free) == (AT_TEN, 1)
    seat = await room.seat("req-1")
    assert seat is not None
    assert (seat.kind, seat.expires_at) == ("booking", None)
    assert await room.expire(MONDAY + hours(1)) == []


async def test_the_mode_agreed_on_the_phone_is_kept(room: Availability) -> None:
    slot = only(await room.publish(a_new_slot(modes=("office", "teleconsultation"))))
    await room.hold("req-1", slot.slot_id, Mode.TELE)
    chosen = choice_of("req-1", slot.slot_id, modes=(Mode.OFFICE, Mode.TELE))
    assert only(await room.hear(chosen)).mode is Mode.TELE


async def test_a_hold_that_nobody_used_is_given_to_others(room: Availability) -> None:
    slot = only(await room.publish())
    await room.hold("req-1", slot.slot_id)
    assert await room.expire(MONDAY + HOLD_FOR - minutes(0.01)) == []
    released = only(await room.expire(MONDAY + HOLD_FOR))
    assert (released.why, released.request_id, released.state.free) == ("expired", "req-1", 1)
    assert released.state.version == 3
    assert await room.expire(MONDAY + HOLD_FOR) == []
    assert len(await room.choose("req-2", slot.slot_id)) == 1


async def test_two_sweeps_at_once_end_a_hold_once(room: Availability) -> None:
    slot = only(await room.publish())
    await room.hold("req-1", slot.slot_id)
    both = await asyncio.gather(room.expire(MONDAY + HOLD_FOR), room.expire(MONDAY + HOLD_FOR))
    facts = {fact.id: fact for answer in both for fact in answer}
    assert [fact.state.free for fact in facts.values()] == [1]
    assert (await room.slot(slot.slot_id)).seats == ()


async def test_a_sweep_that_comes_just_after_the_booking_does_not_free_the_seat(room: Availability) -> None:
    slot = only(await room.publish())
    await room.hold("req-1", slot.slot_id)
    seen_by_the_sweep = await room.seat("req-1")
    assert seen_by_the_sweep is not None
    await room.choose("req-1", slot.slot_id)  # in another process, between the sweep's look and its act
    async with room.database.writing() as db:
        assert await free_seat(an_order(), seen_by_the_sweep, "expired", Desk(db), MONDAY + HOLD_FOR) == []
    seat = await room.seat("req-1")
    assert seat is not None
    assert seat.kind == "booking"


async def test_one_request_holds_one_seat(room: Availability) -> None:
    first, second = await room.publish(a_new_slot(), a_new_slot(AT_TEN + hours(1)))
    await room.hold("req-1", first.slot_id)
    facts = await room.hold("req-1", second.slot_id)
    assert said(facts) == ["HoldReleased", "SlotHeld"]
    assert (facts[0].slot_id, facts[1].slot_id) == (first.slot_id, second.slot_id)
    assert (await room.slot(first.slot_id)).seats == ()


async def test_holding_the_same_slot_again_begins_the_time_anew(room: Availability) -> None:
    slot = only(await room.publish())
    await room.hold("req-1", slot.slot_id)
    facts = await room.hold("req-1", slot.slot_id, now=MONDAY + minutes(1))
    assert facts[-1].until == MONDAY + minutes(2.5)
    assert facts[-1].state.free == 0
    assert facts[-1].state.version == (await room.slot(slot.slot_id)).version


async def test_a_seat_somebody_holds_cannot_be_held(room: Availability) -> None:
    slot = only(await room.publish())
    await room.hold("req-1", slot.slot_id)
    lost = only(await room.hold("req-2", slot.slot_id))
    assert (type(lost).__name__, lost.why) == ("SlotLost", "taken")


async def test_whoever_has_a_booking_holds_nothing_else(room: Availability) -> None:
    first, second = await room.publish(a_new_slot(), a_new_slot(AT_TEN + hours(1)))
    await room.choose("req-1", first.slot_id)
    assert await room.hold("req-1", second.slot_id) == Refused(code="already_booked")
    assert await room.ask(release_hold, an_order(), "req-1") == []
    assert len((await room.slot(first.slot_id)).seats) == 1


async def test_a_hold_that_is_given_back_frees_the_seat(room: Availability) -> None:
    slot = only(await room.publish())
    await room.hold("req-1", slot.slot_id)
    released = only(await room.ask(release_hold, an_order(), "req-1"))
    assert (released.why, released.state.free) == ("given_back", 1)
    assert await room.ask(release_hold, an_order(), "req-1") == []


async def test_a_seat_booked_elsewhere_gives_the_held_one_back(room: Availability) -> None:
    held, chosen = await room.publish(a_new_slot(), a_new_slot(AT_TEN + hours(1)))
    await room.hold("req-1", held.slot_id)
    assert said(await room.choose("req-1", chosen.slot_id)) == ["HoldReleased", "SlotBooked"]


# --- given back -----------------------------------------------------------------------------------------


async def test_a_withdrawn_patients_seat_is_open_again(room: Availability) -> None:
    slot = only(await room.publish())
    await room.choose("req-1", slot.slot_id)
    freed = only(await room.hear(withdrawal_of("req-1", slot.slot_id)))
    assert (type(freed).__name__, freed.state.free, freed.state.version) == ("SeatFreed", 1, 3)
    assert await room.hear(withdrawal_of("req-1", slot.slot_id)) == []


async def test_a_booking_the_dispatcher_does_not_want_is_given_back(room: Availability) -> None:
    slot, other = await room.publish(a_new_slot(), a_new_slot(AT_TEN + hours(1)))
    await room.choose("req-1", slot.slot_id)
    assert await room.hear(refusal_of("req-1", other.slot_id)) == []
    assert only(await room.hear(refusal_of("req-1", slot.slot_id))).slot_id == slot.slot_id
    assert await room.seat("req-1") is None


async def test_a_seat_that_was_chosen_again_is_not_given_back_with_the_old_choice(room: Availability) -> None:
    slot = only(await room.publish())
    await room.choose("req-1", slot.slot_id, choice=1)
    await room.choose("req-1", slot.slot_id, choice=3)
    assert await room.hear(refusal_of("req-1", slot.slot_id, choice=1)) == []
    assert await room.seat("req-1") is not None
    assert said(await room.hear(refusal_of("req-1", slot.slot_id, choice=3))) == ["SeatFreed"]


async def test_who_does_not_say_which_choice_is_refused_means_the_one_there_is(room: Availability) -> None:
    slot = only(await room.publish())
    await room.choose("req-1", slot.slot_id, choice=2)
    assert said(await room.hear(refusal_of("req-1", slot.slot_id, choice=None))) == ["SeatFreed"]


async def test_a_choice_that_comes_after_the_one_made_later_takes_no_seat_away(room: Availability) -> None:
    first, second = await room.publish(a_new_slot(AT_TEN), a_new_slot(AT_TEN + hours(1)))
    await room.choose("req-1", second.slot_id, choice=9)
    assert said(await room.choose("req-1", first.slot_id, choice=8)) == ["SlotLost"]
    assert (await room.seat("req-1")).slot_id == second.slot_id  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("outcome", "freed"),
    [("fulfilled", 0), ("no_show", 0), ("redirected", 1), ("advised", 1), ("unmet", 1)],
)
async def test_only_a_visit_that_takes_place_keeps_its_seat(room: Availability, outcome: Any, freed: int) -> None:
    slot = only(await room.publish())
    await room.choose("req-1", slot.slot_id)
    closed = RequestClosed.after(an_order(), MONDAY, request_id="req-1", outcome=outcome, slot_id=slot.slot_id)
    assert said(await room.hear(closed)) == ["SeatFreed"] * freed


async def test_a_cancelled_slot_tells_each_of_its_patients_once(room: Availability) -> None:
    slot = only(await room.publish(a_new_slot(minutes=45, capacity=3)))
    await room.choose("req-1", slot.slot_id)
    await room.choose("req-2", slot.slot_id)
    await room.hold("req-3", slot.slot_id)
    closed, *cancelled = await room.ask(cancel_slot, an_order(), slot.slot_id)
    assert (type(closed).__name__, closed.state.free, closed.state.next_start) == ("SlotClosed", 0, None)
    assert [(fact.request_id, fact.start) for fact in cancelled] == [
        ("req-1", AT_TEN),
        ("req-2", AT_TEN + minutes(15)),
    ]
    assert len({fact.id for fact in [closed, *cancelled]}) == 3
    assert [await room.seat(f"req-{number}") for number in (1, 2, 3)] == [None, None, None]


async def test_a_slot_is_taken_back_once(room: Availability) -> None:
    slot = only(await room.publish())
    await room.ask(cancel_slot, an_order(), slot.slot_id)
    assert await room.ask(cancel_slot, an_order(), slot.slot_id) == Refused(code="already_closed")
    assert await room.ask(cancel_slot, an_order(), "no-such-slot") == Refused(code="unknown_slot")


async def test_a_seat_freed_after_its_slot_was_closed_stays_closed(room: Availability) -> None:
    slot = only(await room.publish())
    await room.choose("req-1", slot.slot_id)
    await room.ask(cancel_slot, an_order(), slot.slot_id)
    assert await room.hear(withdrawal_of("req-1", slot.slot_id)) == []
    assert (await room.slot(slot.slot_id)).status == "closed"


async def test_a_slot_left_by_its_patient_can_be_booked_by_the_next(room: Availability) -> None:
    slot = only(await room.publish())
    await room.choose("req-1", slot.slot_id)
    await room.hear(withdrawal_of("req-1", slot.slot_id))
    assert type(only(await room.choose("req-2", slot.slot_id))).__name__ == "SlotBooked"
