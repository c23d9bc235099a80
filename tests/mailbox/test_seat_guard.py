"""Does the database itself refuse a second booking, when the code saw a free seat and was wrong?"""

import asyncio
from datetime import datetime
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from availability import store
from availability.agenda import SeatRow, SlotRow
from availability.orders import publish_slots, register_practitioners
from schemas.event import Event
from schemas.values import Mode
from tests.builders import MONDAY, a_new_slot, a_practitioner, ask, hours, only
from tests.builders import an_order as ordered
from tests.mailbox.conftest import Desk, note, order

START = MONDAY + hours(3)


async def seen_free(desk: Desk) -> SlotRow:
    """A slot of two seats, as somebody saw it before anybody sat down."""
    await ask(desk.database, register_practitioners, ordered(), [a_practitioner()])
    facts = await ask(desk.database, publish_slots, ordered(), "gp-1", [a_new_slot(START, 30, capacity=2)])
    async with desk.database.read() as db:
        slot = await store.slot(db, only(facts).slot_id)
    assert slot is not None
    return slot


def sitting_down(slot: SlotRow, seat: int, request_id: str) -> Any:
    """Takes the seat without looking again."""

    async def decide(db: AsyncConnection, now: datetime) -> list[Event]:
        taken = SeatRow(slot.slot_id, seat, request_id, "booking", START, 15, Mode.OFFICE, None)
        await store.Desk(db).take(slot, taken, now)
        await note(db, f"{request_id} on {seat}")
        return []

    return decide


async def test_of_two_processes_that_both_saw_a_seat_free_one_gets_it(desk: Desk, neighbour: Desk) -> None:
    slot = await seen_free(desk)
    desk.open()
    neighbour.open()
    both = await asyncio.gather(
        desk.mailbox.order(order("a"), sitting_down(slot, 0, "r-1")),
        neighbour.mailbox.order(order("b"), sitting_down(slot, 0, "r-2")),
        return_exceptions=True,
    )
    assert [type(one) for one in both if isinstance(one, Exception)] == [IntegrityError]
    assert len(await desk.effects()) == 1


async def test_a_request_for_which_two_processes_found_a_seat_each_gets_one(desk: Desk, neighbour: Desk) -> None:
    slot = await seen_free(desk)
    desk.open()
    neighbour.open()
    both = await asyncio.gather(
        desk.mailbox.order(order("a"), sitting_down(slot, 0, "r-1")),
        neighbour.mailbox.order(order("b"), sitting_down(slot, 1, "r-1")),
        return_exceptions=True,
    )
    assert [type(one) for one in both if isinstance(one, Exception)] == [IntegrityError]
    assert len(await desk.effects()) == 1
