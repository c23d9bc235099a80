"""When no seat fits, are the right people asked, in time, and a human alerted whatever they do?"""

from dispatcher.answers import decline
from dispatcher.life import State, Wake
from schemas.offer import Circle, OfferMade
from schemas.practitioner import Terms
from tests.builders import (
    LAVAUR,
    LISLE,
    MONDAY,
    a_need,
    a_slot,
    hours,
    minutes,
    said,
)
from tests.dispatcher.asked import USUAL_FIRST, WILLING, answering, asking, described, offer_to, offers
from tests.dispatcher.room import Dispatcher

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
