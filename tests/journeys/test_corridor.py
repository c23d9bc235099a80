"""Does a request find its way from the regulator's words to the patient's SMS?"""

import asyncio

import pytest

from schemas.slot import SlotHeld
from services.audit.history import history
from tests.builders import hours
from tests.invariants import assert_kept
from tests.journeys.town import Town

pytestmark = pytest.mark.journey


async def test_a_request_finds_a_place_and_the_patient_reads_it_in_an_sms(town: Town) -> None:
    slot_id = await town.open_slot()
    await town.enter("r-1")
    await town.until_state("booked", "r-1")
    await town.until_quiet()

    row = await town.request("r-1")
    assert row.slot_id == slot_id
    assert row.reasons
    assert await town.told("r-1") == [("booked", "sent")]
    assert await town.told("r-1", "practitioner") == [("new_patient", "sent")]
    [sms] = [one for one in await town.messages_about("r-1") if one.recipient == "patient"]
    text = await town.house.vault.open(sms.body)
    assert "rendez-vous" in text
    assert f"/p/{town.house.vault.token('patient', 'r-1')}" in text
    assert sms.to is not None
    assert await town.house.vault.open(sms.to) == "+33639980001"

    async with town.house.database.read() as db:
        steps = [one.subject for one in await history(db, "r-1")]
    assert [one for one in steps if not one.startswith("message.")] == [
        "request.entered.v1",
        "slot.chosen.v1",
        "slot.booked.v1",
        "request.booked.v1",
    ]


async def test_the_seat_held_while_talking_is_the_one_that_is_booked(town: Town) -> None:
    await town.settle_in("gp-2")
    sooner = await town.open_slot("gp-1", after=hours(2))
    later = await town.open_slot("gp-2", after=hours(5))
    [held] = await town.hold("r-1", later)
    assert isinstance(held, SlotHeld)
    await town.enter("r-1", slot_id=later)
    await town.until_state("booked", "r-1")
    assert (await town.request("r-1")).slot_id == later
    assert await town.free_seats(sooner) == 1
    await town.until_quiet()
    assert await town.told("r-1") == [("booked", "due")]  # it waits until the regulator can no longer undo it


async def test_a_request_that_finds_nobody_gets_the_next_slot_that_opens(town: Town) -> None:
    await town.enter("r-1")
    await town.until_quiet()
    assert (await town.states())["r-1"] == "seeking"
    await assert_kept(town.house.database, town.js)  # while it waits, a timer watches it
    await town.open_slot()
    await town.until_state("booked", "r-1")


async def test_a_seat_that_is_freed_goes_to_the_one_who_waits(town: Town) -> None:
    slot_id = await town.open_slot()
    await town.enter("r-1")
    await town.until_state("booked", "r-1")
    await town.enter("r-2")
    await town.until_quiet()
    assert (await town.states())["r-2"] == "seeking"
    await town.withdraw("r-1")
    await town.until_state("booked", "r-2")
    assert await town.free_seats(slot_id) == 0


async def test_fifty_requests_at_once_are_all_placed_side_by_side(town: Town) -> None:
    doctors = ("gp-1", "gp-2", "gp-3", "gp-4", "gp-5")  # ten visits each: on a working day twenty are the most
    await town.settle_in(*doctors[1:])
    slots = [await town.open_slot(one, after=hours(n), minutes=50, capacity=10) for n, one in enumerate(doctors, 1)]
    names = [f"r-{n}" for n in range(50)]
    await asyncio.gather(*(town.enter(name) for name in names))
    await town.until_state("booked", *names)
    assert [await town.free_seats(slot_id) for slot_id in slots] == [0] * 5
