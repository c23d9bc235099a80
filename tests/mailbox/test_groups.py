"""What does a bad letter cost the others that share its transaction?"""

from datetime import datetime

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatcher import handlers as dispatcher
from schemas.event import Event
from schemas.request import CareRequested, RequestConfirmed
from schemas.slot import SlotChosen
from schemas.values import Refused
from services.mailbox import GROUP
from tests.builders import MONDAY, a_need, a_patient, a_slot, hours, seats_of
from tests.mailbox.conftest import LATE, Broken, Desk, deciding, fact, note, order, react, refuse, stumble

FIFTY = range(50)
BAD = 17


async def twice_the_same(event: RequestConfirmed, db: AsyncConnection, now: datetime) -> list[Event]:
    """The database itself refuses: on PostgreSQL nothing more can be said in that transaction."""
    await note(db, f"half of {event.request_id}", once="only one")
    await note(db, f"other half of {event.request_id}", once="only one")
    return []


@pytest.mark.parametrize(("bad", "error"), [(stumble, Broken), (twice_the_same, IntegrityError)])
async def test_a_poison_letter_in_a_group_of_fifty_costs_only_itself(desk: Desk, bad, error) -> None:
    outcomes = await desk.together([desk.receive("dispatcher-x", fact(n), bad if n == BAD else react) for n in FIFTY])
    assert [n for n in FIFTY if outcomes[n] is not None] == [BAD]
    assert isinstance(outcomes[BAD], error)
    assert await desk.effects() == [f"r-{n}" for n in FIFTY if n != BAD]
    assert await desk.ledger() == {"inbox": 49, "outbox": 49, "audit": 49, "receipt": 0}


async def test_the_listeners_hear_each_fact_of_a_group_that_was_run_again_once(desk: Desk) -> None:
    await desk.together([desk.receive("dispatcher-x", fact(n), stumble if n == BAD else react) for n in FIFTY])
    assert [one.id for one in desk.heard] == await desk.said()
    assert len(desk.heard) == 49


async def test_a_refused_order_in_a_group_of_fifty_costs_only_itself(desk: Desk) -> None:
    outcomes = await desk.together(
        [
            desk.mailbox.order(
                order(f"o-{n}"), refuse if n == BAD else deciding(order(f"o-{n}"), f"o-{n}"), fingerprint="f"
            )
            for n in FIFTY
        ]
    )
    assert [n for n in FIFTY if isinstance(outcomes[n], Refused)] == [BAD]
    assert await desk.effects() == [f"o-{n}" for n in FIFTY if n != BAD]
    assert await desk.ledger() == {"inbox": 49, "outbox": 49, "audit": 49, "receipt": 49}


async def test_more_than_a_group_of_letters_are_all_dealt_with_in_the_order_they_came(desk: Desk) -> None:
    many = range(GROUP * 2 + 3)
    await desk.together([desk.receive("dispatcher-x", fact(n), react) for n in many])
    assert await desk.effects() == [f"r-{n}" for n in many]


async def test_when_the_commit_itself_fails_everyone_of_the_group_hears_it_and_nothing_was_done(desk: Desk) -> None:
    async def noticed_late(event: RequestConfirmed, db: AsyncConnection, now: datetime) -> list[Event]:
        await db.execute(insert(LATE).values(effect=-1))
        return await react(event, db, now)

    outcomes = await desk.together(
        [desk.receive("dispatcher-x", fact(n), noticed_late if n == 1 else react) for n in range(3)]
    )
    assert [type(one) for one in outcomes] == [IntegrityError] * 3
    assert await desk.effects() == []
    assert desk.heard == []
    await desk.receive("dispatcher-x", fact(0), react)
    assert await desk.effects() == ["r-0"]


@pytest.mark.timeout(10)
async def test_a_listener_that_fails_costs_nobody_the_answer_and_runs_nothing_twice(desk: Desk) -> None:
    def deaf(facts: object) -> None:
        raise Broken

    desk.mailbox.on_commit(deaf)
    desk.open()
    await desk.mailbox.order(order("first"), deciding(order("first"), "first"))
    await desk.mailbox.order(order("second"), deciding(order("second"), "second"))
    assert await desk.effects() == ["first", "second"]


async def test_requests_whose_group_is_run_again_find_the_seats_they_found_the_first_time(desk: Desk) -> None:
    seats = seats_of(a_slot("s-1", MONDAY + hours(24 * 365 * 10), capacity=3, minutes=45))
    calls = [
        CareRequested.after(
            order(f"call {n}"),
            MONDAY,
            request_id=f"r-{n}",
            need=a_need(within=hours(24 * 365 * 20), hours=24),
            patient=a_patient(f"r-{n}"),
        )
        for n in range(3)
    ]
    seek = dispatcher.reactions(seats)[CareRequested]
    *_, no = await desk.together(
        [
            *(desk.mailbox.receive("dispatcher-request-entered-v1", call, seek) for call in calls),
            desk.mailbox.order(order("no"), refuse),
        ]
    )
    assert no == Refused(code="taken")
    assert [type(fact) for fact in desk.heard] == [SlotChosen] * 3
