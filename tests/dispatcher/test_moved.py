"""What happens when a patient is given another place? The new one for the old one, or the old one stays."""

from dispatcher.life import State, Wake
from dispatcher.orders import place
from schemas.request import RequestBooked
from schemas.values import Refused
from tests.builders import AT_TEN, MONDAY, a_slot, an_order, hours, only
from tests.dispatcher.room import Dispatcher, booking_of, loss_of

LATER = AT_TEN + hours(2)


async def move(room: Dispatcher, slot_id: str = "later") -> object:
    answer = await room.ask(lambda *said: place(*said, seats=room.seats), an_order(), "req-1", slot_id)
    return only(answer) if isinstance(answer, list) else answer


async def placed(room: Dispatcher) -> None:
    await room.book("req-1", a_slot("ten"))
    await room.hear(a_slot("later", LATER))


async def test_the_new_place_replaces_the_old_one_and_who_loses_the_patient_is_named(room: Dispatcher) -> None:
    await placed(room)
    booked = only(await room.hear(booking_of(await move(room), LATER)))  # type: ignore[arg-type]
    assert isinstance(booked, RequestBooked)
    assert booked.left is not None
    assert booked.moved
    assert (booked.left.slot_id, booked.left.start) == ("ten", AT_TEN)
    row = await room.row()
    assert (row.state, row.slot_id, row.start) == (State.BOOKED, "later", LATER)
    assert (await room.timers()).keys() == {Wake.VISIT_OVER}


async def test_a_place_somebody_else_took_leaves_the_old_one_as_it_was(room: Dispatcher) -> None:
    await placed(room)
    assert await room.hear(loss_of(await move(room))) == []  # type: ignore[arg-type]
    row = await room.row()
    assert (row.state, row.slot_id, row.pending) == (State.BOOKED, "ten", None)
    assert (await room.timers()).keys() == {Wake.VISIT_OVER}


async def test_one_move_at_a_time(room: Dispatcher) -> None:
    await placed(room)
    await move(room)
    assert await move(room) == Refused(code="place_under_way")


async def test_what_cannot_be_given_is_refused(room: Dispatcher) -> None:
    await placed(room)
    assert await move(room, "ten") == Refused(code="same_place")
    assert await move(room, "nowhere") == Refused(code="unknown_slot")


async def test_who_waits_may_be_given_a_place_beyond_the_deadline_by_a_person(room: Dispatcher) -> None:
    await room.enter()
    await room.hear(a_slot("tomorrow", MONDAY + hours(30)))
    booked = only(await room.hear(booking_of(await move(room, "tomorrow"), MONDAY + hours(30))))  # type: ignore[arg-type]
    assert isinstance(booked, RequestBooked)
    assert booked.left is None
