"""What does a message cost that nobody understands? Itself, where an operator sees it."""

import asyncio

import pytest
from nats.js.errors import NoStreamResponseError

from tests.journeys.town import Town

pytestmark = pytest.mark.journey

ENTERED = "care.tarn-ouest.request.entered.v1"
GARBAGE = [b"", b"\xff\xfe not a text", b"null", b"[1, 2]", b'"words"', b"17", b"{", b'{"a":' * 900]
WRONG_SHAPE = b'{"id": "x", "territory": "tarn-ouest", "request_id": 5, "patient": {"name": "Aimable MARQUE"}}'


async def test_messages_that_nobody_understands_are_set_aside_and_stop_nobody(town: Town) -> None:
    await town.open_slot(capacity=10)
    for body in GARBAGE:
        await town.js.publish(ENTERED, body)
        await town.enter(f"r-{GARBAGE.index(body)}")
    await town.js.publish(ENTERED, WRONG_SHAPE)
    await town.enter("r-last")
    await town.until_state("booked", *(f"r-{n}" for n in range(len(GARBAGE))), "r-last")
    await town.until_quiet()

    aside = await town.aside()
    assert len(aside) == len(GARBAGE) + 1
    assert {row.reader for row in aside} == {"dispatcher-request-entered-v1"}
    assert all(row.error.startswith("not understood") for row in aside), [row.error for row in aside]
    assert any("request_id" in row.error for row in aside)
    assert not any("MARQUE" in row.error for row in aside)


async def test_a_message_set_aside_by_one_reader_is_set_aside_by_each_of_its_readers(town: Town) -> None:
    await town.js.publish("care.tarn-ouest.request.withdrawn.v1", b"{}")
    await town.until_quiet()
    assert {row.reader for row in await town.aside()} == {
        "availability-request-withdrawn-v1",
        "notifications-request-withdrawn-v1",
    }


async def test_the_same_message_set_aside_twice_is_shown_once(town: Town) -> None:
    for _ in range(2):
        await town.js.publish(ENTERED, b"{}", headers={"Nats-Msg-Id": "the same"})
    await town.until_quiet()
    assert len(await town.aside()) == 1


@pytest.mark.parametrize(
    "subject", ["care.tarn-ouest.slot.stolen.v1", "care.tarn-ouest.slot.opened.v9", "care.slot.opened.v1"]
)
async def test_a_subject_that_nobody_understands_is_refused_by_the_stream(town: Town, subject: str) -> None:
    with pytest.raises(NoStreamResponseError):
        await town.js.publish(subject, b"{}")


async def test_a_fact_of_an_unknown_territory_stops_nobody(town: Town) -> None:
    await town.open_slot()
    await town.js.publish("care.nowhere.request.closed.v1", b'{"id": "' + b"0" * 32 + b'"}')
    async with asyncio.TaskGroup() as asking:
        asking.create_task(town.enter("r-1"))
    await town.until_state("booked", "r-1")
