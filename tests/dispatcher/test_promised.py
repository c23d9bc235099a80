"""What does late confirmation promise, and is it kept? A seat at once, its hour later, never nothing."""

from datetime import datetime
from typing import Any

import pytest

from dispatcher.life import State, Wake, told_later
from dispatcher.orders import withdraw
from schemas.request import Need, RequestBooked, RequestEscalated, RequestPromised, RequestReopened
from schemas.slot import SlotBooked
from tests.builders import MONDAY, a_need, a_slot, a_state, an_order, hours, minutes, only, said
from tests.dispatcher.room import Dispatcher, booking_of, cancellation_of, loss_of

AT_FIVE = MONDAY + hours(9)
FREEZE = AT_FIVE - hours(2)


def patient_of_patience(**said: Any) -> Need:
    """Who can wait, and hears the hour two hours before."""
    return a_need(told_before=120, **said)


async def promised(room: Dispatcher, start: datetime = AT_FIVE) -> RequestPromised:
    """A request whose seat is kept at `start`."""
    await room.hear(a_slot("five", start, practitioner_id="gp-1"))
    chosen = only(await room.enter(need=patient_of_patience()))
    assert chosen.kind == "guarantee"
    answer = only(await room.hear(guarantee_of(chosen, start)))
    assert isinstance(answer, RequestPromised)
    return answer


def guarantee_of(chosen: Any, start: datetime) -> SlotBooked:
    return booking_of(chosen, start).model_copy(update={"kind": "guarantee"})


async def test_who_can_wait_is_promised_a_place_before_the_deadline(room: Dispatcher) -> None:
    answer = await promised(room)
    row = await room.row()
    assert (row.state, row.start, row.promised_at) == (State.PROMISED, AT_FIVE, MONDAY)
    assert answer.deadline == row.need.deadline
    assert not answer.again
    assert await room.timers() == {Wake.FREEZE: FREEZE}


async def test_at_the_freeze_the_seat_becomes_final_and_everybody_hears_of_it(room: Dispatcher) -> None:
    await promised(room)
    settled = only(await room.ring(FREEZE))
    assert (settled.slot_id, settled.kind) == ("five", "booking")
    booked = only(await room.hear(booking_of(settled, AT_FIVE), now=FREEZE))
    assert isinstance(booked, RequestBooked)
    assert not booked.moved
    assert booked.left is None
    assert (await room.row()).state is State.BOOKED


async def test_until_availability_answers_the_freeze_comes_again(room: Dispatcher) -> None:
    await promised(room)
    await room.ring(FREEZE)
    assert (await room.timers())[Wake.FREEZE] == FREEZE + minutes(1)
    assert await room.ring(FREEZE + minutes(1)) == []
    assert Wake.FREEZE in await room.timers()


@pytest.mark.parametrize(("told_before", "start", "later"), [
    (None, AT_FIVE, False), (120, AT_FIVE, True), (120, MONDAY + hours(2), False), (120, MONDAY + minutes(135), True),
])  # fmt: skip
def test_a_visit_that_is_near_is_told_at_once(told_before: int | None, start: datetime, later: bool) -> None:
    assert told_later(a_need(told_before=told_before), start, MONDAY) is later


async def test_a_seat_held_on_the_phone_is_told_at_once(room: Dispatcher) -> None:
    await room.hear(a_slot("five", AT_FIVE))
    chosen = only(await room.enter(need=patient_of_patience(), held="five"))
    assert chosen.kind == "booking"


async def test_a_guarantee_that_its_practitioner_cancels_is_sought_again_and_the_patient_hears_nothing(
    room: Dispatcher,
) -> None:
    await promised(room)
    await room.hear(a_slot("six", AT_FIVE + hours(1)))
    reopened, chosen = await room.hear(cancellation_of("req-1", "five", AT_FIVE), now=MONDAY + hours(1))
    assert isinstance(reopened, RequestReopened)
    assert reopened.promised
    assert (chosen.slot_id, chosen.kind) == ("six", "guarantee")
    again = only(await room.hear(guarantee_of(chosen, AT_FIVE + hours(1)), now=MONDAY + hours(1)))
    assert isinstance(again, RequestPromised)
    assert again.again


async def test_a_promise_in_danger_alerts_a_human_at_once(room: Dispatcher) -> None:
    await promised(room)
    _reopened, alert = await room.hear(cancellation_of("req-1", "five", AT_FIVE), now=MONDAY + hours(1))
    assert isinstance(alert, RequestEscalated)
    assert (await room.row()).state is State.ESCALATED
    assert {Wake.SEEK, Wake.STEP_UP, Wake.OVERDUE} <= set(await room.timers())


async def test_a_promise_in_danger_whose_next_seat_is_lost_too_alerts_a_human_at_once(room: Dispatcher) -> None:
    await promised(room)
    await room.hear(a_slot("six", AT_FIVE + hours(1)))
    _reopened, chosen = await room.hear(cancellation_of("req-1", "five", AT_FIVE), now=MONDAY + hours(1))
    [alert] = await room.hear(loss_of(chosen), now=MONDAY + hours(1))
    assert isinstance(alert, RequestEscalated)
    assert (await room.row()).state is State.ESCALATED


async def test_a_guarantee_lost_at_the_freeze_is_sought_again(room: Dispatcher) -> None:
    await promised(room)
    settled = only(await room.ring(FREEZE))
    await room.hear(a_slot("six", AT_FIVE + hours(1)))
    given_back, _, chosen = await room.hear(loss_of(settled), now=FREEZE)
    assert said([given_back]) == ["BookingRefused"]
    assert chosen.slot_id == "six"
    assert (await room.row()).state is State.SEEKING


async def test_cancelled_while_it_is_settled_the_cancellation_wins(room: Dispatcher) -> None:
    await promised(room)
    settled = only(await room.ring(FREEZE))
    await room.hear(cancellation_of("req-1", "five", AT_FIVE), now=FREEZE)
    assert (await room.row()).slot_id is None
    assert await room.hear(loss_of(settled), now=FREEZE) == []


async def test_whoever_withdraws_during_a_promise_is_not_told_an_hour_nobody_knew(room: Dispatcher) -> None:
    await promised(room)
    ended = only(await room.ask(withdraw, an_order(), "req-1"))
    assert (ended.start, ended.practitioner_id, ended.slot_id) == (None, None, "five")
    assert await room.timers() == {}


async def test_a_lost_timer_of_a_promise_is_mended(room: Dispatcher) -> None:
    await promised(room)
    await room.forget_timers()
    await room.mend(MONDAY + hours(1))
    assert await room.timers() == {Wake.FREEZE: FREEZE}


async def test_patients_of_one_cancelled_slot_are_sought_places_most_urgent_first(room: Dispatcher) -> None:
    """One seat is left for two: it goes to who has less time, whatever the order of the news."""
    both = a_slot("both", MONDAY + hours(3), capacity=2, state=a_state(MONDAY + hours(3), free=2))
    await room.hear(both)
    for free, name, within in ((1, "patient", hours(24)), (0, "urgent", hours(6))):
        chosen = only(await room.enter(name, a_need(within=within)))
        await room.hear(booking_of(chosen, MONDAY + hours(3), version=3 - free, free=free))
    await room.hear(a_slot("last", MONDAY + hours(4)))
    news = [cancellation_of(name, "both", MONDAY + hours(3)) for name in ("patient", "urgent")]
    chosen = [fact for fact in await room.hear_together(*news) if said([fact]) == ["SlotChosen"]]
    assert [fact.request_id for fact in chosen] == ["urgent"]
