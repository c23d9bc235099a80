"""Does the same key give the same answer, and another content under it an error?"""

import asyncio

import pytest
from sqlalchemy.exc import DBAPIError

from schemas.request import EscalationAcknowledged
from schemas.values import Refused
from services.mailbox import KeyReused
from tests.mailbox.conftest import Desk, deciding, order, refuse, table_away


async def test_the_same_order_again_answers_the_same_facts_and_does_nothing(desk: Desk) -> None:
    desk.open()
    first = await desk.mailbox.order(order("enter"), deciding(order("enter")), fingerprint="f")
    again = await desk.mailbox.order(order("enter"), deciding(order("enter"), "other"), fingerprint="f")
    assert again == first
    assert [type(fact) for fact in again] == [EscalationAcknowledged]
    assert await desk.effects() == ["done"]


async def test_the_same_key_with_other_content_is_an_error_and_does_nothing(desk: Desk) -> None:
    desk.open()
    await desk.mailbox.order(order("enter"), deciding(order("enter")), fingerprint="f")
    with pytest.raises(KeyReused):
        await desk.mailbox.order(order("enter"), deciding(order("enter"), "other"), fingerprint="g")
    assert await desk.effects() == ["done"]


async def test_the_same_order_twice_in_one_group_is_done_once_and_answered_twice(desk: Desk) -> None:
    first, again, other = await desk.together(
        [
            desk.mailbox.order(order("enter"), deciding(order("enter"), what), fingerprint=fingerprint)
            for what, fingerprint in (("done", "f"), ("again", "f"), ("other", "g"))
        ]
    )
    assert first == again
    assert isinstance(first, list)
    assert isinstance(other, KeyReused)
    assert await desk.effects() == ["done"]


async def test_in_a_group_that_is_run_again_receipts_answer_the_same(desk: Desk) -> None:
    first, no, again = await desk.together(
        [
            desk.mailbox.order(order("enter"), deciding(order("enter")), fingerprint="f"),
            desk.mailbox.order(order("no"), refuse, fingerprint="f"),
            desk.mailbox.order(order("enter"), deciding(order("enter"), "again"), fingerprint="f"),
        ]
    )
    assert no == Refused(code="taken")
    assert first == again
    assert await desk.effects() == ["done"]


async def test_two_processes_asked_the_same_at_once_do_it_once_and_answer_the_same(desk: Desk, neighbour: Desk) -> None:
    desk.open()
    neighbour.open()
    for n in range(10):
        asked = order(f"enter {n}")
        answers = await asyncio.gather(
            *(one.mailbox.order(asked, deciding(asked, f"e-{n}"), fingerprint="f") for one in (desk, neighbour))
        )
        assert answers[0] == answers[1]
        assert isinstance(answers[0], list)
    assert await desk.effects() == [f"e-{n}" for n in range(10)]


async def test_two_processes_asked_different_things_under_one_key_do_the_first(desk: Desk, neighbour: Desk) -> None:
    desk.open()
    neighbour.open()
    answers = await asyncio.gather(
        desk.mailbox.order(order("enter"), deciding(order("enter"), "mine"), fingerprint="mine"),
        neighbour.mailbox.order(order("enter"), deciding(order("enter"), "yours"), fingerprint="yours"),
        return_exceptions=True,
    )
    assert sorted(type(one) is KeyReused for one in answers) == [False, True]
    assert len(await desk.effects()) == 1


async def test_two_processes_with_the_same_letters_in_another_order_both_end_well(desk: Desk, neighbour: Desk) -> None:
    names = [f"o-{n}" for n in range(20)]
    ask = lambda one, name: one.mailbox.order(order(name), deciding(order(name), name), fingerprint="f")  # noqa: E731
    mine, yours = await asyncio.gather(
        desk.together([ask(desk, name) for name in names]),
        neighbour.together([ask(neighbour, name) for name in reversed(names)]),
    )
    assert mine == yours[::-1]
    assert sorted(await desk.effects()) == sorted(names)


async def test_a_receipt_that_cannot_be_read_is_an_error_and_runs_nobody_elses_order_again(desk: Desk) -> None:
    desk.open()
    await desk.mailbox.order(order("enter"), deciding(order("enter"), "entered"), fingerprint="f")
    async with table_away(desk.database, "receipt"):
        again, sweep = await desk.together(
            [
                desk.mailbox.order(order("enter"), deciding(order("enter"), "entered again"), fingerprint="f"),
                desk.mailbox.order(order("sweep"), deciding(order("sweep"), "swept")),
            ]
        )
    assert isinstance(again, DBAPIError)
    assert isinstance(sweep, list)
    assert await desk.effects() == ["entered", "swept"]
