"""Is what a provider says at our door written down, believed only with its secret, and acted upon?"""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from dispatcher.life import Wake
from dispatcher.matching.seats import OpenSeats
from dispatcher.orders import enter_request
from dispatcher.steps import alert
from dispatcher.store import Desk, request
from dispatcher.tables import TIMER
from notifications.channels import sms_http, voice
from notifications.tables import ATTEMPT, INBOUND, MESSAGE
from schemas.event import Event, Order
from schemas.request import EscalationAcknowledged
from schemas.values import system_actor
from services.build import build_house
from services.house import House
from services.settings import Settings
from services.web.app import create_app
from services.web.strangers import waiting_for
from tests.builders import a_need, a_sealed_patient
from tests.messaging.test_sender import write
from tests.messaging.web_side import WebSide

SECRET = "a-secret-of-16-signs"


@pytest.fixture
async def house(tmp_path: Path, database_url: str) -> AsyncIterator[House]:
    made = await build_house(Settings(data_dir=tmp_path / "var", database_url=database_url, public_url="http://relais"))
    work = asyncio.create_task(made.mailbox.run())
    yield made
    work.cancel()
    await made.database.close()
    await made.vault.close()


async def call(house: House, name: str, said: dict[str, Any]) -> int:
    transport = httpx.ASGITransport(app=create_app(house))
    async with httpx.AsyncClient(transport=transport, base_url="http://relais") as client:
        return (await client.post(f"/hooks/{name}", json=said)).status_code


async def stands(house: House, message_id: str) -> Any:
    async with house.database.read() as db:
        return (await db.execute(select(MESSAGE).where(MESSAGE.c.id == message_id))).one()


async def test_a_receipt_tells_that_it_arrived(house: House) -> None:
    from services.addresses import sender_of

    async with WebSide() as side:
        config = sms_http.Config(name="j", url=side.url, body={"to": "{to}"}, secret=SECRET, receipts=True)
        channel = sms_http.Channel(config)
        house.channels.clear()
        house.channels["j"] = channel
        await write(house, "m-1")
        await sender_of(house).send_due()
        await channel.close()
    assert await call(house, "j", {"id": "p-1", "status": "DELIVRD", "secret": "not-the-right-secret"}) == 404
    assert (await stands(house, "m-1")).delivered_at is None
    assert await call(house, "j", {"id": "p-1", "status": "DELIVRD", "secret": SECRET}) == 204
    assert (await stands(house, "m-1")).delivered_at is not None
    async with house.database.read() as db:
        assert (await db.execute(select(ATTEMPT.c.state))).scalars().all() == ["delivered"]


async def test_a_key_that_is_pressed_acknowledges_an_alert(house: House) -> None:
    config = voice.Config(name="v", url="http://v", secret=SECRET, caller="+33536490081", callback="http://relais")
    house.channels["v"] = voice.Channel(config)
    await write(house, "m-1", lane=0, channel="voice")
    said = {"id": "call-1", "status": "answered", "digit": "1", "key": "m-1", "secret": SECRET}
    assert await call(house, "v", said) == 204
    assert (await stands(house, "m-1")).acknowledged_at is not None
    async with house.database.read() as db:
        assert sorted((await db.execute(select(INBOUND.c.kind))).scalars()) == ["receipt", "reply"]


async def test_a_key_that_is_pressed_takes_the_request_in_hand(house: House) -> None:
    order = Order(id="a" * 32, territory="tarn-ouest", actor=system_actor("tarn-ouest"))
    patient = await a_sealed_patient(house.vault, "req-1")
    now = house.clock.now()
    need = a_need(earliest=now, deadline=now + timedelta(hours=1))
    facts = list[Event]()
    house.mailbox.on_commit(facts.extend)
    await house.mailbox.order(order, lambda db, at: enter_request(order, "req-1", need, patient, None, db, at))

    async def escalate(db: Any, at: Any) -> Any:
        desk = Desk(db)
        row = await desk.load("req-1")
        assert row is not None
        return [await alert(order, row, 0, "no_place", OpenSeats(), desk, at)]

    await house.mailbox.order(order.model_copy(update={"id": "b" * 32}), escalate)
    config = voice.Config(name="v", url="http://v", secret=SECRET, caller="+33536490081", callback="http://relais")
    house.channels["v"] = voice.Channel(config)
    await write(
        house, "m-1", lane=0, channel="voice", kind="escalated", recipient="human", recipient_id="anne",
        request_id="req-1", territory="tarn-ouest",
    )  # fmt: skip
    said = {"id": "call-1", "status": "answered", "digit": "1", "key": "m-1", "secret": SECRET}
    for _ in range(2):
        assert await call(house, "v", said) == 204
    async with house.database.read() as db:
        row = await request(db, "req-1")
        assert row is not None
        assert row.acknowledged_at is not None
        waking = (await db.execute(select(TIMER.c.wake))).scalars().all()
        assert Wake.STEP_UP not in waking
        assert waking
    assert [fact.actor.person for fact in facts if isinstance(fact, EscalationAcknowledged)] == ["anne"]


async def test_nobody_else_is_heard(house: House) -> None:
    assert await call(house, "console", {"secret": SECRET}) == 404
    assert await call(house, "nobody", {"secret": SECRET}) == 404
    assert await call(house, "UPPER", {}) in (404, 422)


@pytest.mark.parametrize(
    ("number", "known"), [("0033639988888", "+33639988888"), ("33639988888", "+33639988888"), ("CPTS", None)]
)
async def test_what_somebody_answers_comes_by_a_form_and_by_a_query(
    house: House, number: str, known: str | None
) -> None:
    config = sms_http.Config(
        name="j", url="http://sms", secret=SECRET, reply_number_at="senderid", reply_text_at="message", territory="here"
    )
    house.channels["j"] = sms_http.Channel(config)
    said = {"senderid": number, "message": "un médecin, s'il vous plaît ?", "id": "7", "secret": SECRET}
    transport = httpx.ASGITransport(app=create_app(house))
    async with httpx.AsyncClient(transport=transport, base_url="http://relais") as client:
        assert (await client.post("/hooks/j", data=said)).status_code == 204
        assert (await client.get("/hooks/j", params=said)).status_code == 204
        assert (await client.get("/hooks/j", params=said | {"secret": "another-one-of-16"})).status_code == 404
    (sms,) = (await waiting_for(house, "here")).sms
    assert (sms.phone, sms.text) == (known, "un médecin, s'il vous plaît ?")
