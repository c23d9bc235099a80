"""Who is told what, when, and never twice?"""

import asyncio

import pytest

from notifications import store
from notifications.outcome import Accepted, Ambiguous, NotSent, Outcome, Rejected
from notifications.sending import GRACE, expired
from schemas.values import Role
from tests.builders import AT_TEN, MONDAY, hours, minutes, only, said, somebody
from tests.notifications.room import SITE, Notifications

HERSELF = somebody(Role.PATIENT, "patient")
SENT = Accepted("provider-1")


# --- a place was found ----------------------------------------------------------------------------------


async def test_the_patient_and_the_practitioner_are_told_of_a_booking(room: Notifications) -> None:
    due = await room.due(room.booked())
    assert [(fact.kind, fact.recipient, fact.channel, fact.lane) for fact in due] == [
        ("booked", "patient", "console", 1),
        ("new_patient", "practitioner", "console", 1),
    ]
    assert {fact.send_after for fact in due} == {MONDAY}


async def test_the_patients_text_is_sealed_and_leads_to_the_patients_page(room: Notifications) -> None:
    await room.hear(room.booked())
    message = (await room.messages())["booked", "due"]
    text = await room.vault.open(message.body)
    assert text.startswith("CPTS Tarn Ouest : rendez-vous lundi 05/01 à 11h00.")
    token = text.rsplit("/p/", 1)[1]
    assert text.endswith(f"{SITE}/p/{token}")
    async with room.database.read() as db:
        link = await store.link(db, room.vault.digest(token))
    assert link is not None
    assert (link.request_id, link.slot_id, link.ended, link.expires_at) == ("req-1", "ten", False, AT_TEN + hours(2))


async def test_the_phone_travels_sealed_and_only_to_the_patient(room: Notifications) -> None:
    await room.hear(room.booked())
    messages = await room.messages()
    to = messages["booked", "due"].to
    assert to is not None
    assert await room.vault.open(to) == "+33639980001"
    assert messages["new_patient", "due"].to is None


async def test_after_an_act_on_the_phone_the_message_waits_for_an_undo(room: Notifications) -> None:
    due = await room.due(room.booked(interactive=True))
    assert {fact.send_after for fact in due} == {MONDAY + minutes(10 / 60)}
    assert await room.leave(MONDAY + minutes(9.9 / 60)) == []
    assert len(await room.leave(MONDAY + minutes(10 / 60))) == 2


async def test_a_patient_who_wants_no_sms_gets_none(room: Notifications) -> None:
    patient = room.patient.model_copy(update={"sms": False})
    assert [message.kind for message in await room.due(room.booked(patient=patient))] == ["new_patient"]
    assert await room.link() is not None


async def test_a_discreet_message_says_neither_who_writes_nor_what_for(room: Notifications) -> None:
    patient = room.patient.model_copy(update={"discreet": True})
    await room.hear(room.booked(patient=patient))
    messages = await room.messages()
    text = await room.vault.open(messages["booked", "due"].body)
    assert text.startswith("Relais : rendez-vous lundi 05/01 à 11h00.")
    assert (await room.vault.open(messages["new_patient", "due"].body)).startswith("CPTS Tarn Ouest : ")
    assert (messages["booked", "due"].discreet, messages["new_patient", "due"].discreet) == (True, False)


async def test_the_same_booking_heard_twice_is_written_once(room: Notifications) -> None:
    booked = room.booked()
    assert len(await room.hear(booked)) == 1
    assert await room.hear(booked) == []
    async with room.database.read() as db:
        assert len(await store.messages_about(db, "req-1")) == 2


async def test_in_the_patients_own_language(room: Notifications) -> None:
    await room.hear(room.booked(patient=room.patient.model_copy(update={"language": "en"})))
    messages = await room.messages()
    assert "appointment Monday 05/01 at 11:00" in await room.vault.open(messages["booked", "due"].body)
    assert "un patient lundi" in await room.vault.open(messages["new_patient", "due"].body)


# --- the practitioner cancelled -------------------------------------------------------------------------


async def test_a_cancelled_patient_who_gets_a_new_place_at_once_hears_both_in_one_message(room: Notifications) -> None:
    await room.hear(room.booked())
    await room.leave(outcome=SENT)
    await room.hear(room.reopened(at=MONDAY + minutes(5)), now=MONDAY + minutes(5))
    moved = room.booked("noon", AT_TEN + hours(2), MONDAY + minutes(5.5), moved=True, choice=2)
    await room.hear(moved, now=MONDAY + minutes(5.5))
    left = await room.leave(MONDAY + minutes(10))
    assert [message.kind for message in left if message.recipient == "patient"] == ["moved"]
    assert ("cancelled", "superseded") in await room.messages()


async def test_a_cancelled_patient_without_a_new_place_hears_it_after_a_minute(room: Notifications) -> None:
    await room.hear(room.booked())
    await room.leave(outcome=SENT)
    (due,) = await room.due(room.reopened(at=MONDAY + minutes(5)), now=MONDAY + minutes(5))
    assert (due.kind, due.send_after) == ("cancelled", MONDAY + minutes(6))


async def test_the_link_of_a_cancelled_patient_can_be_followed_while_a_place_is_sought(room: Notifications) -> None:
    await room.hear(room.booked())
    await room.hear(room.reopened(at=MONDAY + minutes(5)), now=MONDAY + minutes(5))
    link = await room.link()
    assert link is not None
    assert link.expires_at >= MONDAY + hours(48)


async def test_a_new_place_is_no_move_to_a_patient_who_never_heard_of_the_first(room: Notifications) -> None:
    await room.hear(room.booked(interactive=True))
    await room.hear(room.reopened(at=MONDAY + minutes(0.1)))
    moved = room.booked("noon", AT_TEN + hours(2), MONDAY + minutes(0.2), moved=True, choice=2)
    assert [message.kind for message in await room.due(moved)] == ["booked", "new_patient"]


async def test_a_cancellation_heard_before_its_booking_leaves_nobody_with_the_wrong_place(room: Notifications) -> None:
    later = MONDAY + minutes(5)
    assert await room.hear(room.reopened(at=later)) == []
    assert await room.hear(room.booked()) == []
    moved = room.booked("noon", AT_TEN + hours(2), MONDAY + minutes(6), moved=True, choice=2)
    assert [message.kind for message in await room.due(moved)] == ["booked", "new_patient"]


async def test_a_second_cancellation_heard_before_the_second_booking_too(room: Notifications) -> None:
    await room.hear(room.booked())
    await room.leave(outcome=SENT)
    await room.hear(room.reopened(at=MONDAY + minutes(1)))
    await room.leave(MONDAY + minutes(5), SENT)
    second = room.booked("noon", AT_TEN + hours(2), MONDAY + minutes(10), moved=True, choice=2)
    await room.hear(room.reopened("noon", AT_TEN + hours(2), MONDAY + minutes(20), choice=2))
    assert await room.hear(second) == []
    assert {kind for kind, _ in await room.messages()} == {"booked", "new_patient", "cancelled"}


async def test_a_place_found_by_a_machine_whose_clock_is_behind_is_told_all_the_same(room: Notifications) -> None:
    await room.hear(room.booked())
    await room.leave(outcome=SENT)
    await room.hear(room.reopened(at=MONDAY + minutes(5)))
    moved = room.booked("noon", AT_TEN + hours(2), MONDAY + minutes(4.9), moved=True, choice=2)
    assert [message.kind for message in await room.due(moved)] == ["moved", "new_patient"]


async def test_a_place_cancelled_by_a_machine_whose_clock_is_behind_is_told_all_the_same(room: Notifications) -> None:
    await room.hear(room.booked())
    await room.leave(outcome=SENT)
    assert [message.kind for message in await room.due(room.reopened(at=MONDAY - minutes(0.1)))] == ["cancelled"]


async def test_what_an_older_release_says_without_a_choice_goes_by_the_clock(room: Notifications) -> None:
    await room.hear(room.booked())
    await room.leave(outcome=SENT)
    await room.hear(room.reopened(at=MONDAY + minutes(5)))
    noon = AT_TEN + hours(2)
    assert await room.hear(room.booked("noon", noon, MONDAY + minutes(4), choice=0)) == []
    moved = room.booked("noon", noon, MONDAY + minutes(6), moved=True, choice=0)
    assert [message.kind for message in await room.due(moved)] == ["moved", "new_patient"]


async def test_an_old_booking_heard_after_a_newer_one_says_nothing(room: Notifications) -> None:
    await room.hear(room.booked("noon", AT_TEN + hours(2), MONDAY + minutes(5), moved=True, choice=2))
    assert await room.hear(room.booked(), room.reopened(at=MONDAY + minutes(1))) == []
    link = await room.link()
    assert link is not None
    assert link.slot_id == "noon"


# --- the request ended ----------------------------------------------------------------------------------


async def test_ended_before_its_booking_was_heard_of_says_nothing(room: Notifications) -> None:
    assert await room.hear(room.closed(), room.booked()) == []
    link = await room.link()
    assert link is not None
    assert link.ended


async def test_withdrawn_before_the_booking_was_heard_of_tells_nobody(room: Notifications) -> None:
    assert await room.hear(room.withdrawn(somebody()), room.booked()) == []


async def test_withdrawn_within_the_undo_tells_nobody(room: Notifications) -> None:
    await room.hear(room.booked(interactive=True))
    assert await room.hear(room.withdrawn(somebody())) == []
    assert await room.leave(MONDAY + hours(1)) == []


async def test_a_patient_who_withdraws_is_not_told_so_but_the_practitioner_is(room: Notifications) -> None:
    await room.hear(room.booked())
    await room.leave(outcome=SENT)
    assert [message.kind for message in await room.due(room.withdrawn(HERSELF))] == ["seat_freed"]


async def test_a_patient_whose_place_a_regulator_withdrew_is_told(room: Notifications) -> None:
    await room.hear(room.booked())
    await room.leave(outcome=SENT)
    due = await room.due(room.withdrawn(somebody()))
    assert [fact.kind for fact in due] == ["withdrawn", "seat_freed"]
    text = await room.vault.open((await room.messages())["withdrawn", "due"].body)
    assert "annulé" in text
    assert "/p/" not in text


async def test_a_patient_who_may_have_been_told_is_told_of_the_end_too(room: Notifications) -> None:
    await room.hear(room.booked())
    await room.leave(outcome=Ambiguous("timeout"))
    assert [message.kind for message in await room.due(room.withdrawn(somebody()))] == ["withdrawn", "seat_freed"]


async def test_what_was_still_to_be_said_of_a_closed_request_is_not_said(room: Notifications) -> None:
    await room.hear(room.booked(), room.escalated(), room.closed())
    assert await room.leave(MONDAY + hours(1)) == []
    assert {state for _, state in await room.messages()} == {"superseded"}


# --- an alert -------------------------------------------------------------------------------------------


async def test_the_named_human_is_alerted_before_everybody_else(room: Notifications) -> None:
    await room.hear(room.booked(), room.escalated("anne"))
    first, *_ = await room.leave()
    assert (first.kind, first.recipient, first.recipient_id, first.lane) == ("escalated", "human", "anne", 0)
    text = await room.vault.open(first.body)
    assert "échéance lundi 05/01 à 11h00" in text
    assert text.endswith(f"{SITE}/console")


async def test_each_step_of_an_alert_tells_another_person(room: Notifications) -> None:
    await room.hear(room.escalated("anne"), room.escalated("bruno", 1))
    assert {message.recipient_id for message in await room.leave()} == {"anne", "bruno"}


# --- sending --------------------------------------------------------------------------------------------


async def test_a_message_is_taken_by_one_sender(room: Notifications) -> None:
    await room.hear(room.booked())
    taken = await asyncio.gather(room.leave(), room.leave())
    assert sorted(message.kind for batch in taken for message in batch) == ["booked", "new_patient"]


@pytest.mark.parametrize(
    ("outcome", "state", "fact", "why"),
    [
        (SENT, "sent", "MessageSent", None),
        (Rejected("30005"), "failed", "MessageFailed", "refused"),
        (NotSent("erased", final=True), "failed", "MessageFailed", "not_sent"),
        (NotSent("expired", final=True), "failed", "MessageFailed", "expired"),
        (Ambiguous("timeout"), "ambiguous", "MessageFailed", "ambiguous"),
    ],
)
async def test_what_became_of_a_message_is_written_once(
    room: Notifications, outcome: Outcome, state: str, fact: str, why: str | None
) -> None:
    await room.hear(room.booked())
    one = (await room.claim())[0]
    told = only(await room.record(one, outcome))
    assert (type(told).__name__, getattr(told, "why", None)) == (fact, why)
    assert await room.record(one, outcome) == []
    assert (one.message.kind, state) in await room.messages()


async def test_a_message_whose_sender_died_is_ambiguous_never_sent_again(room: Notifications) -> None:
    await room.hear(room.booked())
    await room.leave(MONDAY)
    assert await room.give_up(MONDAY + GRACE) == []
    told = await room.give_up(MONDAY + GRACE + minutes(0.1))
    assert said(told) == ["MessageFailed", "MessageFailed"]
    assert {fact.why for fact in told} == {"ambiguous"}
    assert await room.give_up(MONDAY + hours(1)) == []
    assert await room.leave(MONDAY + hours(1)) == []


async def test_a_message_is_worth_saying_until_the_visit_begins(room: Notifications) -> None:
    await room.hear(room.booked())
    message = (await room.leave())[0]
    assert not expired(message, AT_TEN - minutes(1))
    assert expired(message, AT_TEN)


async def test_the_sender_knows_when_the_next_message_wants_to_leave(room: Notifications) -> None:
    async with room.database.read() as db:
        assert await store.next_due(db) is None
    await room.hear(room.booked(interactive=True))
    async with room.database.read() as db:
        assert await store.next_due(db) == MONDAY + minutes(10 / 60)
