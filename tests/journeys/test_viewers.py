"""What do those hear who watch the facts pass?"""

import asyncio
from datetime import datetime

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.event import Event, Order
from schemas.request import RequestConfirmed
from services.bus.facts import QUEUE
from services.settings import Settings
from tests.builders import an_order
from tests.journeys.town import Answer, Town, living

pytestmark = pytest.mark.journey


async def many(order: Order, number: int, db: AsyncConnection, now: datetime) -> Answer:
    """Something that says many facts at once, which no room reacts to."""
    return [RequestConfirmed.after(order, now, key=str(n), request_id=f"r-{n}", slot_id="s") for n in range(number)]


async def up_to_now(town: Town, *queues: "asyncio.Queue[tuple[int, Event] | None]") -> None:
    """Past what had been said before somebody watched."""
    said = await town.give(many, 1)
    assert isinstance(said, list)
    for queue in queues:
        while (one := await queue.get()) is None or one[1].id != said[0].id:
            pass


async def test_a_viewer_hears_the_facts_in_the_order_of_the_stream(town: Town) -> None:
    async with town.house.facts.listen() as queue:
        await up_to_now(town, queue)
        await town.give(many, 20)
        heard = [await queue.get() for _ in range(20)]
    sequences = [one[0] for one in heard if one is not None]
    assert sequences == sorted(sequences)
    named = [one[1].request_id for one in heard if one and isinstance(one[1], RequestConfirmed)]
    assert sorted(named) == sorted(f"r-{n}" for n in range(20))


async def test_a_viewer_who_is_too_slow_is_cut_off_and_costs_the_others_nothing(town: Town) -> None:
    heard: list[Event] = []
    town.house.facts.watch(heard.append)
    async with town.house.facts.listen() as slow, town.house.facts.listen() as quick:
        await up_to_now(town, slow, quick)
        heard.clear()
        await town.give(many, QUEUE + 50, order=an_order(id="many"))
        for _ in range(QUEUE + 50):
            assert await quick.get() is not None
        seen = [slow.get_nowait() for _ in range(slow.qsize())]
        assert seen[-1] is None  # start again, from the present state
        assert seen[:-1]
        await town.give(many, 1)
        assert await quick.get() is not None
        assert slow.empty()  # nothing more is kept for it
    assert len(heard) == QUEUE + 51


async def test_viewers_are_told_that_the_house_closes(settings: Settings) -> None:
    async with living(settings) as town:
        listening = town.house.facts.listen()
        queue = await listening.__aenter__()
    assert await queue.get() is None
    await listening.__aexit__(None, None, None)
