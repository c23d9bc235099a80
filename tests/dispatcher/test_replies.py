"""Is a patient's SMS acted on when it is clear, and put before a named human when it is not?"""

import pytest

from dispatcher.life import State
from dispatcher.orders import set_roster
from dispatcher.views import OnCall
from schemas.message import Meaning, PatientWrote
from schemas.request import RequestAnswered, RequestConfirmed, RequestWithdrawn
from schemas.values import Role
from tests.builders import MONDAY, a_slot, an_order, minutes, only
from tests.dispatcher.room import Dispatcher

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


@pytest.mark.parametrize(
    ("meaning", "alarm"), [("alarm", True), ("other", False), ("no_vehicle", False), ("stop", False)]
)
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
