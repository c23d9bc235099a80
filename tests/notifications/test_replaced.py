"""What is newer replaces what waits to be said: is the last word on the phone the place the patient has?"""

from notifications.outcome import Accepted, NotSent, Receipt
from schemas.request import Left
from tests.builders import AT_TEN, MONDAY, hours, minutes
from tests.notifications.carrying import SILENCE, booked, taken
from tests.notifications.room import Notifications

SENT = Accepted("provider-1")


async def test_who_is_told_the_hour_hears_no_more_that_it_will_be_told(room: Notifications) -> None:
    """The sender's first try of the promise failed; in the meantime the hour is known."""
    await room.hear(room.promised(AT_TEN))
    await room.leave(outcome=NotSent("no answer"))
    await room.hear(room.booked(choice=2))
    left = await room.leave(MONDAY + hours(1))
    assert [message.kind for message in left if message.recipient == "patient"] == ["booked"]


async def test_an_hour_that_is_true_no_more_is_not_told_after_a_new_promise(room: Notifications) -> None:
    """The place was cancelled before its message left; of the two, only the promise is true."""
    await room.hear(room.booked(interactive=True))
    await room.hear(room.promised(AT_TEN + hours(2), choice=2))
    await room.hear(room.reopened(choice=1))
    left = await room.leave(MONDAY + hours(1))
    assert [message.kind for message in left] == ["promised"]


async def test_who_is_to_phone_the_patient_is_told_although_the_booking_is_heard_afterwards(
    room: Notifications,
) -> None:
    await room.hear(room.booked())
    await room.leave(outcome=SENT)
    await room.hear(room.untold())
    await room.hear(room.booked("noon", AT_TEN + hours(2), moved=True, choice=2))
    left = await room.leave(MONDAY + hours(1))
    assert "human" in [message.recipient for message in left]


async def test_what_was_in_the_senders_hands_when_something_newer_came_is_not_tried_again(room: Notifications) -> None:
    """The provider was being called while the patient got another place; the call failed afterwards."""
    await room.hear(room.booked())
    (old,) = [one for one in await room.claim() if one.message.recipient == "patient"]
    await room.hear(room.booked("noon", AT_TEN + hours(2), moved=True, choice=2))
    assert await room.record(old, NotSent("no answer")) == []
    left = await room.leave(MONDAY + hours(1))
    assert [message.kind for message in left if message.recipient == "patient"] == ["moved"]


async def test_nobody_is_alerted_that_an_old_place_could_not_be_told(room: Notifications) -> None:
    await room.hear(room.booked())
    (old,) = [one for one in await room.claim() if one.message.recipient == "patient"]
    await room.hear(room.booked("noon", AT_TEN + hours(2), moved=True, choice=2))
    assert await room.record(old, NotSent("expired", final=True)) == []


async def test_what_may_have_left_and_was_replaced_is_not_sent_again_by_somebody_else(room: Notifications) -> None:
    old = await booked(room)
    await room.record(old, SILENCE)
    await room.hear(room.booked("noon", AT_TEN + hours(2), moved=True, choice=2))
    assert await room.end_graces(MONDAY + hours(1)) == []
    assert await taken(room, MONDAY + hours(1), "b") == ["moved"]


async def test_what_was_sent_and_not_delivered_is_not_repeated_once_it_is_true_no_more(room: Notifications) -> None:
    old = await booked(room)
    await room.record(old, SENT, MONDAY)
    await room.hear(room.booked("noon", AT_TEN + hours(2), moved=True, choice=2))
    assert await room.tell("a", Receipt("provider-1", "undelivered"), now=MONDAY + minutes(1)) == []
    assert await taken(room, MONDAY + hours(1), "b") == ["moved"]


async def test_who_expected_the_patient_hears_of_it_though_she_moves_on_at_once(room: Notifications) -> None:
    await room.hear(room.booked())
    await room.leave(outcome=SENT)
    for choice, slot_id, from_, to in ((2, "noon", "gp-1", "gp-2"), (3, "one", "gp-2", "gp-3")):
        left = Left(slot_id="ten", practitioner_id=from_, start=AT_TEN)
        await room.hear(
            room.booked(slot_id, AT_TEN + hours(choice), moved=True, choice=choice, practitioner_id=to, left=left)
        )
    told = {(one.kind, one.recipient_id) for one in await room.leave(MONDAY + minutes(1))}
    assert told == {("moved", "req-1"), ("new_patient", "gp-3"), ("seat_freed", "gp-1")}
