"""Is a patient's SMS acted on when it is clear, and put before a named human when it is not?"""

import pytest

from dispatcher.life import State
from dispatcher.orders import enter_request, set_roster
from dispatcher.views import OnCall
from schemas.message import Meaning, PatientWrote
from schemas.request import RequestAnswered, RequestConfirmed, RequestReopened, RequestUntold, RequestWithdrawn
from schemas.values import Role
from tests.builders import AT_TEN, MONDAY, a_need, a_patient, a_slot, an_order, minutes, only
from tests.dispatcher.room import Dispatcher, booking_of, cancellation_of

SAID_AT = MONDAY + minutes(5)


async def writes(room: Dispatcher, meaning: Meaning) -> list[object]:
    said = PatientWrote.after(an_order(), SAID_AT, request_id="req-1", reply_id="reply-1", meaning=meaning)
    return await room.hear(said, now=SAID_AT)


async def test_yes_confirms_the_visit_and_twice_is_once(room: Dispatcher) -> None:
    await room.book("req-1", a_slot("ten"))
    assert isinstance(only(await writes(room, "yes")), RequestConfirmed)
    assert (await room.row()).state is State.CONFIRMED
    assert await writes(room, "yes") == []


@pytest.mark.parametrize("meaning", ["no", "cancel"])
async def test_no_and_cancel_give_the_place_back(room: Dispatcher, meaning: Meaning) -> None:
    await room.book("req-1", a_slot("ten"))
    left = only(await writes(room, meaning))
    assert isinstance(left, RequestWithdrawn)
    assert (left.slot_id, left.practitioner_id is not None) == ("ten", True)
    assert left.actor.role is not Role.PATIENT, "she hears by SMS that it is done"
    assert (await room.row()).state is State.WITHDRAWN


@pytest.mark.parametrize(("meaning", "alarm"), [("alarm", True), ("other", False), ("no_vehicle", False)])
async def test_everything_else_is_for_the_first_human_of_the_roster(
    room: Dispatcher, meaning: Meaning, alarm: bool
) -> None:
    await room.ask(set_roster, an_order(), [OnCall("anne", 0, "Anne")])
    await room.book("req-1", a_slot("ten"))
    told = only(await writes(room, meaning))
    assert isinstance(told, RequestAnswered)
    assert (told.person, told.alarm) == ("anne", alarm)
    assert (await room.row()).state is State.BOOKED, "nothing is decided for her"


@pytest.mark.parametrize("meaning", ["yes", "cancel"])
async def test_what_comes_too_late_to_act_on_is_read_by_a_human(room: Dispatcher, meaning: Meaning) -> None:
    await room.book("req-1", a_slot("ten"))
    await writes(room, "cancel")
    assert isinstance(only(await writes(room, meaning)), RequestAnswered)


async def test_of_a_request_nobody_knows_nothing_is_said(room: Dispatcher) -> None:
    assert await writes(room, "yes") == []


# --- without SMS ------------------------------------------------------------------------------------------


async def test_after_stop_a_human_phones_her_of_whatever_changes(room: Dispatcher) -> None:
    await room.ask(set_roster, an_order(), [OnCall("anne", 0, "Anne")])
    await room.book("req-1", a_slot("ten"))
    assert await writes(room, "stop") == []
    row = await room.row()
    assert (row.state, row.patient.sms) == (State.BOOKED, False)
    assert await writes(room, "stop") == []
    reopened, told, *_ = await room.hear(cancellation_of("req-1", "ten"))
    assert isinstance(reopened, RequestReopened)
    assert not reopened.patient.sms
    assert isinstance(told, RequestUntold)
    assert (told.person, told.why, told.start) == ("anne", "cancelled", AT_TEN)


@pytest.mark.parametrize(("held", "phoned"), [(None, ["booked"]), ("ten", [])])
async def test_who_gets_no_sms_is_phoned_unless_somebody_is_speaking_with_her(
    room: Dispatcher, held: str | None, phoned: list[str]
) -> None:
    await room.hear(a_slot("ten"))
    without = a_patient().model_copy(update={"sms": False})
    entered = await room.ask(enter_request, an_order(), "req-1", a_need(), without, held)
    chosen = only(await room.hear(only(entered)))
    said = await room.hear(booking_of(chosen))
    assert [one.why for one in said if isinstance(one, RequestUntold)] == phoned
