"""Does time bring what was promised: another look, an alert that climbs, an end?"""

import asyncio
from datetime import datetime

from dispatcher import roster, store
from dispatcher.life import State, Timer, Wake
from dispatcher.orders import acknowledge, set_roster, withdraw
from dispatcher.views import OnCall
from schemas.request import RequestEscalated
from schemas.values import Refused
from tests.builders import (
    AT_TEN,
    MONDAY,
    TARN,
    a_need,
    a_slot,
    an_order,
    hours,
    minutes,
    only,
    said,
    seats_of,
    somebody,
)
from tests.dispatcher.room import Dispatcher, booking_of, cancellation_of, loss_of

FIRST_ALERT = MONDAY + hours(20)
PEOPLE = [OnCall("anne", 0, "Anne"), OnCall("bruno", 1, "Bruno")]


async def alerted(room: Dispatcher) -> list[RequestEscalated]:
    """Anne, then Bruno watch over a request for which there is no place; the first alert was just given."""
    await room.ask(set_roster, an_order(), PEOPLE)
    await room.enter()
    return alerts(await room.ring(FIRST_ALERT))


def alerts(facts: list[object]) -> list[RequestEscalated]:
    return [fact for fact in facts if isinstance(fact, RequestEscalated)]


async def ring_to(room: Dispatcher, since: datetime, until: datetime) -> list[RequestEscalated]:
    """All alerts of a stretch of time, looked at once a minute."""
    found, now = [], since
    while now <= until:
        found += alerts(await room.ring(now))
        now += minutes(1)
    return found


# --- another look ---------------------------------------------------------------------------------------


async def test_a_minute_later_it_looks_again(room: Dispatcher) -> None:
    await room.enter()
    room.seats = seats_of(a_slot("unnoticed"))
    assert await room.ring(MONDAY + minutes(1) - minutes(0.01)) == []
    assert only(await room.ring(MONDAY + minutes(1))).slot_id == "unnoticed"
    assert (await room.timers())[Wake.SEEK] == MONDAY + minutes(2)


async def test_a_slot_that_was_lost_is_tried_again_a_minute_later(room: Dispatcher) -> None:
    await room.hear(a_slot("ten"))
    lost = loss_of(only(await room.enter()), version=1)  # no news: the seat may be open again
    assert await room.hear(lost) == []
    assert only(await room.ring(MONDAY + minutes(1))).slot_id == "ten"


async def test_while_a_proposal_is_being_answered_nothing_else_is_proposed(room: Dispatcher) -> None:
    await room.hear(a_slot("ten"), a_slot("noon", MONDAY + hours(4)))
    await room.enter()
    assert await room.ring(MONDAY + minutes(1)) == []
    assert (await room.row()).pending == "ten"


# --- the alert ------------------------------------------------------------------------------------------


async def test_the_first_of_the_roster_is_alerted_before_the_deadline_with_the_reasons(room: Dispatcher) -> None:
    await room.ask(set_roster, an_order(), PEOPLE)
    await room.hear(a_slot(start=MONDAY + hours(30)), a_slot(start=MONDAY + hours(31)))
    await room.enter()
    alert = only(alerts(await room.ring(FIRST_ALERT)))
    assert (alert.person, alert.rank, alert.why, alert.counts) == ("anne", 0, "no_place", {"too_late": 2})
    assert alert.deadline == MONDAY + hours(24)
    row = await room.row()
    assert (row.state, row.escalated_to, row.rank) == (State.ESCALATED, "anne", 0)
    assert await room.timers() == {
        Wake.SEEK: FIRST_ALERT + minutes(1),
        Wake.STEP_UP: FIRST_ALERT + minutes(5),
        Wake.OVERDUE: MONDAY + hours(24),
    }


async def test_an_alert_nobody_takes_climbs_the_roster_and_begins_again(room: Dispatcher) -> None:
    found = await alerted(room) + await ring_to(room, FIRST_ALERT, FIRST_ALERT + minutes(15))
    assert [(alert.person, alert.rank, alert.why) for alert in found] == [
        ("anne", 0, "no_place"),
        ("bruno", 1, "unanswered"),
        ("anne", 2, "unanswered"),
        ("bruno", 3, "unanswered"),
    ]


async def test_an_alert_taken_in_hand_climbs_no_further_but_the_search_goes_on(room: Dispatcher) -> None:
    await alerted(room)
    assert said(await room.ask(acknowledge, an_order(somebody(person="anne")), "req-1")) == ["EscalationAcknowledged"]
    assert Wake.STEP_UP not in await room.timers()
    assert await ring_to(room, FIRST_ALERT, FIRST_ALERT + minutes(30)) == []
    assert only(await room.hear(a_slot("found", FIRST_ALERT + hours(1)), now=FIRST_ALERT)).slot_id == "found"


async def test_nothing_to_take_in_hand_before_the_alert(room: Dispatcher) -> None:
    await room.enter()
    assert await room.ask(acknowledge, an_order(), "req-1") == Refused(code="not_escalated")


async def test_past_its_deadline_a_request_is_alerted_again_until_somebody_ends_it(room: Dispatcher) -> None:
    await alerted(room)
    await room.ask(acknowledge, an_order(), "req-1")
    deadline = MONDAY + hours(24)
    late = await ring_to(room, deadline - minutes(1), deadline + minutes(61))
    assert [(alert.at, alert.person, alert.why) for alert in late] == [
        (deadline, "anne", "overdue"),
        (deadline + minutes(30), "anne", "overdue"),
        (deadline + minutes(60), "anne", "overdue"),
    ]


async def test_a_request_entered_with_little_time_alerts_at_once(room: Dispatcher) -> None:
    await room.enter("req-1", a_need(within=minutes(10)))
    assert only(alerts(await room.ring(MONDAY))).person == f"coord-{TARN}"


async def test_a_place_found_after_the_alert_is_booked_like_any_other(room: Dispatcher) -> None:
    await alerted(room)
    chosen = only(await room.hear(a_slot("found", FIRST_ALERT + hours(1)), now=FIRST_ALERT))
    booked = only(await room.hear(booking_of(chosen, FIRST_ALERT + hours(1)), now=FIRST_ALERT))
    assert type(booked).__name__ == "RequestBooked"
    assert set(await room.timers()) == {Wake.VISIT_OVER}
    assert await ring_to(room, FIRST_ALERT, FIRST_ALERT + minutes(10)) == []


async def test_a_place_that_is_cancelled_begins_a_new_alert_with_the_first_person(room: Dispatcher) -> None:
    await alerted(room)
    chosen = only(await room.hear(a_slot("found", FIRST_ALERT + hours(1)), now=FIRST_ALERT))
    await room.hear(booking_of(chosen, FIRST_ALERT + hours(1)), now=FIRST_ALERT)
    await room.hear(cancellation_of("req-1", "found"), now=FIRST_ALERT + minutes(30))
    later = await ring_to(room, FIRST_ALERT + minutes(30), MONDAY + hours(24) - minutes(1))
    assert (later[0].person, later[0].rank, later[0].why) == ("anne", 0, "no_place")


async def test_a_territory_without_a_roster_is_refused_one(room: Dispatcher) -> None:
    assert await room.ask(set_roster, an_order(), []) == Refused(code="empty_roster")


async def test_a_new_roster_replaces_the_old_one(room: Dispatcher) -> None:
    await room.ask(set_roster, an_order(), PEOPLE)
    said = only(await room.ask(set_roster, an_order(), [OnCall("carla", 0, "Carla")]))
    assert (said.territory, said.people) == (TARN, ("carla",))
    async with room.database.read() as db:
        assert await roster.people(db, TARN) == [OnCall("carla", 0, "Carla")]
        assert await roster.people(db, "volvestre") == []


# --- the end --------------------------------------------------------------------------------------------


async def test_a_visit_nobody_spoke_of_is_presumed_to_have_taken_place(room: Dispatcher) -> None:
    await room.book("req-1", a_slot("ten"))
    assert await room.ring(AT_TEN + hours(2)) == []
    closed = only(await room.ring(AT_TEN + minutes(15) + hours(2)))
    assert (closed.outcome, closed.actor.person) == ("fulfilled", "relais")
    assert (await room.row()).state is State.FULFILLED
    assert await room.timers() == {}


async def test_a_withdrawn_request_alerts_nobody(room: Dispatcher) -> None:
    await room.enter()
    await room.ask(withdraw, an_order(), "req-1")
    assert await room.ring(MONDAY + hours(48)) == []


# --- taken once -----------------------------------------------------------------------------------------


async def test_a_timer_acts_once_however_often_one_looks(room: Dispatcher) -> None:
    assert len(await alerted(room)) == 1
    assert await room.ring(FIRST_ALERT) == []


async def test_two_machines_looking_at_once_take_each_timer_once(room: Dispatcher) -> None:
    for number in range(6):
        await room.enter(f"req-{number}")
    both = await asyncio.gather(room.ring(FIRST_ALERT), room.ring(FIRST_ALERT))
    found = [alert.request_id for answer in both for alert in alerts(answer)]
    assert sorted(found) == [f"req-{number}" for number in range(6)]


async def test_the_same_timer_gives_the_same_fact(room: Dispatcher) -> None:
    first = only(await alerted(room))
    async with room.database.writing() as db:  # as if the transaction that took it had never committed
        desk = store.Desk(db)
        row = await desk.load("req-1")
        assert row is not None
        await desk.change(row, state=State.SEEKING)
        await store.set_timers(db, "req-1", [Timer(Wake.ESCALATE, FIRST_ALERT)])
    assert only(await room.ring(FIRST_ALERT + minutes(2))).id == first.id


# --- mended ---------------------------------------------------------------------------------------------


async def test_a_request_that_lost_its_timers_is_given_some(room: Dispatcher) -> None:
    await room.book("booked", a_slot("ten"))
    await room.enter("seeking")
    for one in ("seeking", "booked"):
        await room.forget_timers(one)
    await room.mend(MONDAY + minutes(1))
    assert set(await room.timers("seeking")) == {Wake.SEEK, Wake.ESCALATE}
    assert await room.timers("booked") == {Wake.VISIT_OVER: AT_TEN + minutes(15) + hours(2)}


async def test_what_has_its_timers_or_has_ended_is_left_alone(room: Dispatcher) -> None:
    await room.enter("seeking")
    before = await room.timers("seeking")
    await room.enter("ended")
    await room.ask(withdraw, an_order(), "ended")
    await room.mend(MONDAY + minutes(1))
    assert await room.timers("seeking") == before
    assert await room.timers("ended") == {}
