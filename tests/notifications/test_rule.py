"""Is a message told once, and told for sure, in whatever order outcomes and receipts come?"""

from typing import Any

import pytest

from notifications.outcome import Accepted, NotSent, Receipt, Rejected, Reply
from notifications.receipts import spellings
from notifications.sending import GRACE, LISTEN, Carrier
from tests.builders import MONDAY, hours, minutes, only, said
from tests.notifications.carrying import BOTH, NUMBER, SILENCE, VOICE, booked, seconds, state, taken
from tests.notifications.room import Notifications


async def test_what_never_left_goes_to_the_other_provider_at_once(room: Notifications) -> None:
    one = await booked(room)
    assert await room.record(one, NotSent("not bound", link=True)) == []
    assert await taken(room, MONDAY, "a") == []
    assert await taken(room, MONDAY, "b") == ["booked"]


async def test_a_provider_in_trouble_does_the_same_and_then_both_are_tried_ever_more_slowly(
    room: Notifications,
) -> None:
    one = await booked(room)
    await room.record(one, Rejected("throttled", transient=True))
    (again,) = [row for row in await room.claim(provider="b") if row.message.recipient == "patient"]
    await room.record(again, NotSent("not bound"))
    assert await taken(room, MONDAY + seconds(3.9), "a") == []
    assert await taken(room, MONDAY + seconds(4), "a") == ["booked"]


async def test_a_provider_that_is_alone_is_tried_again_a_little_later(room: Notifications) -> None:
    one = await booked(room, {"a": BOTH["a"]})
    await room.record(one, NotSent("not bound"))
    assert await taken(room, MONDAY, "a") == []
    assert await taken(room, MONDAY + seconds(2), "a") == ["booked"]


async def test_a_number_that_is_refused_hears_by_voice_and_without_voice_a_person_sees_it(room: Notifications) -> None:
    one = await booked(room, VOICE)
    assert await room.record(one, Rejected("no such number", dead=True)) == []
    (call,) = [row for row in await room.claim(provider="v") if row.message.recipient == "patient"]
    assert call.message.channel == "voice"
    failed = only(await room.record(call, Rejected("busy for ever")))
    assert (failed.why, failed.channel) == ("refused", "voice")


async def test_what_may_have_left_waits_for_its_receipt_and_goes_nowhere_else(room: Notifications) -> None:
    one = await booked(room)
    assert await room.record(one, SILENCE) == []
    assert (await state(room))[0] == "ambiguous"
    assert await taken(room, MONDAY + seconds(89), "b") == []
    assert await room.end_graces(MONDAY + seconds(89)) == []
    assert (await state(room))[0] == "ambiguous"


async def test_the_receipt_that_comes_in_time_is_the_end_of_it(room: Notifications) -> None:
    one = await booked(room)
    await room.record(one, SILENCE)
    told = await room.tell("a", Receipt("77", "delivered", reference=one.reference, number=NUMBER))
    assert said(told) == ["MessageSent"]
    assert (await state(room))[0] == "sent"
    await room.end_graces(MONDAY + hours(1))
    assert await taken(room, MONDAY + hours(1), "b") == []


async def test_without_a_receipt_in_time_it_is_lost_and_tried_once_more_elsewhere(room: Notifications) -> None:
    one = await booked(room)
    await room.record(one, SILENCE)
    after = MONDAY + seconds(91)
    assert await room.end_graces(after) == []
    assert await taken(room, after, "a") == []
    (again,) = [row for row in await room.claim(after, "b") if row.message.recipient == "patient"]
    await room.record(again, SILENCE, after)
    failed = only(await room.end_graces(after + seconds(91)))
    assert failed.why == "ambiguous"
    assert (await state(room))[0] == "failed"


async def test_nothing_is_given_up_while_its_provider_cannot_be_heard(room: Notifications) -> None:
    one = await booked(room)
    await room.record(one, SILENCE)
    await room.end_graces(MONDAY + minutes(4), listening=("b",))
    assert (await state(room))[0] == "ambiguous"
    await room.end_graces(MONDAY + minutes(7), listening=("b",))
    assert (await state(room))[0] == "due"


async def test_a_receipt_that_comes_too_late_stops_the_second_one_that_has_not_left(room: Notifications) -> None:
    one = await booked(room)
    await room.record(one, SILENCE)
    await room.end_graces(MONDAY + seconds(91))
    await room.tell("a", Receipt(None, "delivered", number=NUMBER), now=MONDAY + seconds(92))
    assert await taken(room, MONDAY + seconds(93), "b") == []
    assert [row.state for row in await room.attempts() if row.message_id == one.message.message_id] == ["late"]
    assert (await state(room))[0] == "sent"


async def test_a_sender_that_died_may_have_sent_and_receipts_are_listened_for_first(room: Notifications) -> None:
    one = await booked(room)
    late = MONDAY + GRACE + seconds(1)
    assert await room.give_up(late) == []
    assert await room.end_graces(late + LISTEN - seconds(1)) == []
    await room.tell("a", Receipt("9", "delivered", reference=one.reference, number=NUMBER), now=late)
    assert (await state(room))[0] == "sent"


# --- receipts ---------------------------------------------------------------------------------------------


async def test_a_receipt_before_the_response_is_matched_by_our_reference(room: Notifications) -> None:
    one = await booked(room)
    told = await room.tell("a", Receipt("77", "delivered", reference=one.reference, number=NUMBER))
    assert said(told) == ["MessageSent"]
    assert await room.record(one, Accepted("77")) == []
    (row,) = [row for row in await room.attempts() if row.message_id == one.message.message_id]
    assert (row.state, row.provider_id) == ("delivered", "77")


async def test_without_a_reference_it_is_kept_until_its_id_is_known(room: Notifications) -> None:
    one = await booked(room)
    assert await room.tell("a", Receipt("4d2", "delivered")) == []
    await room.record(one, Accepted("1234"))
    await room.match("a")
    assert [row.state for row in await room.attempts() if row.provider_id == "1234"] == ["delivered"]


async def test_the_only_open_attempt_to_a_number_is_the_one_that_is_meant(room: Notifications) -> None:
    one = await booked(room)
    await room.record(one, SILENCE)
    await room.tell("a", Receipt("77", "delivered", number=NUMBER))
    assert (await state(room))[0] == "sent"


async def test_another_provider_s_or_another_number_s_receipt_is_not_taken_for_it(room: Notifications) -> None:
    one = await booked(room)
    await room.record(one, SILENCE)
    await room.tell("b", Receipt("77", "delivered", reference=one.reference, number=NUMBER))
    await room.tell("a", Receipt("78", "delivered", reference=one.reference, number="+33639980002"))
    assert (await state(room))[0] == "ambiguous"


async def test_a_receipt_twice_is_one(room: Notifications) -> None:
    one = await booked(room)
    await room.record(one, Accepted("77"))
    receipt = Receipt("77", "delivered", number=NUMBER)
    await room.tell("a", receipt, receipt)
    await room.tell("a", receipt)
    assert (await state(room))[0] == "sent"


async def test_undeliverable_is_not_sent_again_by_sms_and_is_seen(room: Notifications) -> None:
    one = await booked(room)
    assert said(await room.record(one, Accepted("77"))) == ["MessageSent"]
    failed = only(await room.tell("a", Receipt("77", "undelivered", "001", number=NUMBER)))
    assert failed.why == "refused"
    assert (await state(room))[0] == "failed"
    assert await taken(room, MONDAY + hours(1), "b") == []


@pytest.mark.parametrize(("sent", "said_later"), [("4D2", "1234"), ("1234", "4d2"), ("0004d2", "1234"), ("x-9", "x-9")])
def test_an_id_is_the_same_in_hexadecimal_and_in_decimal(sent: str, said_later: str) -> None:
    assert sent in spellings(said_later) or set(spellings(sent)) & set(spellings(said_later))


# --- an urgent alert --------------------------------------------------------------------------------------


URGENT = {"p": Carrier("push", receipts=False), **VOICE}


async def alerted(room: Notifications) -> Any:
    room.carriers, room.ways = URGENT, ("push", "sms", "voice")
    await room.hear(room.escalated())
    return only(await room.claim(provider="p"))


async def test_an_urgent_alert_goes_on_until_a_human_says_so(room: Notifications) -> None:
    push = await alerted(room)
    assert said(await room.record(push, Accepted("201"))) == ["MessageSent"]
    assert await room.claim(MONDAY + seconds(19), "a") == []
    sms = only(await room.claim(MONDAY + seconds(20), "a"))
    assert await room.record(sms, Accepted("77"), MONDAY + seconds(20)) == []
    call = only(await room.claim(MONDAY + seconds(141), "v"))
    assert call.message.channel == "voice"


async def test_an_acknowledged_alert_stops(room: Notifications) -> None:
    push = await alerted(room)
    await room.record(push, Accepted("201"))
    await room.tell("p", Reply(None, "vu", acknowledges=push.message.message_id))
    assert await room.claim(MONDAY + minutes(1), "a") == []
    (row,) = (await room.messages()).values()
    assert (row.state, row.acknowledged_at) == ("sent", MONDAY)


async def test_an_urgent_alert_that_may_have_left_takes_another_channel_meanwhile(room: Notifications) -> None:
    room.carriers, room.ways = VOICE, ("sms", "voice")
    await room.hear(room.escalated())
    sms = only(await room.claim(provider="a"))
    await room.record(sms, SILENCE)
    assert await room.claim(provider="b") == []
    assert only(await room.claim(provider="v")).message.channel == "voice"


async def test_an_alert_whose_sms_is_refused_is_a_call_although_a_push_was_taken(room: Notifications) -> None:
    push = await alerted(room)
    await room.record(push, Accepted("201"))
    sms = only(await room.claim(MONDAY + seconds(20), "a"))
    await room.record(sms, Rejected("no such number", dead=True), MONDAY + seconds(20))
    assert only(await room.claim(MONDAY + seconds(20), "v")).message.channel == "voice"


async def test_an_alert_that_was_seen_goes_nowhere_when_its_sms_is_refused(room: Notifications) -> None:
    push = await alerted(room)
    await room.record(push, Accepted("201"))
    sms = only(await room.claim(MONDAY + seconds(20), "a"))
    await room.tell("p", Reply(None, "vu", acknowledges=push.message.message_id))
    await room.record(sms, Rejected("no such number", dead=True), MONDAY + seconds(20))
    assert await room.claim(MONDAY + seconds(20), "v") == []
