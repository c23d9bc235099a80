"""When no seat fits, are people asked in time, does one of them win, and does everybody hear how it ended?"""

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from dispatcher import asked
from dispatcher.answers import accept, agree, decline
from dispatcher.life import State, Wake
from dispatcher.offers.offer import OfferRow, tally
from dispatcher.orders import close, withdraw
from schemas.offer import Circle, OfferAccepted, OfferMade
from schemas.practitioner import PractitionerDescribed, Terms
from schemas.request import Need
from schemas.slot import SlotBooked, SlotLost
from schemas.values import Mode, Place, Refused, Role, SlotState
from tests.builders import (
    GAILLAC,
    LAVAUR,
    LISLE,
    MONDAY,
    TARN,
    a_need,
    a_slot,
    an_order,
    hours,
    minutes,
    only,
    said,
    somebody,
)
from tests.dispatcher.room import Dispatcher, booking_of, cancellation_of

WILLING = Terms(offers=True)
USUAL_FIRST = a_need(usual_practitioner="usual")


def described(
    name: str, terms: Terms = WILLING, place: Place = GAILLAC, territory: str = TARN, version: int = 1
) -> PractitionerDescribed:
    order = an_order(somebody(Role.PRACTITIONER, name, territory), territory=territory)
    return PractitionerDescribed.after(
        order, MONDAY, key=f"{name}:{version}", practitioner_id=name, profession="10", place=place, terms=terms,
        version=version,
    )  # fmt: skip


def offer_to(name: str, request_id: str = "req-1") -> str:
    return asked.offer_id(request_id, name)


def answering(name: str) -> Any:
    return an_order(somebody(Role.PRACTITIONER, name))


def booked(accepted: OfferAccepted) -> SlotBooked:
    """Availability opened and booked the time."""
    return SlotBooked.after(
        accepted, MONDAY, request_id=accepted.request_id, slot_id=accepted.slot_id, choice=accepted.choice,
        practitioner_id=accepted.practitioner_id, start=accepted.start, minutes=15, mode=accepted.mode, place=GAILLAC,
        state=SlotState(version=2, free=0),
    )  # fmt: skip


def not_free(accepted: OfferAccepted) -> SlotLost:
    return SlotLost.after(
        accepted, MONDAY, request_id=accepted.request_id, slot_id=accepted.slot_id, choice=accepted.choice, why="taken"
    )


async def offers(room: Dispatcher, request_id: str = "req-1") -> dict[str, OfferRow]:
    async with room.database.read() as db:
        return {one.practitioner_id: one for one in await asked.all_of(db, request_id)}


async def asking(room: Dispatcher, *names: str, need: Need | None = None, now: datetime = MONDAY) -> list[OfferMade]:
    """These are known, a request comes, and no seat is open: who is asked."""
    await room.hear(*(described(name) for name in names))
    return [one for one in await room.enter(need=need, now=now) if isinstance(one, OfferMade)]


# --- asking ---------------------------------------------------------------------------------------------


async def test_nobody_who_agreed_nobody_asked(room: Dispatcher) -> None:
    await room.hear(described("gp-1", Terms(offers=False)))
    assert said(await room.enter()) == ["CareUnmatched"]
    assert (await room.row()).state is State.SEEKING


async def test_a_seat_in_time_comes_before_people(room: Dispatcher) -> None:
    await room.hear(described("gp-1"), a_slot("ten"))
    assert said(await room.enter()) == ["SlotChosen"]


async def test_when_no_seat_fits_the_near_ones_are_asked(room: Dispatcher) -> None:
    made = await asking(room, "gp-1", "gp-2")
    assert {(one.practitioner_id, one.circle, one.ring) for one in made} == {
        ("gp-1", Circle.NEAR, 0),
        ("gp-2", Circle.NEAR, 0),
    }
    assert (await room.row()).state is State.OFFERING
    timers = await room.timers()
    assert timers[Wake.RING] == MONDAY + minutes(30)
    assert timers[Wake.ESCALATE] == MONDAY + hours(20)
    assert timers[Wake.SEEK] == MONDAY + minutes(1)


async def test_the_usual_practitioner_first_the_others_after_the_head_start(room: Dispatcher) -> None:
    first = await asking(room, "usual", "gp-1", need=USUAL_FIRST)
    assert [one.practitioner_id for one in first] == ["usual"]
    assert (await room.timers())[Wake.RING] == MONDAY + hours(2)
    then = [one for one in await room.ring(MONDAY + hours(2)) if isinstance(one, OfferMade)]
    assert [(one.practitioner_id, one.ring) for one in then] == [("gp-1", 1)]


async def test_the_neighbours_who_agreed_are_asked_last(room: Dispatcher) -> None:
    await room.hear(
        described("near"),
        described("far", place=LAVAUR),
        described("neighbour", Terms(offers=True, neighbours=True), LISLE, "volvestre"),
        described("stranger", Terms(offers=True), LISLE, "volvestre"),
    )
    order: list[str] = [one.practitioner_id for one in await room.enter() if isinstance(one, OfferMade)]
    now = MONDAY
    for _ in range(4):
        now += minutes(31)
        order += [one.practitioner_id for one in await room.ring(now) if isinstance(one, OfferMade)]
    assert order == ["near", "far", "neighbour"]
    assert (await offers(room))["neighbour"].circle is Circle.NEIGHBOURS


async def test_nobody_is_asked_twice_about_the_same_request(room: Dispatcher) -> None:
    await asking(room, "gp-1")
    for turn in range(1, 8):
        assert "OfferMade" not in said(await room.ring(MONDAY + minutes(31 * turn)))
    assert len(await offers(room)) == 1


async def test_at_night_the_rings_wait_for_the_morning(room: Dispatcher) -> None:
    late = MONDAY + hours(14)
    assert await asking(room, "gp-1", need=a_need(now=late), now=late) == []
    assert (await room.row()).state is State.SEEKING
    morning = (await room.timers())[Wake.RING]
    assert morning == MONDAY + hours(23)
    assert await room.ring(late + hours(1)) == []
    assert "OfferMade" in said(await room.ring(morning))


async def test_a_human_is_alerted_in_time_whatever_the_rings_do(room: Dispatcher) -> None:
    await asking(room, "gp-1", "gp-2")
    for at in range(1, 39):
        assert "RequestEscalated" not in said(await room.ring(MONDAY + minutes(30 * at)))
    assert "RequestEscalated" in said(await room.ring(MONDAY + hours(20)))
    assert (await room.row()).state is State.ESCALATED
    assert Wake.RING in await room.timers()


async def test_who_has_just_paused_is_not_asked(room: Dispatcher) -> None:
    await room.hear(described("gp-1"), described("gp-2"))
    paused = WILLING.model_copy(update={"paused_until": MONDAY + hours(30)})
    await room.hear(described("gp-1", paused, version=2), described("gp-1", version=1))
    assert [one.practitioner_id for one in await room.enter() if isinstance(one, OfferMade)] == ["gp-2"]


async def test_the_weekly_cap_counts_what_was_booked(room: Dispatcher) -> None:
    capped = Terms(offers=True, per_week=1)
    await room.hear(described("gp-1", capped))
    await room.book("req-0", a_slot("ten", practitioner_id="gp-1"))  # availability says it was gp-1's
    assert said(await room.enter()) == ["CareUnmatched"]


async def test_a_person_has_three_offers_to_look_at_at_most(room: Dispatcher) -> None:
    await room.hear(described("gp-1"))
    made = [said(await room.enter(f"req-{number}")) for number in range(5)]
    assert [facts.count("OfferMade") for facts in made] == [1, 1, 1, 0, 0]
    await room.ask(decline, answering("gp-1"), offer_to("gp-1", "req-0"))
    assert "OfferMade" not in said(await room.ring(MONDAY + minutes(6)))  # who has just refused is left in peace
    assert "OfferMade" in said(await room.ring(MONDAY + minutes(12)))


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
    for start, code in ((MONDAY, "past"), (MONDAY + hours(25), "after_deadline")):
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
