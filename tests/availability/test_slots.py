"""What may a practitioner open and take back, and what does the database refuse by itself?"""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from availability import store
from availability.agenda import Audience
from availability.orders import cancel_slot, delegate_to, publish_slots, register_practitioners, repeat_day
from availability.tables import BOOKING, SLOT
from schemas.values import AgeBand, Mode, Refused
from tests.availability.room import Availability
from tests.builders import AT_TEN, MONDAY, TARN, a_new_slot, a_practitioner, an_order, hours, minutes, only

# --- a practitioner publishes ---------------------------------------------------------------------------


async def test_slots_are_opened_with_all_their_seats(room: Availability) -> None:
    one, two = await room.publish(a_new_slot(), a_new_slot(AT_TEN + hours(1), 30, capacity=2, modes=("home",)))
    assert (one.practitioner_id, one.profession, one.place.commune) == ("gp-1", "10", "81099")
    assert (two.state.free, two.state.next_start, two.modes) == (
        2,
        int((AT_TEN + hours(1)).timestamp()),
        (Mode.HOME,),
    )
    assert (await room.slot(one.slot_id)).seats == ()


async def test_all_slots_of_a_publication_are_opened_or_none(room: Availability) -> None:
    await room.publish(a_new_slot(AT_TEN + hours(1)))
    refused = await room.ask(publish_slots, an_order(), "gp-1", [a_new_slot(), a_new_slot(AT_TEN + minutes(50))])
    assert refused.code == "overlap"
    assert refused.about == {"start": (AT_TEN + hours(1)).isoformat(), "minutes": "15"}
    async with room.database.read() as db:
        agenda = await store.agenda(db, "gp-1", MONDAY, MONDAY + hours(24))
    assert [slot.start for slot in agenda] == [AT_TEN + hours(1)]


@pytest.mark.parametrize(
    ("start", "code"),
    [(MONDAY - minutes(1), "past"), (MONDAY, "past"), (MONDAY + hours(24 * 90 + 1), "too_far_ahead")],
)
async def test_a_slot_in_the_past_or_too_far_ahead_is_refused(room: Availability, start: datetime, code: str) -> None:
    assert (await room.ask(publish_slots, an_order(), "gp-1", [a_new_slot(start)])).code == code


async def test_somebody_nobody_knows_publishes_nothing(room: Availability) -> None:
    assert await room.ask(publish_slots, an_order(), "gp-9", [a_new_slot()]) == Refused(code="unknown_practitioner")


async def test_two_practitioners_may_work_at_the_same_time(room: Availability) -> None:
    await room.publish(by="gp-1")
    assert len(await room.publish(by="gp-2")) == 1


async def test_a_time_that_was_taken_back_may_be_opened_again(room: Availability) -> None:
    slot = only(await room.publish())
    await room.ask(cancel_slot, an_order(), slot.slot_id)
    assert only(await room.publish()).slot_id != slot.slot_id


# --- what the database refuses by itself ----------------------------------------------------------------


def a_slot_row(id: str, start: datetime, ends: datetime, **columns: Any) -> dict[str, Any]:
    row = {
        "id": id, "territory": TARN, "practitioner_id": "gp-1", "profession": "10", "commune": "81099", "start": start,
        "ends": ends, "minutes": 15, "capacity": 1, "modes": "office", "status": "open", "version": 1,
    }  # fmt: skip
    return row | columns


async def insert_slot(room: Availability, row: dict[str, Any]) -> None:
    async with room.database.writing() as db:
        await db.execute(insert(SLOT), [row])


async def test_the_database_itself_refuses_two_slots_of_one_practitioner_at_the_same_time(room: Availability) -> None:
    await room.publish()
    with pytest.raises(IntegrityError, match=r"slot_overlap|slot overlaps"):
        await insert_slot(room, a_slot_row("x", AT_TEN + minutes(14), AT_TEN + minutes(29)))


async def test_the_database_refuses_it_across_territories_too(room: Availability) -> None:
    await room.publish()
    with pytest.raises(IntegrityError, match=r"slot_overlap|slot overlaps"):
        await insert_slot(room, a_slot_row("x", AT_TEN, AT_TEN + minutes(5), territory="volvestre"))


async def test_the_database_accepts_slots_that_touch_closed_ones_and_other_peoples(room: Availability) -> None:
    await room.publish()
    await insert_slot(room, a_slot_row("after", AT_TEN + minutes(15), AT_TEN + minutes(30)))
    await insert_slot(room, a_slot_row("before", AT_TEN - minutes(15), AT_TEN))
    await insert_slot(room, a_slot_row("closed", AT_TEN, AT_TEN + minutes(15), status="closed"))
    await insert_slot(room, a_slot_row("other", AT_TEN, AT_TEN + minutes(15), practitioner_id="gp-2"))


def a_seat_row(slot_id: str, seat: int, request_id: str, **columns: Any) -> dict[str, Any]:
    row = {
        "slot_id": slot_id, "seat": seat, "request_id": request_id, "kind": "booking", "state": "active",
        "start": AT_TEN, "minutes": 15, "mode": "office", "made_at": MONDAY,
    }  # fmt: skip
    return row | columns


@pytest.mark.parametrize(("seat", "request_id"), [(0, "req-2"), (1, "req-1")])
async def test_the_database_itself_refuses_a_seat_twice_and_a_request_twice(
    room: Availability, seat: int, request_id: str
) -> None:
    slot = only(await room.publish(a_new_slot(minutes=30, capacity=2)))
    await room.choose("req-1", slot.slot_id)
    with pytest.raises(IntegrityError):
        async with room.database.writing() as db:
            await db.execute(insert(BOOKING), [a_seat_row(slot.slot_id, seat, request_id)])
    async with room.database.writing() as db:
        await db.execute(insert(BOOKING), [a_seat_row(slot.slot_id, seat, request_id, state="released")])


# --- who works here -------------------------------------------------------------------------------------


async def test_a_practitioner_registered_again_is_brought_up_to_date(room: Availability) -> None:
    moved = a_practitioner("gp-1", name="Dr Odile Exemple-Modèle", commune="81140")
    said, described = await room.ask(register_practitioners, an_order(), [moved])
    assert (described.practitioner_id, described.place.commune, described.version) == ("gp-1", "81140", 2)
    assert (said.territory, said.practitioner_ids) == (TARN, ("gp-1",))
    async with room.database.read() as db:
        known = await store.practitioner(db, "gp-1")
        assert known is not None
        assert (known.name, known.commune, known.territory) == ("Dr Odile Exemple-Modèle", "81140", TARN)
        assert await store.count_of(db, TARN) == 2


async def test_practitioners_are_found_by_any_words_of_their_name(room: Availability) -> None:
    await room.ask(register_practitioners, an_order(), [a_practitioner("n-1", name="Zoé 100% Test", profession="60")])
    async with room.database.read() as db:
        assert [one.id for one in await store.find_practitioners(db, TARN, "test zo")] == ["n-1"]
        assert [one.id for one in await store.find_practitioners(db, TARN, "100%")] == ["n-1"]
        assert await store.find_practitioners(db, TARN, "10%") == []
        assert [one.id for one in await store.find_practitioners(db, TARN, "", "60")] == ["n-1"]
        assert await store.find_practitioners(db, "volvestre", "test") == []


async def test_a_delegate_acts_for_those_named_last_and_for_nobody_unknown(room: Availability) -> None:
    await room.ask(delegate_to, an_order(), "sec-1", ["gp-1", "gp-2"])
    refused = await room.ask(delegate_to, an_order(), "sec-1", ["gp-1", "gp-9"])
    assert refused == Refused(code="unknown_practitioner")
    async with room.database.read() as db:
        assert await store.delegations(db, "sec-1") == ["gp-1", "gp-2"]
    said = only(await room.ask(delegate_to, an_order(), "sec-1", ["gp-2"]))
    assert (said.delegate_id, said.practitioner_ids) == ("sec-1", ("gp-2",))
    async with room.database.read() as db:
        assert await store.delegations(db, "sec-1") == ["gp-2"]


# --- like yesterday -------------------------------------------------------------------------------------

PARIS = ZoneInfo("Europe/Paris")
A_DAY = hours(24)


async def like(room: Availability, days: int = 1, now: datetime = MONDAY + A_DAY) -> Any:
    return await room.ask(repeat_day, an_order(), "gp-1", days, PARIS, now=now)


async def test_like_yesterday_opens_what_is_left_of_today_as_it_was(room: Availability) -> None:
    children = Audience(ages=(AgeBand.CHILD,))
    early, late, gone = await room.publish(
        a_new_slot(MONDAY + hours(1)),
        a_new_slot(AT_TEN, 45, capacity=3, audience=children),
        a_new_slot(AT_TEN + hours(1)),
    )
    await room.ask(cancel_slot, an_order(), gone.slot_id)
    again = only(await like(room, now=MONDAY + A_DAY + hours(1.5)))
    assert (again.start, again.minutes, again.capacity, again.ages) == (late.start + A_DAY, 45, 3, children.ages)
    assert again.start != early.start + A_DAY


async def test_what_would_overlap_is_left_out_and_twice_is_once(room: Availability) -> None:
    await room.publish(a_new_slot(AT_TEN), a_new_slot(AT_TEN + hours(1)))
    await room.publish(a_new_slot(AT_TEN + A_DAY + minutes(5)))
    assert only(await like(room)).start == AT_TEN + A_DAY + hours(1)
    assert await like(room) == Refused(code="nothing_to_repeat")


async def test_last_weeks_day_keeps_its_hour_when_the_clock_has_jumped(room: Availability) -> None:
    before = datetime(2026, 3, 23, 8, tzinfo=UTC)  # nine in winter time
    (slot,) = await room.ask(publish_slots, an_order(), "gp-1", [a_new_slot(before + hours(1))], now=before)
    again = only(await like(room, 7, now=datetime(2026, 3, 30, 6, tzinfo=UTC)))
    assert again.start == slot.start + 7 * A_DAY - hours(1)
