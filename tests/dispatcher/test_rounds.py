"""What is decided better together? A promise keeps its seat, or gets a better one, or changes seats with another."""

from datetime import datetime
from typing import Any

from dispatcher.life import State
from dispatcher.planning.promises import Move as Wanted
from dispatcher.rounds import chains, on_round
from schemas.request import RequestPromised
from schemas.slot import ExchangeChosen, SlotBooked, SlotLost
from tests.builders import GAILLAC, MONDAY, a_need, a_slot, a_state, an_order, hours, minutes, only
from tests.dispatcher.room import Dispatcher, booking_of, cancellation_of

FIRST = MONDAY + minutes(5)
SOON, LATE = MONDAY + hours(5), MONDAY + hours(9)


async def promise(room: Dispatcher, request_id: str, slot_id: str, start: datetime) -> None:
    """The seat of this slot is kept for the request."""
    chosen = only(await room.enter(request_id, a_need(told_before=60)))
    assert (chosen.slot_id, chosen.kind) == (slot_id, "guarantee")
    await room.hear(booking_of(chosen, start).model_copy(update={"kind": "guarantee"}))


async def round_(room: Dispatcher, now: datetime = FIRST) -> list[Any]:
    answer = await room.ask(lambda *said: on_round(*said, seats=room.seats), an_order(), now=now)
    assert isinstance(answer, list)
    return answer


async def test_a_better_seat_that_opens_replaces_the_guarantee(room: Dispatcher) -> None:
    await room.hear(a_slot("late", LATE))
    await promise(room, "req-1", "late", LATE)
    await room.hear(a_slot("soon", SOON))
    chosen = only(await round_(room))
    assert isinstance(chosen, ExchangeChosen)
    (move,) = chosen.moves
    assert (move.request_id, move.from_slot, move.to_slot, move.latest) == (
        "req-1", "late", "soon", (await room.row()).need.deadline,
    )  # fmt: skip
    assert (await room.row()).slot_id == "late"
    taken = SlotBooked.after(
        chosen, MONDAY, key="req-1", request_id="req-1", slot_id="soon", choice=move.choice, practitioner_id="gp-2",
        start=SOON, minutes=15, mode="office", place=GAILLAC, state=a_state(SOON, version=2, free=0), kind="guarantee",
    )  # fmt: skip
    again = only(await room.hear(taken, now=MONDAY + minutes(5)))
    assert isinstance(again, RequestPromised)
    assert again.again
    row = await room.row()
    assert (row.state, row.slot_id, row.choice, row.pending) == (State.PROMISED, "soon", move.choice, None)


async def test_a_better_seat_that_was_lost_leaves_the_guarantee_and_the_next_round_may_try_again(
    room: Dispatcher,
) -> None:
    await room.hear(a_slot("late", LATE))
    await promise(room, "req-1", "late", LATE)
    await room.hear(a_slot("soon", SOON))
    chosen = only(await round_(room))
    assert await round_(room) == [], "it waits for the answer"
    lost = SlotLost.after(chosen, MONDAY, key="req-1", request_id="req-1", slot_id="soon", choice=2, why="taken")
    assert await room.hear(lost) == []
    row = await room.row()
    assert (row.state, row.slot_id, row.pending) == (State.PROMISED, "late", None)


async def test_the_answer_to_an_exchange_is_none_to_what_was_chosen_since_its_seat_was_cancelled(
    room: Dispatcher,
) -> None:
    """Also when it is the same slot that is chosen again: the choice within the exchange counts as made."""
    await room.hear(a_slot("late", LATE))
    await promise(room, "req-1", "late", LATE)
    await room.hear(a_slot("soon", SOON))
    exchanged = only(await round_(room))
    reopened, chosen = await room.hear(cancellation_of("req-1", "late", LATE))
    assert (chosen.slot_id, chosen.choice) == ("soon", exchanged.moves[0].choice + 1)
    assert reopened.choice == exchanged.moves[0].choice
    lost = SlotLost.after(exchanged, MONDAY, key="req-1", request_id="req-1", slot_id="soon", choice=2, why="taken")
    assert await room.hear(lost) == []
    assert (await room.row()).pending == "soon"
    kept = booking_of(chosen, SOON).model_copy(update={"kind": "guarantee"})
    assert isinstance(only(await room.hear(kept)), RequestPromised)
    assert (await room.row()).slot_id == "soon"


async def test_after_the_freeze_nobody_is_moved(room: Dispatcher) -> None:
    await room.hear(a_slot("late", LATE))
    await promise(room, "req-1", "late", LATE)
    await room.hear(a_slot("soon", LATE - minutes(20)))
    assert await round_(room, LATE - minutes(60)) == []


async def test_who_waits_gets_a_seat_in_the_round(room: Dispatcher) -> None:
    await room.enter("req-1", a_need(within=hours(8)))
    async with room.database.writing():
        room.seats.hear(a_slot("soon", SOON))  # its news has not reached the room's own reader yet
    assert only(await round_(room)).slot_id == "soon"


def test_moves_that_need_one_another_are_one_chain() -> None:
    a, b, c = Wanted("a", "one", "two"), Wanted("b", "two", "three"), Wanted("c", "four", "five")
    found = chains([a, b, c, Wanted("new", None, "one")])
    assert sorted(sorted(one.request_id for one in chain) for chain in found) == [["a", "b"], ["c"]]
