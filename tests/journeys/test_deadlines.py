"""Is a human alerted before the miss, and the next one when nobody answers?"""

from datetime import datetime

import pytest

from dispatcher import orders as dispatcher
from dispatcher.views import OnCall
from schemas.values import Mode
from services.audit.history import history
from services.settings import Settings
from tests.builders import hours, minutes
from tests.invariants import assert_kept
from tests.journeys.town import Town, living

pytestmark = pytest.mark.journey

ROSTER = [OnCall("claire", 0, "Claire Exemple"), OnCall("denis", 1, "Denis Exemple")]
SHORT = minutes(16)
"""A quarter of an hour before the deadline a human must know: so one minute after the call."""


async def test_the_roster_is_alerted_before_the_deadline_and_climbed_until_somebody_answers(settings: Settings) -> None:
    fast = Settings(**{**vars(settings), "speed": 120.0})
    async with living(fast) as town:
        await town.settle_in("gp-1")
        await town.give(dispatcher.set_roster, ROSTER)
        await town.open_slot(after=hours(5))  # too late for both
        await town.enter("r-answered", within=SHORT)
        await town.enter("r-silent", within=SHORT)

        await town.until_state("escalated", "r-answered", "r-silent")
        await town.give(dispatcher.acknowledge, "r-answered")
        for one in ("r-answered", "r-silent"):
            row = await town.request(one)
            [first] = [step for step in await steps(town, one) if step[0] == "request.escalated.v1"][:1]
            assert first[1] < row.need.deadline
            assert row.counts == {"too_late": 1}

        await town.until(lambda: climbed(town, "r-silent"))
        answered, silent = await town.request("r-answered"), await town.request("r-silent")
        assert (answered.escalated_to, answered.rank) == ("claire", 0)
        assert (silent.escalated_to, silent.rank) == ("denis", 1)
        await town.until(lambda: alerted(town, "r-silent", ["claire", "denis"]))
        assert await alerted(town, "r-answered", ["claire"])
        for one in ("r-answered", "r-silent"):
            await town.withdraw(one)
        await town.until_quiet()
        await assert_kept(town.house.database, town.js)


async def test_an_escalated_request_is_still_placed_when_a_seat_opens(settings: Settings) -> None:
    fast = Settings(**{**vars(settings), "speed": 30.0})
    async with living(fast) as town:
        await town.settle_in("gp-1")
        await town.enter("r-1", within=minutes(15), modes=(Mode.TELE,))  # nobody has time to lose: alerted at once
        await town.until_state("escalated", "r-1")
        await town.open_slot(after=minutes(13), minutes=10, modes=(Mode.TELE,))
        await town.until_state("booked", "r-1")
        await town.withdraw("r-1")
        await town.until_quiet()
        await assert_kept(town.house.database, town.js)


async def test_a_hold_that_nobody_uses_ends_and_the_one_who_waits_gets_the_seat(settings: Settings) -> None:
    fast = Settings(**{**vars(settings), "speed": 60.0})
    async with living(fast) as town:
        await town.settle_in("gp-1")
        slot_id = await town.open_slot()
        await town.hold("r-talking", slot_id)
        await town.enter("r-1")
        await town.until_state("booked", "r-1")
        assert await town.free_seats(slot_id) == 0
        await town.withdraw("r-1")
        await town.until_quiet()
        await assert_kept(town.house.database, town.js)


async def steps(town: Town, request_id: str) -> list[tuple[str, datetime]]:
    async with town.house.database.read() as db:
        return [(step.subject, step.at) for step in await history(db, request_id)]


async def climbed(town: Town, request_id: str) -> bool:
    return (await town.request(request_id)).rank >= 1


async def alerted(town: Town, request_id: str, people: list[str]) -> bool:
    rows = [row for row in await town.messages_about(request_id) if row.recipient == "human"]
    return [row.recipient_id for row in rows if (row.kind, row.state) == ("escalated", "sent")] == people
