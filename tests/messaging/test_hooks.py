"""Is what a provider says at our door written down, believed only with its secret, and acted upon?"""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from notifications.channels import sms_http, voice
from notifications.tables import ATTEMPT, INBOUND, MESSAGE
from services.build import build_house
from services.house import House
from services.settings import Settings
from services.web.app import create_app
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


async def test_nobody_else_is_heard(house: House) -> None:
    assert await call(house, "console", {"secret": SECRET}) == 404
    assert await call(house, "nobody", {"secret": SECRET}) == 404
    assert await call(house, "UPPER", {}) in (404, 422)
