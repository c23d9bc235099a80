"""Does a request find its way from the regulator's words to a place, and out again?"""

import pytest

from dispatcher import store
from dispatcher.life import State, Wake
from dispatcher.orders import enter_request
from schemas.request import CareRequested, CareUnmatched
from schemas.slot import SeatFreed, SlotHeld
from schemas.values import NotYet, Refused, Role
from tests.builders import (
    AT_TEN,
    LISLE,
    MONDAY,
    TARN,
    a_need,
    a_patient,
    a_slot,
    a_state,
    an_order,
    hours,
    minutes,
    only,
    said,
    somebody,
)
from tests.dispatcher.room import Dispatcher, booking_of, cancellation_of, loss_of

HERSELF = somebody(Role.PATIENT, "patient")


# --- a place is found -----------------------------------------------------------------------------------


async def test_the_best_seat_is_chosen_and_its_reasons_are_kept(room: Dispatcher) -> None:
    await room.hear(a_slot("ten"), a_slot("noon", MONDAY + hours(4)))
    chosen = only(await room.enter())
    assert (chosen.slot_id, chosen.choice, chosen.patient_territory) == ("ten", 1, TARN)
    row = await room.row()
    assert (row.state, row.pending, row.reasons) == (
        State.SEEKING,
        "ten",
        ("le plus tôt", "dans 2 h", "dans la commune"),
    )
    assert len(row.others) == 1


async def test_a_seat_that_is_booked_makes_a_booked_request(room: Dispatcher) -> None:
    told = await room.book("req-1", a_slot("ten"))
    assert (told.request_id, told.slot_id, told.start, told.moved) == ("req-1", "ten", AT_TEN, False)
    assert told.patient == a_patient("req-1")
    row = await room.row()
    assert (row.state, row.slot_id, row.pending, row.start) == (State.BOOKED, "ten", None, AT_TEN)
    assert await room.timers() == {Wake.VISIT_OVER: AT_TEN + minutes(15) + hours(2)}


async def test_someone_was_faster_so_another_seat_is_chosen(room: Dispatcher) -> None:
    await room.hear(a_slot("a"), a_slot("b"))
    first = only(await room.enter())
    second = only(await room.hear(loss_of(first)))
    assert (first.slot_id, second.slot_id, second.choice) == ("a", "b", 2)
    assert (await room.row()).lost == ("a",)


async def test_when_the_last_seat_is_lost_the_search_goes_on(room: Dispatcher) -> None:
    await room.hear(a_slot("a"))
    first = only(await room.enter())
    assert await room.hear(loss_of(first)) == []
    row = await room.row()
    assert (row.state, row.pending) == (State.SEEKING, None)
    assert Wake.SEEK in await room.timers()


async def test_an_answer_to_an_old_proposal_changes_nothing(room: Dispatcher) -> None:
    await room.hear(a_slot("a"), a_slot("b"))
    first = only(await room.enter())
    await room.hear(loss_of(first))
    assert await room.hear(loss_of(first)) == []
    refused = only(await room.hear(booking_of(first)))
    assert type(refused).__name__ == "BookingRefused"
    assert (await room.row()).pending == "b"


async def test_an_old_answer_about_the_very_seat_that_is_sought_or_had_does_not_give_it_back(room: Dispatcher) -> None:
    """Availability knows a seat by its slot: giving back what an older choice had taken would take it away."""
    await room.hear(a_slot("a"))
    chosen = only(await room.enter())
    old = booking_of(chosen).model_copy(update={"choice": chosen.choice - 1})
    assert await room.hear(old) == []
    assert (await room.row()).pending == "a"
    await room.hear(booking_of(chosen))
    assert await room.hear(old) == []
    assert ((await room.row()).state, (await room.row()).slot_id) == (State.BOOKED, "a")


async def test_the_seat_held_while_talking_is_the_one_that_is_chosen(room: Dispatcher) -> None:
    later = a_slot("held", MONDAY + hours(6))
    held = SlotHeld.after(
        an_order(), MONDAY, slot_id="held", request_id="req-1", start=later.start, until=MONDAY + minutes(1.5),
        state=a_state(later.start, version=2, free=0),
    )  # fmt: skip
    await room.hear(a_slot("sooner"), later, held)
    chosen = only(await room.enter(held="held"))
    assert (chosen.slot_id, chosen.reasons[0]) == ("held", "choisi avec le patient")


async def test_the_held_seat_is_chosen_even_when_its_slot_was_not_heard_of_yet(room: Dispatcher) -> None:
    await room.hear(a_slot("sooner"))
    chosen = only(await room.enter(held="not-heard-of"))
    assert (chosen.slot_id, chosen.slot_territory) == ("not-heard-of", TARN)


async def test_the_same_request_entered_twice_is_refused(room: Dispatcher) -> None:
    await room.enter()
    again = await room.ask(enter_request, an_order(), "req-1", a_need(), a_patient(), None)
    assert again == Refused(code="already_entered", about={"request_id": "req-1"})


async def test_a_request_that_came_from_elsewhere_is_sought_too(room: Dispatcher) -> None:
    await room.hear(a_slot("ten"))
    fact = CareRequested.after(an_order(), MONDAY, request_id="req-9", need=a_need(), patient=a_patient("req-9"))
    assert only(await room.hear(fact)).slot_id == "ten"
    assert set(await room.timers("req-9")) == {Wake.SEEK, Wake.ESCALATE}


async def test_two_requests_entered_at_once_are_not_sent_to_the_same_seat(room: Dispatcher) -> None:
    await room.hear(a_slot("a"), a_slot("b"))
    assert [only(await room.enter(one)).slot_id for one in ("req-1", "req-2")] == ["a", "b"]


async def test_a_place_that_came_out_after_the_deadline_is_given_back_and_another_is_sought(room: Dispatcher) -> None:
    await room.hear(a_slot("ten", capacity=2, minutes=60), a_slot("noon", MONDAY + hours(4)))
    chosen = only(await room.enter(need=a_need(deadline=MONDAY + hours(5))))
    late = booking_of(chosen, start=MONDAY + hours(6))
    given_back, again = await room.hear(late)
    assert (type(given_back).__name__, given_back.slot_id) == ("BookingRefused", "ten")
    assert again.slot_id == "noon"
    assert (await room.row()).state is State.SEEKING


# --- nobody fits ----------------------------------------------------------------------------------------


async def test_when_nobody_fits_it_says_why_and_until_when_it_seeks(room: Dispatcher) -> None:
    await room.hear(a_slot(start=MONDAY + hours(25)), a_slot(place=LISLE, start=MONDAY + minutes(10)))
    told = only(await room.enter())
    assert isinstance(told, CareUnmatched)
    assert told.counts == {"too_late": 1, "too_soon": 1}
    assert told.escalate_at == MONDAY + hours(20)
    assert await room.timers() == {Wake.SEEK: MONDAY + minutes(1), Wake.ESCALATE: MONDAY + hours(20)}


async def test_a_slot_that_opens_is_offered_to_the_most_pressed_of_those_who_wait(room: Dispatcher) -> None:
    await room.enter("patient", a_need(within=hours(20)))
    await room.enter("pressed", a_need(within=hours(5)))
    assert only(await room.hear(a_slot("ten"))).request_id == "pressed"


async def test_a_slot_for_several_is_offered_to_several(room: Dispatcher) -> None:
    for one in ("a", "b", "c"):
        await room.enter(one)
    chosen = await room.hear(a_slot("two", capacity=2, minutes=30))
    assert [(fact.request_id, fact.slot_id) for fact in chosen] == [("a", "two"), ("b", "two")]


async def test_a_freed_seat_is_offered_again(room: Dispatcher) -> None:
    slot = a_slot("ten", state=a_state(AT_TEN, free=0))
    await room.hear(slot)
    await room.enter()
    freed = SeatFreed.after(an_order(), MONDAY, slot_id="ten", request_id="gone", state=a_state(AT_TEN, version=2))
    assert only(await room.hear(freed)).slot_id == "ten"


async def test_what_was_heard_of_slots_is_there_again_after_a_restart(room: Dispatcher) -> None:
    booked = booking_of(only([*await room.hear(a_slot("two", capacity=2, minutes=30)), *await room.enter()]),
                        AT_TEN, free=1)  # fmt: skip
    await room.hear(booked, a_slot("full", state=a_state(free=0)))
    async with room.database.read() as db:
        known = {slot.slot_id: slot for slot in await store.known_slots(db, MONDAY)}
    assert known["two"].state == booked.state
    assert known["full"].state.free == 0


async def test_slots_are_remembered_page_by_page(room: Dispatcher) -> None:
    await room.hear(*(a_slot(name) for name in ("c", "a", "e", "b", "d")))
    pages, after = [], ""
    async with room.database.read() as db:
        while page := await store.known_slots(db, MONDAY, after, limit=2):
            pages.append([slot.slot_id for slot in page])
            after = page[-1].slot_id
    assert pages == [["a", "b"], ["c", "d"], ["e"]]


async def test_a_long_slot_that_has_begun_is_there_again_after_a_restart(room: Dispatcher) -> None:
    await room.hear(a_slot("vaccination", MONDAY - hours(2), minutes=240, capacity=16))
    async with room.database.read() as db:
        assert [slot.slot_id for slot in await store.known_slots(db, MONDAY - hours(1))] == ["vaccination"]


async def test_older_news_of_a_slot_does_not_replace_newer(room: Dispatcher) -> None:
    newer = SeatFreed.after(an_order(), MONDAY, slot_id="x", request_id="r", state=a_state(AT_TEN, version=5))
    older = SeatFreed.after(an_order(), MONDAY, slot_id="x", request_id="r", state=a_state(version=4, free=0))
    await room.hear(newer, older, a_slot("x", state=a_state(AT_TEN, version=1, free=1)))
    async with room.database.read() as db:
        assert [slot.state.version for slot in await store.known_slots(db, MONDAY)] == [5]


# --- the practitioner cancels ---------------------------------------------------------------------------


async def test_a_cancelled_patient_is_sought_another_place_before_the_same_deadline(room: Dispatcher) -> None:
    await room.book("req-1", a_slot("ten"))
    await room.hear(a_slot("noon", MONDAY + hours(4)))
    reopened, chosen = await room.hear(cancellation_of("req-1", "ten"), now=MONDAY + minutes(5))
    assert said([reopened, chosen]) == ["RequestReopened", "SlotChosen"]
    assert (chosen.slot_id, chosen.choice) == ("noon", 2)
    told = only(await room.hear(booking_of(chosen, MONDAY + hours(4))))
    assert told.moved
    assert (await room.row()).need.deadline == MONDAY + hours(24)


async def test_a_cancelled_patient_without_another_place_is_watched_again(room: Dispatcher) -> None:
    await room.book("req-1", a_slot("ten"))
    closed = a_state(version=3, free=0)
    room.seats.hear(SeatFreed.after(an_order(), MONDAY, slot_id="ten", request_id="-", state=closed))
    assert said(await room.hear(cancellation_of("req-1", "ten"))) == ["RequestReopened"]
    row = await room.row()
    assert (row.state, row.slot_id, row.start, row.moved) == (State.SEEKING, None, None, True)
    assert set(await room.timers()) == {Wake.SEEK, Wake.ESCALATE}


async def test_a_cancellation_heard_before_its_booking_waits_for_it(room: Dispatcher) -> None:
    await room.hear(a_slot("ten"))
    chosen = only(await room.enter())
    with pytest.raises(NotYet):
        await room.hear(cancellation_of("req-1", "ten"))
    with pytest.raises(NotYet):
        await room.hear(cancellation_of("nobody", "ten"))
    await room.hear(booking_of(chosen))
    assert said(await room.hear(cancellation_of("req-1", "ten")))[0] == "RequestReopened"


async def test_a_booking_of_a_request_nobody_knows_waits_for_it(room: Dispatcher) -> None:
    await room.hear(a_slot("ten"))
    chosen = only(await room.enter())
    with pytest.raises(NotYet):
        await room.hear(booking_of(chosen.model_copy(update={"request_id": "req-unknown"})))


async def test_the_cancellation_of_a_place_the_patient_no_longer_has_changes_nothing(room: Dispatcher) -> None:
    await room.book("req-1", a_slot("ten"))
    assert await room.hear(cancellation_of("req-1", "another")) == []
    assert (await room.row()).state is State.BOOKED
