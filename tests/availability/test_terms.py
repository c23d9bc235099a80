"""Does availability keep what a practitioner allows, and never give more than that, by whatever path?"""

import asyncio
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from availability import store
from availability.orders import cancel_slot, describe_practitioners, register_practitioners, set_terms
from availability.tables import PRACTITIONER
from availability.terms import paused, widens
from schemas.offer import OfferAccepted
from schemas.practitioner import Absence, Terms
from schemas.sealed import Sealed
from schemas.values import Mode, Refused
from tests.availability.room import Availability, choice_of, withdrawal_of
from tests.builders import AT_TEN, MONDAY, TARN, a_new_slot, a_practitioner, an_order, hours, minutes, only, said

OPEN_HANDED = Terms(offers=True, per_day=3, per_week=20)


async def allow(room: Availability, terms: Terms, *, may_widen: bool = True, who: str = "gp-1") -> Any:
    async def act(order: Any, db: Any, now: datetime) -> Any:
        return await set_terms(order, who, terms, db, now, may_widen=may_widen)

    return await room.ask(act, an_order())


def agreed(request_id: str, start: datetime = AT_TEN, who: str = "gp-1", **more: Any) -> OfferAccepted:
    return OfferAccepted.after(
        an_order(), MONDAY, offer_id=f"offer-{request_id}", request_id=request_id, practitioner_id=who,
        slot_id=f"slot-of-{request_id}", choice=1, start=start, minutes=15, mode=Mode.OFFICE, regulated_at=MONDAY,
        **more,
    )  # fmt: skip


# --- said and kept --------------------------------------------------------------------------------------


async def test_whoever_is_registered_is_described_without_name_or_number(room: Availability) -> None:
    nurse = a_practitioner("n-1", profession="60", zone="Indian/Reunion")
    _, described = await room.ask(register_practitioners, an_order(), [nurse])
    assert (described.practitioner_id, described.zone, described.version) == ("n-1", "Indian/Reunion", 1)
    assert described.terms == Terms(offers=False)
    assert "Odile" not in described.model_dump_json()


async def test_a_doctor_begins_with_the_cap_of_twenty_acts_a_week(room: Availability) -> None:
    _, described = await room.ask(register_practitioners, an_order(), [a_practitioner("gp-9")])
    assert described.terms == Terms(offers=False, per_week=20)


async def test_terms_are_said_again_when_they_change_and_only_then(room: Availability) -> None:
    described = only(await allow(room, OPEN_HANDED))
    assert (described.terms, described.version) == (OPEN_HANDED, 2)
    assert await allow(room, OPEN_HANDED) == []


async def test_registering_again_leaves_the_terms_as_they_are(room: Availability) -> None:
    await allow(room, OPEN_HANDED)
    again = a_practitioner("gp-1", terms=Terms(offers=False))
    _, described = await room.ask(register_practitioners, an_order(), [again])
    assert (described.terms, described.version) == (OPEN_HANDED, 3)


async def test_who_was_there_before_terms_were_is_described_once(room: Availability) -> None:
    async with room.database.writing() as db:
        await db.execute(update(PRACTITIONER).values(version=0, terms=None, zone=None))
    zones = {TARN: "Europe/Paris"}
    first = await room.ask(describe_practitioners, an_order(), zones)
    assert [(one.practitioner_id, one.terms.per_week, one.zone) for one in first] == [
        ("gp-1", 20, "Europe/Paris"), ("gp-2", 20, "Europe/Paris"),
    ]  # fmt: skip
    assert await room.ask(describe_practitioners, an_order(), zones) == []


# --- who may allow more -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "wider"),
    [
        ({"extra": True}, ("extra",)),
        ({"neighbours": True}, ("neighbours",)),
        ({"per_day": 4}, ("per_day",)),
        ({"per_week": None}, ("per_week",)),
        ({"offers": False}, ()),
        ({"per_day": 1}, ()),
        ({"paused_until": MONDAY + hours(3)}, ()),
    ],
)
def test_what_is_more_and_what_is_less(change: dict[str, Any], wider: tuple[str, ...]) -> None:
    assert widens(OPEN_HANDED, OPEN_HANDED.model_copy(update=change), MONDAY) == wider


def test_ending_a_pause_or_an_absence_early_is_more() -> None:
    away = Absence(since=MONDAY, until=MONDAY + hours(48))
    closed = OPEN_HANDED.model_copy(update={"paused_until": MONDAY + hours(3), "absences": (away,)})
    assert widens(closed, OPEN_HANDED, MONDAY) == ("paused_until", "absences")
    assert widens(closed, OPEN_HANDED, MONDAY + hours(48)) == ()


async def test_another_may_take_away_and_never_give(room: Availability) -> None:
    await allow(room, OPEN_HANDED)
    refused = await allow(room, OPEN_HANDED.model_copy(update={"extra": True}), may_widen=False)
    assert isinstance(refused, Refused)
    assert refused.code == "not_yours_to_allow"
    assert said(await allow(room, Terms(offers=False, per_day=1, per_week=1), may_widen=False)) == [
        "PractitionerDescribed"
    ]


# --- a pause in one tap -----------------------------------------------------------------------------------

PARIS = ZoneInfo("Europe/Paris")
EVENING, MORNING = datetime(2026, 1, 5, 17, tzinfo=UTC), datetime(2026, 1, 6, 7, tzinfo=UTC)
"""Six in the evening of that Monday in France, and eight the next morning."""


def test_two_hours_or_until_tomorrow() -> None:
    assert paused(OPEN_HANDED, "two_hours", MONDAY, PARIS).paused_until == MONDAY + hours(2)
    assert paused(OPEN_HANDED, "today", MONDAY, PARIS).paused_until == MORNING


def test_not_tonight_leaves_the_afternoon_and_the_next_morning_open() -> None:
    terms = paused(OPEN_HANDED, "tonight", MONDAY, PARIS)
    assert (terms.paused_until, terms.absences) == (None, (Absence(since=EVENING, until=MORNING),))
    assert paused(terms, "tonight", MONDAY + hours(1), PARIS) == terms


def test_after_midnight_tonight_is_this_night() -> None:
    late = datetime(2026, 1, 6, 1, tzinfo=UTC)
    assert paused(OPEN_HANDED, "tonight", late, PARIS).absences == (Absence(since=EVENING, until=MORNING),)
    assert paused(OPEN_HANDED, "today", late, PARIS).paused_until == MORNING


def test_over_ends_what_stands_now_and_leaves_the_holidays() -> None:
    holidays = Absence(since=MONDAY + hours(100), until=MONDAY + hours(200))
    before = OPEN_HANDED.model_copy(update={"absences": (holidays,)})
    for pause in ("two_hours", "today", "tonight"):
        assert paused(paused(before, pause, MONDAY, PARIS), "over", MONDAY + hours(1), PARIS) == before
    during = before.model_copy(update={"absences": (Absence(since=MONDAY - hours(1), until=MONDAY + hours(1)),)})
    assert paused(during, "over", MONDAY, PARIS).absences == ()


@given(st.sampled_from(["two_hours", "today", "tonight"]), st.integers(0, 24 * 365))
def test_a_pause_never_allows_more_than_before(pause: Any, hour: int) -> None:
    now = MONDAY + hours(hour)
    assert widens(OPEN_HANDED, paused(OPEN_HANDED, pause, now, PARIS), now) == ()


# --- the time that was agreed -----------------------------------------------------------------------------


async def test_an_agreed_time_is_opened_and_booked_in_one(room: Availability) -> None:
    opened, booked = await room.hear(agreed("req-1"))
    assert (opened.start, opened.capacity, opened.state.free) == (AT_TEN, 1, 0)
    assert (booked.slot_id, booked.choice, booked.state, booked.counted) == (opened.slot_id, 1, opened.state, True)
    seat = await room.seat("req-1")
    assert seat is not None
    assert seat.slot_id == "slot-of-req-1"


async def test_what_is_in_the_agenda_is_not_overlapped(room: Availability) -> None:
    await room.publish(a_new_slot(AT_TEN + minutes(10)))
    lost = only(await room.hear(agreed("req-1")))
    assert (lost.why, lost.choice) == ("taken", 1)


async def test_a_time_that_has_passed_is_lost(room: Availability) -> None:
    assert only(await room.hear(agreed("req-1"), now=AT_TEN)).why == "past"


async def test_the_time_closes_when_the_patient_does_not_come(room: Availability) -> None:
    await room.hear(agreed("req-1"))
    freed = only(await room.hear(withdrawal_of("req-1", "slot-of-req-1")))
    assert (freed.state.free, freed.state.next_start) == (0, None)
    assert (await room.slot("slot-of-req-1")).status == "closed"


async def test_taking_back_is_a_cancellation(room: Availability) -> None:
    await room.hear(agreed("req-1"))
    assert said(await room.ask(cancel_slot, an_order(), "slot-of-req-1")) == ["SlotClosed", "BookingCancelled"]


# --- caps -------------------------------------------------------------------------------------------------


async def test_no_path_gives_more_than_the_day_allows(room: Availability) -> None:
    await allow(room, Terms(offers=True, per_day=1))
    one, two = await room.publish(a_new_slot(AT_TEN), a_new_slot(AT_TEN + hours(1)))
    assert said(await room.choose("req-1", one.slot_id)) == ["SlotBooked"]
    lost = only(await room.choose("req-2", two.slot_id))
    assert (lost.why, lost.state.free) == ("closed", 1)
    assert (await room.hold("req-3", two.slot_id)).code == "day_full"
    assert only(await room.hear(agreed("req-4", AT_TEN + hours(3)))).why == "closed"
    await room.hear(withdrawal_of("req-1", one.slot_id))
    assert said(await room.choose("req-2", two.slot_id, 2)) == ["SlotBooked"]


async def test_two_at_once_do_not_get_past_the_cap(room: Availability) -> None:
    await allow(room, Terms(offers=True, per_week=1))
    slots = await room.publish(*(a_new_slot(AT_TEN + hours(n)) for n in range(4)))
    answers = await asyncio.gather(*(room.choose(f"req-{n}", slot.slot_id) for n, slot in enumerate(slots)))
    assert sorted(said([only(one)])[0] for one in answers) == ["SlotBooked", "SlotLost", "SlotLost", "SlotLost"]


async def test_a_seat_promised_on_the_phone_is_kept_whatever_the_cap(room: Availability) -> None:
    (slot,) = await room.publish()
    await room.hold("req-1", slot.slot_id)
    await allow(room, Terms(offers=False, per_day=1, paused_until=MONDAY + hours(9)))
    assert said(await room.choose("req-1", slot.slot_id)) == ["SlotBooked"]


async def test_own_patients_and_the_night_do_not_count_to_the_week(room: Availability) -> None:
    await allow(room, Terms(offers=False, per_week=1))
    day, night, other = await room.publish(
        a_new_slot(AT_TEN), a_new_slot(MONDAY + hours(12)), a_new_slot(AT_TEN + hours(1))
    )
    own = choice_of("req-1", day.slot_id).model_copy(update={"usual_practitioner": "gp-1", "regulated_at": MONDAY})
    assert only(await room.hear(own)).counted is False
    late = choice_of("req-2", night.slot_id).model_copy(update={"regulated_at": MONDAY})
    assert only(await room.hear(late)).counted is False
    assert only(await room.choose("req-3", other.slot_id)).counted is True
    assert only(await room.choose("req-4", night.slot_id)).why == "taken"


async def test_a_paused_practitioner_gets_nobody(room: Availability) -> None:
    (slot,) = await room.publish()
    await allow(room, Terms(offers=True, paused_until=AT_TEN + minutes(1)))
    assert only(await room.choose("req-1", slot.slot_id)).why == "closed"
    assert only(await room.hear(agreed("req-2"))).why == "closed"


async def test_the_number_stays_sealed(room: Availability) -> None:
    phone = Sealed[str](subject="practitioner:gp-1", field="phone", key_version=1, box="eA==")
    _, described = await room.ask(register_practitioners, an_order(), [a_practitioner("gp-1", phone=phone)])
    assert "eA==" not in described.model_dump_json()
    await room.ask(register_practitioners, an_order(), [a_practitioner("gp-1")])
    async with room.database.read() as db:
        known = await store.practitioner(db, "gp-1")
    assert known is not None
    assert known.phone == phone
