"""What becomes of patients when a place is cancelled, by the practitioner or by themselves?"""

import pytest

from schemas.values import Role
from tests.builders import hours
from tests.journeys.town import Town

pytestmark = pytest.mark.journey


async def test_three_patients_of_a_cancelled_slot_move_or_wait_with_what_is_left_of_their_own_deadline(
    town: Town,
) -> None:
    await town.settle_in("gp-2")
    cancelled = await town.open_slot("gp-1", capacity=3)
    names = ["r-1", "r-2", "r-3"]
    for name, within in zip(names, (6, 12, 24), strict=True):
        await town.enter(name, within=hours(within))
    await town.until_state("booked", *names)
    await town.until_quiet()
    deadlines = {name: (await town.request(name)).need.deadline for name in names}
    elsewhere = await town.open_slot("gp-2", after=hours(3), capacity=2)

    await town.cancel_slot(cancelled)
    await town.until_quiet()

    rows = [await town.request(name) for name in names]
    assert sorted(row.state.value for row in rows) == ["booked", "booked", "seeking"]
    assert {row.request_id: row.need.deadline for row in rows} == deadlines
    assert await town.free_seats(elsewhere) == 0
    for row in rows:
        told = await town.told(row.request_id)
        assert told[0] == ("booked", "sent")
        if row.state.value == "booked":
            assert row.slot_id == elsewhere
            assert sorted(told[1:]) in ([("moved", "sent")], [("cancelled", "superseded"), ("moved", "sent")])
        else:
            assert row.slot_id is None
            assert told[1:] == [("cancelled", "due")]  # gathered for a minute: perhaps a place is found meanwhile


async def test_a_patient_whose_place_was_cancelled_and_who_finds_another_in_time_gets_one_sms(town: Town) -> None:
    cancelled = await town.open_slot("gp-1")
    await town.enter("r-1")
    await town.until_state("booked", "r-1")
    await town.until_quiet()
    await town.cancel_slot(cancelled)
    await town.until_state("seeking", "r-1")
    await town.until_quiet()
    await town.open_slot("gp-1", after=hours(4))
    await town.until_state("booked", "r-1")
    await town.until_quiet()
    assert sorted(await town.told("r-1")) == [("booked", "sent"), ("cancelled", "superseded"), ("moved", "sent")]


async def test_a_withdrawal_that_overtakes_the_choice_sends_no_sms_and_frees_the_seat(town: Town) -> None:
    slot_id = await town.open_slot()
    await town.pause("availability-slot-chosen-v1")
    await town.enter("r-1")
    await town.until(lambda: chosen(town, "r-1"))
    await town.withdraw("r-1")
    await town.until(lambda: ended(town, "r-1"))
    await town.resume("availability-slot-chosen-v1")
    await town.until_quiet()
    assert (await town.states())["r-1"] == "withdrawn"
    assert await town.told("r-1") == await town.told("r-1", "practitioner") == []
    assert await town.free_seats(slot_id) == 1
    assert town.house.seats.get(slot_id).state.free == 1  # type: ignore[union-attr]  # it was opened above
    await town.enter("r-2")
    await town.until_state("booked", "r-2")


async def test_a_withdrawal_that_overtakes_the_answer_sends_no_sms_and_frees_the_seat(town: Town) -> None:
    slot_id = await town.open_slot()
    await town.pause("dispatcher-slot-booked-v1")
    await town.enter("r-1")
    await town.until(lambda: taken(town, slot_id))
    await town.withdraw("r-1", Role.PATIENT)
    await town.resume("dispatcher-slot-booked-v1")
    await town.until_quiet()
    assert (await town.states())["r-1"] == "withdrawn"
    assert await town.told("r-1") == []
    assert await town.free_seats(slot_id) == 1


async def test_a_cancellation_that_overtakes_the_news_of_the_booking_tells_nobody_of_the_lost_place(town: Town) -> None:
    await town.settle_in("gp-2")
    cancelled = await town.open_slot("gp-1")
    await town.pause("notifications-request-booked-v1")
    await town.enter("r-1")
    await town.until_state("booked", "r-1")
    lost = (await town.request("r-1")).start
    await town.cancel_slot(cancelled)
    await town.until_state("seeking", "r-1")
    await town.until(lambda: heard_by(town, "notifications-request-reopened-v1"))
    await town.resume("notifications-request-booked-v1")
    await town.until_quiet()
    assert await town.told("r-1") == []

    await town.open_slot("gp-2", after=hours(6))
    await town.until_state("booked", "r-1")
    await town.until_quiet()
    assert [state for _, state in await town.told("r-1")] == ["sent"]
    assert (await town.request("r-1")).start != lost


async def test_a_seat_is_free_again_when_the_booked_patient_withdraws_and_both_are_told(town: Town) -> None:
    slot_id = await town.open_slot()
    await town.enter("r-1")
    await town.until_state("booked", "r-1")
    await town.until_quiet()
    await town.withdraw("r-1")
    await town.until_quiet()
    assert await town.free_seats(slot_id) == 1
    assert await town.told("r-1") == [("booked", "sent"), ("withdrawn", "sent")]
    assert await town.told("r-1", "practitioner") == [("new_patient", "sent"), ("seat_freed", "sent")]


async def chosen(town: Town, request_id: str) -> bool:
    return (await town.request(request_id)).pending is not None


async def taken(town: Town, slot_id: str) -> bool:
    return await town.free_seats(slot_id) == 0


async def ended(town: Town, request_id: str) -> bool:
    return (await town.states())[request_id] == "withdrawn" and await heard_by(
        town, "availability-request-withdrawn-v1"
    )


async def heard_by(town: Town, reader: str) -> bool:
    """The reader has heard at least one fact, and has nothing left to hear."""
    info = await town.js.consumer_info("CARE", reader)
    heard = info.delivered.stream_seq if info.delivered else 0
    return heard > 0 and not info.num_pending and not info.num_ack_pending
