"""How does a request end, and what harms nobody when it does?"""

import pytest

from dispatcher.handlers import on_care_requested
from dispatcher.life import State, Wake
from dispatcher.orders import acknowledge, close, confirm, enter_request, withdraw
from dispatcher.store import Desk
from dispatcher.views import figures
from schemas.values import Refused, Role
from tests.builders import (
    AT_TEN,
    MONDAY,
    a_need,
    a_patient,
    a_slot,
    an_order,
    hours,
    minutes,
    only,
    said,
    somebody,
)
from tests.dispatcher.room import Dispatcher, booking_of, cancellation_of

HERSELF = somebody(Role.PATIENT, "patient")


async def test_withdrawn_while_a_seat_is_being_booked_gives_the_seat_back(room: Dispatcher) -> None:
    await room.hear(a_slot("ten"))
    chosen = only(await room.enter())
    gone = only(await room.ask(withdraw, an_order(HERSELF), "req-1"))
    assert (gone.slot_id, gone.start) == ("ten", None)
    refused = only(await room.hear(booking_of(chosen)))
    assert (type(refused).__name__, refused.slot_id) == ("BookingRefused", "ten")
    assert (await room.row()).state is State.WITHDRAWN
    assert await room.timers() == {}


async def test_withdrawn_after_the_booking_says_which_place_is_free(room: Dispatcher) -> None:
    await room.book("req-1", a_slot("ten"))
    gone = only(await room.ask(withdraw, an_order(HERSELF), "req-1"))
    assert (gone.slot_id, gone.practitioner_id, gone.start) == ("ten", "gp-1", AT_TEN)
    assert gone.actor.role is Role.PATIENT


async def test_what_has_ended_is_not_ended_twice(room: Dispatcher) -> None:
    await room.enter()
    await room.ask(withdraw, an_order(HERSELF), "req-1")
    refused = Refused(code="already_closed", about={"state": "withdrawn"})
    assert await room.ask(withdraw, an_order(), "req-1") == refused
    assert await room.ask(close, an_order(), "req-1", "advised") == refused
    assert await room.ask(confirm, an_order(), "req-1") == refused
    assert await room.ask(acknowledge, an_order(), "req-1") == refused


@pytest.mark.parametrize("act", [withdraw, confirm, acknowledge])
async def test_nobody_can_act_on_a_request_that_does_not_exist(room: Dispatcher, act: object) -> None:
    assert await room.ask(act, an_order(), "req-none") == Refused(code="unknown_request")


async def test_the_patient_confirms_once(room: Dispatcher) -> None:
    await room.enter()
    assert await room.ask(confirm, an_order(HERSELF), "req-1") == Refused(code="not_booked")
    await room.hear(booking_of(only(await room.hear(a_slot("ten")))))
    assert said(await room.ask(confirm, an_order(HERSELF), "req-1")) == ["RequestConfirmed"]
    assert await room.ask(confirm, an_order(HERSELF), "req-1") == []
    assert Wake.VISIT_OVER in await room.timers()


async def test_a_confirmed_patient_too_is_sought_another_place(room: Dispatcher) -> None:
    await room.book("req-1", a_slot("ten"), a_slot("noon", MONDAY + hours(4)))
    await room.ask(confirm, an_order(HERSELF), "req-1")
    assert (await room.row()).confirmed
    reopened, chosen = await room.hear(cancellation_of("req-1", "ten"))
    assert said([reopened, chosen]) == ["RequestReopened", "SlotChosen"]
    await room.hear(booking_of(chosen, MONDAY + hours(4)))
    row = await room.row()
    assert (row.state, row.confirmed) == (State.BOOKED, False)  # to that place nobody said that she comes


async def test_seen_or_not_seen_is_said_after_the_visit_began(room: Dispatcher) -> None:
    assert (await room.enter())[0].counts == {}
    assert await room.ask(close, an_order(), "req-1", "no_show") == Refused(code="not_booked")
    await room.hear(booking_of(only(await room.hear(a_slot("ten")))))
    assert await room.ask(close, an_order(), "req-1", "no_show") == Refused(code="not_begun")
    closed = only(await room.ask(close, an_order(), "req-1", "no_show", now=AT_TEN + minutes(20)))
    assert (closed.outcome, closed.slot_id) == ("no_show", "ten")
    row = await room.row()
    assert row.state is State.NO_SHOW
    seen = figures([row], AT_TEN + hours(1))
    assert (seen.booked, seen.confirmed, seen.came, seen.no_show) == (1, 0, 0, 1)


@pytest.mark.parametrize("outcome", ["redirected", "advised", "unmet"])
async def test_a_human_may_end_a_request_in_another_way(room: Dispatcher, outcome: str) -> None:
    await room.enter()
    assert only(await room.ask(close, an_order(), "req-1", outcome)).outcome == outcome
    assert await room.timers() == {}


async def test_a_request_that_has_ended_is_not_sought_again(room: Dispatcher) -> None:
    order = an_order(id="enter-req-1")
    entered = only(await room.ask(enter_request, order, "req-1", a_need(), a_patient(), None))
    await room.ask(withdraw, an_order(), "req-1")
    await room.hear(a_slot("ten"))
    async with room.database.writing() as db:
        assert await on_care_requested(entered, Desk(db), MONDAY, seats=room.seats) == []


async def test_a_patient_who_has_a_place_is_not_ended_in_silence(room: Dispatcher) -> None:
    await room.book("req-1", a_slot("ten"))
    assert await room.ask(close, an_order(), "req-1", "redirected") == Refused(code="already_booked")
    assert (await room.row()).state is State.BOOKED
