"""Is a seat left to those who are more urgent, for as long as that can be answered for?"""

from dispatcher.life import State, escalate_at
from dispatcher.matching.ranking import MISS
from schemas.request import CareUnmatched, RequestEscalated
from schemas.scarcity import Bid, ScarcityPriced
from schemas.slot import SlotChosen
from tests.builders import AT_TEN, MONDAY, a_need, a_slot, an_order, hours, minutes, only
from tests.dispatcher.room import Dispatcher


def dear(room: Dispatcher, worth: int = MISS) -> None:
    """The hour of the seat is worth that much to those who have not called yet."""
    hour = Bid(profession="10", hour=AT_TEN + hours(20), minutes=worth)
    room.seats.hear(ScarcityPriced.after(an_order(), MONDAY, prices=(), shortages=(), bids=(hour,)))


async def test_a_seat_worth_more_to_others_is_left_to_them_and_the_patient_is_told_so(room: Dispatcher) -> None:
    await room.hear(a_slot("morrow", AT_TEN + hours(20)))
    dear(room)
    said = only(await room.enter())
    assert isinstance(said, CareUnmatched)
    assert said.counts == {"left": 1}
    assert (await room.row()).counts == {"left": 1}


async def test_the_urgent_patient_it_was_left_to_takes_it(room: Dispatcher) -> None:
    await room.hear(a_slot("morrow", AT_TEN + hours(20)))
    dear(room)
    await room.enter("waits")
    assert only(await room.enter("urgent", a_need(hours=6))).slot_id == "morrow"


async def test_when_they_do_not_call_whoever_waits_takes_it_at_the_next_look(room: Dispatcher) -> None:
    await room.hear(a_slot("morrow", AT_TEN + hours(20)))
    dear(room)
    await room.enter()
    assert await room.ring(MONDAY + minutes(1)) == []
    dear(room, 10)
    assert only(await room.ring(MONDAY + minutes(2))).slot_id == "morrow"


async def test_once_a_human_is_alerted_nothing_is_left_to_others(room: Dispatcher) -> None:
    await room.hear(a_slot("morrow", AT_TEN + hours(20)))
    dear(room)
    await room.enter()
    alerted = escalate_at(MONDAY, a_need().deadline)
    said = await room.ring(alerted)
    said += await room.ring(alerted + minutes(1))
    assert any(isinstance(one, RequestEscalated) for one in said)
    assert [one.slot_id for one in said if isinstance(one, SlotChosen)] == ["morrow"]
    assert (await room.row()).state is State.ESCALATED


async def test_a_long_wait_alone_leaves_nothing_to_others(room: Dispatcher) -> None:
    """Who may wait for ten days is worth as much as a miss after three: the seat is taken all the same."""
    far = MONDAY + hours(24 * 8)
    await room.hear(a_slot("far", far))
    hour = Bid(profession="10", hour=far, minutes=10)
    room.seats.hear(ScarcityPriced.after(an_order(), MONDAY, prices=(), shortages=(), bids=(hour,)))
    assert only(await room.enter("req-1", a_need(within=hours(24 * 10), hours=240))).slot_id == "far"
