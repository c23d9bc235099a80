"""Can patients who are promised a seat change seats? All of them in one transaction, or none."""

from typing import Any

import pytest

from availability.orders import cancel_slot
from schemas.slot import ExchangeChosen, Move, SlotBooked
from schemas.values import Mode
from tests.availability.room import Availability, choice_of
from tests.builders import AT_TEN, MONDAY, a_new_slot, an_order, hours, only, said

NOON = AT_TEN + hours(2)
EVENING = NOON + hours(9)


async def guarantees(room: Availability, *starts: Any) -> list[str]:
    """Slots that begin then, a seat of each kept for req-0, req-1…; their ids."""
    slots = [fact.slot_id for fact in await room.publish(*(a_new_slot(start) for start in starts))]
    for number, slot_id in enumerate(slots):
        chosen = choice_of(f"req-{number}", slot_id).model_copy(update={"kind": "guarantee"})
        assert only(await room.hear(chosen)).kind == "guarantee"
    return slots


def exchange(*moves: tuple[str, str, str], latest: Any = EVENING) -> ExchangeChosen:
    made = tuple(
        Move(request_id=one, choice=2, from_slot=since, to_slot=to, modes=(Mode.OFFICE,), latest=latest)
        for one, since, to in moves
    )
    return ExchangeChosen.after(an_order(id="0" * 32), MONDAY, moves=made)


async def seats(room: Availability, *slots: str) -> list[tuple[str, str]]:
    return [(seat.request_id, seat.kind) for one in slots for seat in (await room.slot(one)).seats]


async def test_two_change_seats(room: Availability) -> None:
    ten, noon = await guarantees(room, AT_TEN, NOON)
    answers = await room.hear(exchange(("req-0", ten, noon), ("req-1", noon, ten)))
    assert said(answers) == ["SlotBooked", "SeatFreed", "SlotBooked", "SeatFreed"]
    assert [(fact.request_id, fact.start, fact.kind) for fact in answers if isinstance(fact, SlotBooked)] == [
        ("req-0", NOON, "guarantee"), ("req-1", AT_TEN, "guarantee"),
    ]  # fmt: skip
    assert {fact.state.free for fact in answers} == {0}
    assert await seats(room, ten, noon) == [("req-1", "guarantee"), ("req-0", "guarantee")]


async def test_one_leaves_for_another_and_the_first_seat_is_open_again(room: Availability) -> None:
    ten, noon = await guarantees(room, AT_TEN, NOON)
    free = only(await room.publish(a_new_slot(NOON + hours(1)))).slot_id
    answers = await room.hear(exchange(("req-0", ten, free), ("req-1", noon, ten)))
    freed = {fact.slot_id: fact.state.free for fact in answers}
    assert freed == {ten: 0, noon: 1, free: 0}


@pytest.mark.parametrize("why", ["taken", "closed", "too late", "elsewhere", "final"])
async def test_all_keep_their_seats_when_one_of_them_cannot_move(room: Availability, why: str) -> None:
    ten, noon = await guarantees(room, AT_TEN, NOON)
    free = only(await room.publish(a_new_slot(NOON + hours(1)))).slot_id
    latest = NOON if why == "too late" else EVENING
    if why == "taken":
        await room.choose("req-2", free)
    if why == "closed":
        await room.ask(cancel_slot, an_order(), free)
    if why == "final":
        await room.choose("req-0", ten)
    since = noon if why == "elsewhere" else ten
    answers = await room.hear(exchange(("req-0", since, free), ("req-1", noon, ten), latest=latest))
    assert said(answers) == ["SlotLost", "SlotLost"]
    assert [request_id for request_id, _ in await seats(room, ten, noon)] == ["req-0", "req-1"]


async def test_a_guarantee_becomes_a_booking_where_it_is(room: Availability) -> None:
    (ten,) = await guarantees(room, AT_TEN)
    booked = only(await room.choose("req-0", ten))
    assert (booked.slot_id, booked.kind) == (ten, "booking")
    assert await seats(room, ten) == [("req-0", "booking")]


async def test_a_practitioner_who_cancels_is_said_to_have_cancelled_a_guarantee_too(room: Availability) -> None:
    (ten,) = await guarantees(room, AT_TEN)
    assert said(await room.ask(cancel_slot, an_order(), ten)) == ["SlotClosed", "BookingCancelled"]
