"""Who goes first, who waits, and what is learned of a provider?"""

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from notifications import attempts, rule
from notifications.outcome import Ambiguous, NotSent
from notifications.sending import MOST_A_DAY
from notifications.tables import ATTEMPT
from tests.builders import AT_TEN, MONDAY, hours, minutes, only
from tests.notifications.carrying import SILENCE, booked, seconds, state, taken
from tests.notifications.room import Notifications

# --- lanes, tokens, limits --------------------------------------------------------------------------------


async def test_tokens_that_are_kept_for_urgent_alerts_carry_nothing_else(room: Notifications) -> None:
    await room.hear(room.booked())
    assert await room.claim(tokens=(5, 0)) == []
    await room.hear(room.escalated("anne"), room.escalated("bruno", 1))
    assert [one.message.lane for one in await room.claim(tokens=(3, 2))] == [0, 0, 1]


async def test_what_must_wait_for_the_morning_waits(room: Notifications) -> None:
    await room.hear(room.booked())
    room.not_now = lambda message: MONDAY + hours(1)
    assert await room.claim() == []
    room.not_now = lambda message: None
    assert await room.claim(MONDAY + minutes(59)) == []
    assert len(await room.claim(MONDAY + hours(1))) == 2


async def test_a_number_that_heard_too_often_today_is_left_alone(room: Notifications) -> None:
    one = await booked(room)
    row = {"message_id": "x", "territory": "t", "channel": "sms", "provider": "a", "lane": 1, "state": "refused"}
    row |= {"reference": 1, "segments": 1, "claimed_at": MONDAY, "to_digest": one.message.to_digest}
    async with room.database.writing() as db:
        await db.execute(insert(ATTEMPT), [{**row, "id": f"n-{number}"} for number in range(MOST_A_DAY)])
    await room.record(one, NotSent("not bound"))
    assert await taken(room, MONDAY, "b") == []
    assert (await state(room))[0] == "failed"


async def test_the_database_refuses_a_second_live_attempt(room: Notifications) -> None:
    one = await booked(room)
    row = {"message_id": one.message.message_id, "territory": "t", "channel": "sms", "provider": "b", "lane": 1}
    row |= {"id": "second", "state": "claimed", "reference": 1, "segments": 1, "claimed_at": MONDAY}
    with pytest.raises(IntegrityError):
        async with room.database.writing() as db:
            await db.execute(insert(ATTEMPT), row)
    async with room.database.writing() as db:
        assert await attempts.claim(db, [one.message], "b", MONDAY + seconds(1)) == []
    assert (await state(room))[0] == "ambiguous"


# --- what is learned --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("delays", "grace"),
    [([], 90), ([300] * 19, 90), ([10] * 100, 90), ([100] * 100, 150), ([86_400] * 100, 360)],
)
def test_the_grace_is_learned_of_the_providers_own_receipts(delays: list[int], grace: int) -> None:
    assert rule.learned(1, [seconds(one) for one in delays]) == seconds(grace)


async def test_a_provider_with_slow_receipts_is_waited_for_longer(room: Notifications) -> None:
    one = await booked(room)
    row = {"message_id": "x", "territory": "t", "channel": "sms", "provider": "a", "lane": 1, "state": "delivered"}
    row |= {"reference": 1, "segments": 1, "claimed_at": MONDAY, "receipt_at": MONDAY + seconds(120)}
    async with room.database.writing() as db:
        rows = [{**row, "id": f"n-{number}", "message_id": f"m-{number}"} for number in range(30)]
        await db.execute(insert(ATTEMPT), rows)
    await room.record(one, SILENCE)
    await room.end_graces(MONDAY + seconds(179))
    assert (await state(room))[0] == "ambiguous"
    await room.end_graces(MONDAY + seconds(181))
    assert (await state(room))[0] == "due"


async def test_what_is_worth_nothing_any_more_is_not_tried_again(room: Notifications) -> None:
    one = await booked(room)
    await room.record(one, SILENCE)
    failed = only(await room.end_graces(AT_TEN))
    assert failed.why == "ambiguous"


async def test_attempts_that_were_cut_short_count_for_half(room: Notifications) -> None:
    one, now = await booked(room), MONDAY
    for tried in range(4):
        await room.record(one, Ambiguous("connection lost: before the answer"), now)
        now += seconds(91)
        said_ = await room.end_graces(now)
        again = [row for name in ("a", "b") for row in await room.claim(now, name)]
        mine = [row for row in again if row.message.recipient == "patient"]
        assert (len(mine), len(said_)) == ((1, 0) if tried < 3 else (0, 1))
        one = mine[0] if mine else one
    assert (await state(room))[0] == "failed"
