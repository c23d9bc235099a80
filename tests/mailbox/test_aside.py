"""Can an operator have a message dealt with that was set aside, once, or drop it for good?"""

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatcher import orders
from schemas.event import Event, durable
from schemas.request import RequestConfirmed
from schemas.values import Actor, Refused, Role
from services.mailbox import Mailbox
from services.storage import aside
from services.storage.aside import AsideRow, Readers
from services.storage.keyring import Keyring
from services.storage.ledger import Inbox
from services.watch.alarms import open_alarms
from tests.builders import MONDAY, a_need, a_sealed_patient, an_order, each
from tests.mailbox.conftest import EFFECT, Broken, Desk, fact, react, stumble

READER = durable("dispatcher", RequestConfirmed)
ENTRY = "dispatcher-request-entered-v1"
OPERATOR = Actor(person="ops", role=Role.OPERATOR, territory="*")
WORKS: Readers = {READER: (RequestConfirmed, each(react))}
FAILS: Readers = {READER: (RequestConfirmed, each(stumble))}


async def put(desk: Desk, vault: Keyring, body: bytes | None = None, *, reader: str = READER, number: int = 1) -> str:
    """A message set aside; its id."""
    said = fact(number)
    topic = "care.tarn-ouest." + ("request.entered.v1" if reader == ENTRY else RequestConfirmed.subject)
    await aside.set_aside(
        desk.mailbox, vault, reader=reader, topic=topic, message_id=said.id, body=said.body if body is None else body,
        error=Broken("words"), tries=12,
    )  # fmt: skip
    return (await rows(desk))[0].id


async def rows(desk: Desk) -> list[AsideRow]:
    async with desk.database.read() as db:
        return await aside.listing(db)


async def replay(desk: Desk, vault: Keyring, readers: Readers, aside_id: str) -> Any:
    return await aside.replay(desk.database, desk.mailbox, vault, readers, aside_id, OPERATOR)


async def request_of(mailbox: Mailbox, vault: Keyring, request_id: str) -> None:
    patient = await a_sealed_patient(vault, request_id)
    asked = an_order()
    await mailbox.order(
        asked, lambda db, now: orders.enter_request(asked, request_id, a_need(now=now), patient, None, db, now)
    )


async def alarms(desk: Desk) -> list[tuple[str, str, str | None]]:
    async with desk.database.read() as db:
        return [(one.kind, one.about, one.territory) for one in await open_alarms(db)]


async def test_a_replay_has_the_effect_once_and_is_audited(desk: Desk, vault: Keyring) -> None:
    desk.open()
    aside_id = await put(desk, vault)
    said = await replay(desk, vault, WORKS, aside_id)
    assert [one.subject for one in said] == ["escalation.acknowledged.v1", "aside.replayed.v1"]
    assert await desk.effects() == ["r-1"]
    assert await rows(desk) == []
    assert await replay(desk, vault, WORKS, aside_id) == Refused(code="unknown_aside")
    async with desk.database.read() as db:
        actors = await db.execute(text("SELECT actor FROM audit WHERE subject = 'aside.replayed.v1'"))
        assert ['"ops"' in row.actor for row in actors] == [True]


async def test_a_replay_that_fails_changes_nothing_but_the_reason_and_the_tries(desk: Desk, vault: Keyring) -> None:
    desk.open()
    aside_id = await put(desk, vault)
    refused = await replay(desk, vault, FAILS, aside_id)
    assert isinstance(refused, Refused)
    assert refused.code == "aside_failed"
    [row] = await rows(desk)
    assert (row.tries, "stumble" in row.error) == (13, True)
    assert await desk.effects() == []
    assert (await desk.ledger())["inbox"] == 0
    await replay(desk, vault, WORKS, aside_id)
    assert await desk.effects() == ["r-1"]


async def test_a_message_dealt_with_meanwhile_is_not_dealt_with_again(desk: Desk, vault: Keyring) -> None:
    desk.open()
    aside_id = await put(desk, vault)
    await desk.receive(READER, fact(), react)
    assert [one.subject for one in await replay(desk, vault, WORKS, aside_id)] == ["aside.replayed.v1"]
    assert await desk.effects() == ["r-1"]
    assert await rows(desk) == []


async def test_a_dropped_message_stays_dropped_when_the_stream_is_said_again(desk: Desk, vault: Keyring) -> None:
    desk.open()
    aside_id = await put(desk, vault)
    said = await aside.drop(desk.database, desk.mailbox, vault, aside_id, "essai de Mme Testard", OPERATOR)
    assert isinstance(said, list)
    assert [one.subject for one in said] == ["aside.dropped.v1"]
    assert b"Testard" not in said[0].body
    assert await rows(desk) == []
    await desk.receive(READER, fact(), react)
    assert await desk.effects() == []


async def test_a_message_that_nobody_reads_any_more_or_understands_stays(desk: Desk, vault: Keyring) -> None:
    desk.open()
    aside_id = await put(desk, vault, b"{}")
    assert (await replay(desk, vault, {}, aside_id)).code == "aside_no_reader"
    assert (await replay(desk, vault, WORKS, aside_id)).code == "aside_failed"
    assert (await rows(desk))[0].error.startswith("not understood")


async def test_a_request_whose_message_is_set_aside_raises_an_alarm_until_the_last_is_gone(
    desk: Desk, vault: Keyring
) -> None:
    desk.open()
    await request_of(desk.mailbox, vault, "r-1")
    first = await put(desk, vault)
    body = fact(1).body.replace(b"s-1", b"s-2")
    second_id = (await _other(desk, vault, body))[0]
    assert await alarms(desk) == [("aside", "r-1", "tarn-ouest")]
    assert [one.request_id for one in desk.heard if one.subject == "alarm.raised.v1"] == ["r-1"]  # type: ignore[attr-defined]
    await aside.drop(desk.database, desk.mailbox, vault, second_id, "déjà traité", OPERATOR)
    assert await alarms(desk) == [("aside", "r-1", "tarn-ouest")]
    await replay(desk, vault, WORKS, first)
    assert await alarms(desk) == []


async def _other(desk: Desk, vault: Keyring, body: bytes) -> list[str]:
    before = {row.id for row in await rows(desk)}
    await aside.set_aside(
        desk.mailbox, vault, reader="availability-request-confirmed-v1", topic="care.tarn-ouest.request.confirmed.v1",
        message_id="other", body=body, error=Broken(), tries=12,
    )  # fmt: skip
    return [row.id for row in await rows(desk) if row.id not in before]


async def test_a_request_that_could_not_be_read_raises_one_alarm_for_all_of_them(desk: Desk, vault: Keyring) -> None:
    desk.open()
    for number in range(3):
        await put(desk, vault, b'{"a":' * 900, reader=ENTRY, number=number)
    assert await alarms(desk) == [("aside", f"{ENTRY}.tarn-ouest", None)]  # nobody is on call there


@pytest.mark.parametrize(
    "body", [b'{"request_id": "nobody"}', b'{"request_id": 5}', b"[]", b'{"request_id": "\\u0000"}']
)
async def test_a_message_about_no_request_of_ours_raises_none(desk: Desk, vault: Keyring, body: bytes) -> None:
    desk.open()
    await put(desk, vault, body)
    assert len(await rows(desk)) == 1
    assert await alarms(desk) == []


async def test_a_request_that_has_ended_waits_for_nothing(desk: Desk, vault: Keyring) -> None:
    desk.open()
    await request_of(desk.mailbox, vault, "r-1")
    asked = an_order()
    await desk.mailbox.order(asked, lambda db, now: orders.withdraw(asked, "r-1", db, now))
    await put(desk, vault)
    assert await alarms(desk) == []


async def test_two_replays_at_once_have_one_effect(desk: Desk, vault: Keyring) -> None:
    aside_id = ""
    desk.open()
    aside_id = await put(desk, vault)
    await desk.together([replay(desk, vault, WORKS, aside_id), replay(desk, vault, WORKS, aside_id)])
    assert await desk.effects() == ["r-1"]
    assert await rows(desk) == []


async def test_a_reader_that_writes_and_then_fails_leaves_no_inbox_entry(desk: Desk, vault: Keyring) -> None:
    async def half(event: RequestConfirmed, db: AsyncConnection, now: datetime) -> list[Event]:
        await db.execute(insert(EFFECT).values(what="half"))
        await db.execute(insert(Inbox).values(reader="x", event_id="y", at=MONDAY))
        raise Broken

    desk.open()
    aside_id = await put(desk, vault)
    await replay(desk, vault, {READER: (RequestConfirmed, each(half))}, aside_id)
    assert (await desk.ledger())["inbox"] == 0
    assert await desk.effects() == []
