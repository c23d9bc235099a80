"""When somebody answers, does one win, does everybody hear how it ended, and is nobody harmed?"""

from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from dispatcher import asked
from dispatcher.answers import accept, agree, decline
from dispatcher.life import State, Wake
from dispatcher.offers.offer import tally
from dispatcher.orders import close, withdraw
from schemas.offer import Circle, OfferAccepted
from schemas.practitioner import Terms
from schemas.values import Mode, Refused
from tests.builders import (
    MONDAY,
    TARN,
    a_need,
    a_slot,
    an_order,
    hours,
    minutes,
    only,
    said,
)
from tests.dispatcher.asked import USUAL_FIRST, answering, asking, booked, described, not_free, offer_to, offers
from tests.dispatcher.room import Dispatcher, booking_of, cancellation_of

# --- accepting ------------------------------------------------------------------------------------------


async def test_the_first_yes_wins_and_the_others_are_told_once_it_is_booked(room: Dispatcher) -> None:
    made = await asking(room, "gp-1", "gp-2")
    accepted = only(await room.ask(accept, answering("gp-1"), offer_to("gp-1"), None))
    assert isinstance(accepted, OfferAccepted)
    assert (accepted.practitioner_id, accepted.start, accepted.choice) == ("gp-1", made[0].start, 1)
    assert (await room.row()).pending == accepted.slot_id
    ended, placed = await room.hear(booked(accepted))
    assert (ended.practitioner_id, ended.why) == ("gp-2", "taken")
    assert (placed.practitioner_id, placed.start) == ("gp-1", accepted.start)
    assert (await room.row()).state is State.BOOKED
    assert set(await room.timers()) == {Wake.VISIT_OVER}


async def test_another_time_may_be_written_within_the_window(room: Dispatcher) -> None:
    await asking(room, "gp-1")
    for start, code in ((MONDAY, "time_past"), (MONDAY + hours(25), "after_deadline")):
        refused = await room.ask(accept, answering("gp-1"), offer_to("gp-1"), start)
        assert isinstance(refused, Refused)
        assert refused.code == code
    accepted = only(await room.ask(accept, answering("gp-1"), offer_to("gp-1"), MONDAY + hours(7)))
    assert accepted.start == MONDAY + hours(7)


async def test_the_second_yes_comes_too_late_and_harms_nobody(room: Dispatcher) -> None:
    await asking(room, "gp-1", "gp-2")
    accepted = only(await room.ask(accept, answering("gp-1"), offer_to("gp-1"), None))
    assert await room.ask(accept, answering("gp-2"), offer_to("gp-2"), None) == []
    await room.hear(booked(accepted))
    assert await room.ask(accept, answering("gp-2"), offer_to("gp-2"), None) == []
    late = (await offers(room))["gp-2"]
    assert (late.state, late.why, late.answer) == ("ended", "taken", "yes")
    assert (await room.row()).practitioner_id == "gp-1"


async def test_the_same_yes_twice_is_one(room: Dispatcher) -> None:
    await asking(room, "gp-1")
    only(await room.ask(accept, answering("gp-1"), offer_to("gp-1"), None))
    assert await room.ask(accept, answering("gp-1"), offer_to("gp-1"), None) == []
    assert (await room.row()).choice == 1


async def test_a_yes_after_the_patient_gave_up_harms_nobody(room: Dispatcher) -> None:
    await asking(room, "gp-1")
    ended, withdrawn = await room.ask(withdraw, an_order(), "req-1")
    assert (ended.why, said([withdrawn])) == ("withdrawn", ["RequestWithdrawn"])
    assert await room.ask(accept, answering("gp-1"), offer_to("gp-1"), None) == []
    assert (await room.row()).state is State.WITHDRAWN


async def test_a_patient_who_gives_up_while_the_time_is_being_booked_frees_everybody(room: Dispatcher) -> None:
    await asking(room, "gp-1", "gp-2")
    accepted = only(await room.ask(accept, answering("gp-1"), offer_to("gp-1"), None))
    told = await room.ask(withdraw, an_order(), "req-1")
    assert {one.practitioner_id: one.why for one in told[:2]} == {"gp-1": "withdrawn", "gp-2": "withdrawn"}
    assert said(await room.hear(booked(accepted))) == ["BookingRefused"]


async def test_a_time_that_is_not_free_ends_that_offer_and_asks_on(room: Dispatcher) -> None:
    await asking(room, "gp-1", "gp-2")
    accepted = only(await room.ask(accept, answering("gp-1"), offer_to("gp-1"), None))
    lost = only(await room.hear(not_free(accepted)))
    assert (lost.practitioner_id, lost.why) == ("gp-1", "lost")
    row = await room.row()
    assert (row.state, row.pending) == (State.OFFERING, None)
    assert (await room.timers())[Wake.RING] <= MONDAY
    accepted = only(await room.ask(accept, answering("gp-2"), offer_to("gp-2"), None))
    assert accepted.choice == 2
    assert said(await room.hear(booked(accepted))) == ["RequestBooked"]


async def test_a_slot_that_opens_meanwhile_wins(room: Dispatcher) -> None:
    await asking(room, "gp-1")
    chosen = only(await room.hear(a_slot("ten")))
    ended, placed = await room.hear(booking_of(chosen))
    assert (ended.practitioner_id, ended.why) == ("gp-1", "withdrawn")
    assert placed.slot_id == "ten"


async def test_an_acceptance_taken_back_opens_the_request_to_the_others(room: Dispatcher) -> None:
    await asking(room, "gp-1")
    accepted = only(await room.ask(accept, answering("gp-1"), offer_to("gp-1"), None))
    await room.hear(booked(accepted), described("gp-3"))
    reopened, *made = await room.hear(cancellation_of("req-1", accepted.slot_id, accepted.start))
    assert said([reopened]) == ["RequestReopened"]
    assert [one.practitioner_id for one in made] == ["gp-3"]
    assert (await offers(room))["gp-1"].state == "undone"
    accepted = only(await room.ask(accept, answering("gp-3"), offer_to("gp-3"), None))
    assert said(await room.hear(booked(accepted))) == ["RequestBooked"]


async def test_the_database_lets_one_offer_be_accepted(room: Dispatcher) -> None:
    await asking(room, "gp-1", "gp-2")

    async def both() -> None:
        async with room.database.writing() as db:
            for name in ("gp-1", "gp-2"):
                await asked.change(db, offer_to(name), state="accepted")

    with pytest.raises(IntegrityError):
        await both()


# --- declining ------------------------------------------------------------------------------------------


async def test_a_no_costs_nothing_and_the_next_are_asked_at_once_when_all_refuse(room: Dispatcher) -> None:
    await asking(room, "usual", "gp-1", need=USUAL_FIRST)
    assert said(await room.ask(decline, answering("usual"), offer_to("usual"))) == ["OfferDeclined"]
    assert await room.ask(decline, answering("usual"), offer_to("usual")) == []
    assert (await room.timers())[Wake.RING] == MONDAY
    assert [one.practitioner_id for one in await room.ring(MONDAY)] == ["gp-1"]


async def test_whoever_refused_may_change_his_mind(room: Dispatcher) -> None:
    await asking(room, "gp-1")
    await room.ask(decline, answering("gp-1"), offer_to("gp-1"))
    assert said(await room.ask(accept, answering("gp-1"), offer_to("gp-1"), None)) == ["OfferAccepted"]


async def test_at_the_deadline_what_was_not_answered_ends(room: Dispatcher) -> None:
    await asking(room, "gp-1", need=a_need(within=hours(3)))
    ended: list[Any] = []
    for at in range(1, 14):
        ended += [one for one in await room.ring(MONDAY + minutes(15 * at)) if type(one).__name__ == "OfferEnded"]
    assert [(one.practitioner_id, one.why) for one in ended] == [("gp-1", "expired")]


async def test_an_unknown_offer_is_refused(room: Dispatcher) -> None:
    for answer in (room.ask(accept, an_order(), "x", None), room.ask(decline, an_order(), "x")):
        assert (await answer).code == "unknown_offer"


# --- by telephone ---------------------------------------------------------------------------------------


async def test_what_was_agreed_by_telephone_is_an_acceptance(room: Dispatcher) -> None:
    await room.hear(described("gp-1", Terms(offers=False, extra=True)))
    await room.enter()
    accepted = only(await room.ask(agree, an_order(), "req-1", "gp-1", MONDAY + hours(25), Mode.OFFICE))
    assert (accepted.by_phone, accepted.choice) == (True, 1)
    placed = only(await room.hear(booked(accepted)))
    assert placed.interactive
    assert (await offers(room))["gp-1"].circle is Circle.EXTRA


async def test_who_did_not_agree_to_be_phoned_is_not_booked(room: Dispatcher) -> None:
    await room.hear(described("gp-1"))
    await room.enter()
    assert (
        await room.ask(agree, an_order(), "req-1", "gp-1", MONDAY + hours(2), Mode.OFFICE)
    ).code == "not_to_be_phoned"


async def test_the_telephone_comes_after_a_no(room: Dispatcher) -> None:
    await room.hear(described("gp-1", Terms(offers=True, extra=True)))
    await room.enter()
    await room.ask(decline, answering("gp-1"), offer_to("gp-1"))
    assert said(await room.ask(agree, an_order(), "req-1", "gp-1", MONDAY + hours(2), Mode.OFFICE)) == ["OfferAccepted"]


# --- what is learned, and the ledger ----------------------------------------------------------------------


async def test_answers_are_counted_and_teach(room: Dispatcher) -> None:
    await asking(room, "gp-1", "gp-2", "gp-3")
    await room.ask(decline, answering("gp-2"), offer_to("gp-2"), now=MONDAY + minutes(5))
    accepted = only(await room.ask(accept, answering("gp-1"), offer_to("gp-1"), None, now=MONDAY + minutes(10)))
    await room.hear(booked(accepted), now=MONDAY + minutes(10))
    await room.ask(close, an_order(), "req-1", "fulfilled", now=MONDAY + hours(3))
    found = tally((await offers(room)).values())
    assert {name: (one.asked, one.yes, one.no, one.silent) for name, one in found.items()} == {
        "gp-1": (1, 1, 0, 0), "gp-2": (1, 0, 1, 0), "gp-3": (1, 0, 0, 1),
    }  # fmt: skip
    async with room.database.read() as db:
        curve = await asked.curve(db, TARN, "10", MONDAY + hours(4))
    assert curve.delays == (10.0,)
    assert curve.says_yes == pytest.approx((1 + 5) / (2 + 20))  # the one who was told « taken » said nothing
