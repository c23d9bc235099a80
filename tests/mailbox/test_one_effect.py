"""Does a message have one effect when it comes twice, or when the process dies on the way?"""

import asyncio
from datetime import datetime

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.event import Event
from schemas.request import EscalationAcknowledged, RequestConfirmed
from schemas.values import Refused
from tests.mailbox.conftest import NOTHING, Broken, Desk, deciding, fact, note, order, react, refuse, stumble


async def test_a_fact_delivered_twice_one_after_the_other_has_one_effect(desk: Desk) -> None:
    desk.open()
    await desk.receive("dispatcher-x", fact(), react)
    await desk.receive("dispatcher-x", fact(), react)
    assert await desk.effects() == ["r-1"]
    assert await desk.ledger() == {"inbox": 1, "outbox": 1, "audit": 1, "receipt": 0}


async def test_a_fact_delivered_five_times_in_one_group_has_one_effect(desk: Desk) -> None:
    outcomes = await desk.together([desk.receive("dispatcher-x", fact(), react) for _ in range(5)])
    assert outcomes == [None] * 5
    assert await desk.effects() == ["r-1"]
    assert len(desk.heard) == 1


async def test_a_fact_delivered_to_two_processes_at_once_has_one_effect(desk: Desk, neighbour: Desk) -> None:
    desk.open()
    neighbour.open()
    await asyncio.gather(*(one.receive("dispatcher-x", fact(n), react) for n in range(20) for one in (desk, neighbour)))
    assert sorted(await desk.effects()) == sorted(f"r-{n}" for n in range(20))
    assert len(desk.heard) + len(neighbour.heard) == 20


async def test_two_readers_of_one_fact_each_have_their_effect(desk: Desk) -> None:
    await desk.together([desk.receive(reader, fact(), react) for reader in ("dispatcher-x", "availability-x")])
    assert await desk.effects() == ["r-1", "r-1"]


async def test_a_fact_that_two_sweeps_say_travels_once(desk: Desk) -> None:
    desk.open()
    for _ in range(2):  # no receipt: only the fact's own id, derived from what it follows from, is the same
        await desk.mailbox.order(order("sweep"), deciding(order("sweep")))
    assert await desk.ledger() == {"inbox": 0, "outbox": 1, "audit": 1, "receipt": 0}


async def test_what_is_said_and_what_is_audited_commit_with_the_change(desk: Desk) -> None:
    desk.open()
    said = await desk.mailbox.order(order("enter"), deciding(order("enter")), fingerprint="f")
    assert isinstance(said, list)
    assert await desk.said() == [fact.id for fact in said]
    assert await desk.ledger() == {"inbox": 1, "outbox": 1, "audit": 1, "receipt": 1}


async def test_a_handler_that_fails_after_writing_leaves_nothing(desk: Desk) -> None:
    desk.open()
    with pytest.raises(Broken):
        await desk.receive("dispatcher-x", fact(), stumble)
    assert await desk.effects() == []
    assert await desk.ledger() == NOTHING
    assert desk.heard == []


async def test_a_fact_whose_handler_failed_can_come_again(desk: Desk) -> None:
    desk.open()
    with pytest.raises(Broken):
        await desk.receive("dispatcher-x", fact(), stumble)
    await desk.receive("dispatcher-x", fact(), react)
    assert await desk.effects() == ["r-1"]


async def test_a_process_that_dies_before_the_commit_leaves_nothing_and_the_next_delivery_has_one_effect(
    desk: Desk, neighbour: Desk
) -> None:
    written = asyncio.Event()

    async def die_here(event: RequestConfirmed, db: AsyncConnection, now: datetime) -> list[Event]:
        said = await react(event, db, now)
        written.set()
        await asyncio.Event().wait()
        return said

    desk.open()
    lost = asyncio.ensure_future(desk.receive("dispatcher-x", fact(), die_here))
    await written.wait()
    await desk.die()
    lost.cancel()
    assert await neighbour.effects() == []
    assert await neighbour.ledger() == NOTHING

    neighbour.open()
    await neighbour.receive("dispatcher-x", fact(), react)
    assert await neighbour.effects() == ["r-1"]


async def test_a_process_that_dies_after_the_commit_and_before_the_acknowledgement_leaves_one_effect(
    desk: Desk, neighbour: Desk
) -> None:
    desk.open()
    await desk.receive("dispatcher-x", fact(), react)
    await desk.die()  # nobody acknowledged: the server delivers it to somebody else

    neighbour.open()
    await neighbour.receive("dispatcher-x", fact(), react)
    assert await neighbour.effects() == ["r-1"]
    assert await neighbour.ledger() == {"inbox": 1, "outbox": 1, "audit": 1, "receipt": 0}
    assert neighbour.heard == []


async def test_a_caller_who_stops_waiting_does_not_stop_the_commit(desk: Desk) -> None:
    impatient = asyncio.ensure_future(desk.receive("dispatcher-x", fact(), react))
    await asyncio.sleep(0)
    impatient.cancel()
    await desk.together([desk.receive("dispatcher-x", fact(2), react)])
    assert await desk.effects() == ["r-1", "r-2"]


async def test_a_refused_order_leaves_nothing_although_it_wrote(desk: Desk) -> None:
    desk.open()
    answer = await desk.mailbox.order(order("no"), refuse, fingerprint="f")
    assert answer == Refused(code="taken")
    assert await desk.effects() == []
    assert await desk.ledger() == NOTHING


async def test_a_refused_order_may_be_asked_again_under_the_same_key(desk: Desk) -> None:
    desk.open()
    await desk.mailbox.order(order("again"), refuse, fingerprint="f")
    answer = await desk.mailbox.order(order("again"), deciding(order("again")), fingerprint="f")
    assert isinstance(answer, list)
    assert await desk.effects() == ["done"]


async def test_the_listener_hears_a_fact_only_when_it_is_committed(desk: Desk, neighbour: Desk) -> None:
    told: list[str] = []
    at_the_handlers = asyncio.Event()
    go_on = asyncio.Event()

    async def slow(event: RequestConfirmed, db: AsyncConnection, now: datetime) -> list[Event]:
        await note(db, event.request_id)
        at_the_handlers.set()
        await go_on.wait()
        return [EscalationAcknowledged.after(event, now, request_id=event.request_id)]

    desk.mailbox.on_commit(lambda facts: told.extend(fact.id for fact in facts))
    desk.open()
    waiting = asyncio.ensure_future(desk.receive("dispatcher-x", fact(), slow))
    await at_the_handlers.wait()
    assert told == []
    go_on.set()
    await waiting
    assert told == await neighbour.said() != []
