"""Is it known, before an alert is needed, whom it would not reach?"""

from datetime import timedelta

import pytest

from notifications.outcome import Accepted, Receipt, Rejected
from notifications.reach import REMEMBERED, Kept, Reach, Trace, reach
from notifications.sending import Carrier
from notifications.traces import traces
from tests.builders import MONDAY
from tests.notifications.room import Notifications

BY = ("push", "sms", "voice", "email")
SMS = {"sms": Kept("a"), "voice": Kept("a")}
NOW = MONDAY + timedelta(days=1)


def of(kept: dict[str, Kept], *found: Trace) -> Reach:
    return reach(BY, kept, found, NOW)


def trace(way: str, state: str, digest: str | None = "a", ago: timedelta = timedelta(hours=1)) -> Trace:
    return Trace(way, state, NOW - ago, digest)


PUSH = {"push": Kept(since=MONDAY)}


@pytest.mark.parametrize(
    ("kept", "found", "state", "faults"),
    [
        ({}, [], "nothing", ()),
        (SMS, [], "never", ()),
        (SMS, [trace("sms", "accepted")], "never", ()),
        (SMS, [trace("sms", "delivered")], "fine", ()),
        (SMS, [trace("sms", "undelivered")], "partly", (("sms", "dead"),)),  # a call was never tried
        (SMS, [trace("sms", "dead"), trace("voice", "dead")], "lost", (("sms", "dead"), ("voice", "dead"))),
        (SMS, [trace("sms", "undelivered"), trace("voice", "delivered")], "partly", (("sms", "dead"),)),
        (SMS, [trace("voice", "undelivered")], "never", ()),  # busy is not dead
        (SMS, [trace("sms", "dead", "of the number before")], "never", ()),
        (SMS, [trace("sms", "delivered", "of the number before")], "never", ()),
        (SMS, [trace("sms", "delivered", ago=REMEMBERED + timedelta(days=1))], "never", ()),
        ({"email": Kept("m")}, [trace("email", "dead", "m")], "lost", (("email", "dead"),)),
        (PUSH, [trace("push", "accepted", None)], "lost", (("push", "silent"),)),
        (PUSH, [trace("push", "accepted", None, timedelta(seconds=30))], "never", ()),
        (PUSH, [trace("push", "accepted", None, timedelta(days=2))], "never", ()),  # another browser since then
        (PUSH, [trace("push", "delivered", None)], "fine", ()),
        (SMS, [trace("push", "dead", None), trace("sms", "delivered")], "partly", (("push", "gone"),)),
    ],
)
def test_the_latest_attempts_say_who_is_reached(
    kept: dict[str, Kept], found: list[Trace], state: str, faults: tuple[tuple[str, str], ...]
) -> None:
    said = of(kept, *found)
    assert (said.state, said.faults) == (state, faults)


async def test_what_was_tried_is_the_trace_and_a_receipt_clears_it(room: Notifications) -> None:
    room.ways = ("sms", "email")
    room.carriers = {"a": Carrier("sms", receipts=True), "m": Carrier("email", receipts=False)}
    await room.hear(room.escalated("anne"))
    (one,) = await room.claim(provider="a")
    await room.record(one, Rejected("0x0b", dead=True))
    (two,) = await room.claim(provider="m")
    await room.record(two, Accepted("x"))
    async with room.database.read() as db:
        found = await traces(db, MONDAY, person="anne")
    assert {one.way: one.state for one in found["anne"]} == {"sms": "dead", "email": "accepted"}
    later = MONDAY + timedelta(hours=1)
    await room.hear(room.escalated("anne", rank=1), now=later)
    (again,) = await room.claim(later, provider="a")
    await room.record(again, Accepted("p-9"), later)
    await room.tell("a", Receipt("p-9", "delivered"), now=later)
    async with room.database.read() as db:
        found = await traces(db, later, territory="tarn-ouest")
    assert {one.way: one.state for one in found["anne"]} == {"sms": "delivered", "email": "accepted"}
    assert list(found) == ["anne"]
