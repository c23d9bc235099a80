"""Does a mail that comes back take the message to the next channel, and say of whom the address is dead?"""

from typing import Any

import pytest

from notifications import subscriptions
from notifications.outcome import Accepted, Ambiguous, Receipt
from notifications.reach import Kept, reach
from notifications.sending import Carrier
from notifications.traces import traces
from tests.builders import MONDAY, minutes, only
from tests.notifications.carrying import seconds
from tests.notifications.room import Notifications

THERE = {
    "p": Carrier("push", receipts=False),
    "m": Carrier("email", receipts=False),
    "a": Carrier("sms", receipts=True),
}
LATER = MONDAY + minutes(2)


async def told_by_mail(room: Notifications, *ways: str) -> Any:
    """The practitioner's message about a booking, in the hand of the mail server."""
    room.carriers, room.ways = THERE, ways
    await room.hear(room.booked())
    if "push" in ways:
        (push,) = await practitioner(room, MONDAY, "p")
        await room.record(push, Accepted("201"))
    (mail,) = await practitioner(room, MONDAY + seconds(20), "m")
    return mail


async def practitioner(room: Notifications, now: Any, provider: str) -> list[Any]:
    return [one for one in await room.claim(now, provider) if one.message.recipient == "practitioner"]


def came_back(one: Any, code: str = "dsn 5.1.1") -> Receipt:
    return Receipt(one.message.message_id, "undelivered", code)


async def mailed(room: Notifications, one: Any) -> Any:
    (row,) = [row for row in await room.attempts() if row.id == one.attempt_id]
    return row


@pytest.mark.parametrize("ways", [("email", "sms"), ("push", "email", "sms")])
async def test_a_mail_that_comes_back_goes_on_by_sms(room: Notifications, ways: tuple[str, ...]) -> None:
    mail = await told_by_mail(room, *ways)
    await room.record(mail, Accepted(mail.message.message_id), LATER)
    assert await room.tell("m", came_back(mail), now=LATER) == []
    row = await mailed(room, mail)
    assert (row.state, row.why) == ("undelivered", "undelivered dsn 5.1.1")
    assert len(await practitioner(room, LATER, "a")) == 1


async def test_the_last_channel_that_comes_back_is_seen_as_failed_once(room: Notifications) -> None:
    mail = await told_by_mail(room, "email")
    await room.record(mail, Accepted(mail.message.message_id), LATER)
    failed = only(await room.tell("m", came_back(mail), came_back(mail), now=LATER))
    assert (failed.why, failed.channel) == ("refused", "email")
    assert await room.tell("m", came_back(mail), now=LATER) == []


async def test_a_mail_of_which_nobody_knew_whether_it_left_is_known_by_its_message(room: Notifications) -> None:
    mail = await told_by_mail(room, "email")
    await room.record(mail, Ambiguous("the sender died"), LATER)
    failed = only(await room.tell("m", came_back(mail), now=LATER))
    assert failed.why == "refused"
    assert (await mailed(room, mail)).state == "undelivered"


async def test_another_provider_s_message_is_not_taken_for_it(room: Notifications) -> None:
    mail = await told_by_mail(room, "email", "sms")
    await room.record(mail, Ambiguous("cut"), LATER)
    await room.tell("p", came_back(mail), now=LATER)
    assert (await mailed(room, mail)).state == "ambiguous"


async def test_what_a_human_has_seen_goes_nowhere_when_its_mail_comes_back(room: Notifications) -> None:
    mail = await told_by_mail(room, "push", "email", "sms")
    await room.record(mail, Accepted(mail.message.message_id), LATER)
    async with room.database.writing() as db:
        await subscriptions.seen(db, mail.message.message_id, LATER, opened=True)
    assert await room.tell("m", came_back(mail), now=LATER) == []
    assert await practitioner(room, LATER, "a") == []


@pytest.mark.parametrize(
    ("code", "standing"),
    [("dsn 5.1.1", "dead"), ("dsn 5.1.10", "dead"), ("dsn 5.2.1", "dead"), ("dsn 5.4.4", "dead"),
     ("dsn 5.2.2", "sent"), ("dsn 5.7.1", "sent"), ("dsn 5.1.8", "sent"), ("dsn 4.4.7", "sent"), ("", "sent")],
)  # fmt: skip
async def test_an_address_is_dead_when_nobody_is_there_and_not_when_the_mailbox_is_full(
    room: Notifications, code: str, standing: str
) -> None:
    mail = await told_by_mail(room, "email", "sms")
    await room.record(mail, Accepted(mail.message.message_id), LATER)
    await room.tell("m", came_back(mail, code), now=LATER)
    async with room.database.read() as db:
        found = await traces(db, LATER, person=mail.message.recipient_id)
    assert dict(reach(("email",), {"email": Kept()}, found[mail.message.recipient_id], LATER).ways) == {
        "email": standing
    }
