"""What is newer replaces what waits to be said: is the last word on the phone the place the patient has?"""

from notifications.outcome import Accepted, NotSent
from tests.builders import AT_TEN, MONDAY, hours
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
