"""May two transactions that want the same requests wait for each other for ever? On SQLite one writes at a time; on
PostgreSQL everybody takes requests in one order, and their timers after them."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from dispatcher import store
from dispatcher.life import Timer, Wake
from dispatcher.rounds import on_round
from dispatcher.store import Desk
from tests.builders import MONDAY, a_need, an_order, hours, minutes
from tests.dispatcher.room import Dispatcher

DUE = MONDAY + minutes(1)


async def meanwhile(
    room: Dispatcher, first: Callable[[Desk], Awaitable[Any]], other: Awaitable[Any], then: Callable[[Desk], Any]
) -> None:
    """One transaction does `first`; `other` runs into it; the one does `then` and commits; both end well."""
    begun = asyncio.Event()

    async def one() -> None:
        async with room.database.writing() as db:
            desk = Desk(db)
            await first(desk)
            begun.set()
            await asyncio.sleep(0.3)  # the other comes as far as it can
            await then(desk)

    async def another() -> None:
        await begun.wait()
        await other

    await asyncio.gather(one(), another())


async def test_news_and_time_come_to_one_request_at_once(room: Dispatcher) -> None:
    await room.enter()
    later = [Timer(Wake.SEEK, MONDAY + hours(1))]
    await meanwhile(
        room,
        lambda desk: desk.load("req-1"),
        room.ring(DUE),
        lambda desk: store.set_timers(desk.db, "req-1", later),
    )
    assert (await room.timers())[Wake.SEEK] == later[0].due, "it was not due any more when time came to it"


async def test_news_and_a_round_come_to_the_same_requests_at_once(room: Dispatcher) -> None:
    await room.enter("req-1", a_need(deadline=MONDAY + hours(9)))
    await room.enter("req-2", a_need(deadline=MONDAY + hours(6)))

    async def round_(now: datetime = DUE) -> None:
        await room.ask(lambda *said: on_round(*said, seats=room.seats), an_order(), now=now)

    await meanwhile(room, lambda desk: desk.load("req-1"), round_(), lambda desk: desk.load("req-2"))
