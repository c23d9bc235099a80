"""Is a professional's browser woken, is what it showed believed, and is it left alone when it forgot us?"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import httpx
import pytest

from notifications import subscriptions
from notifications.channels import web_push
from services.addresses import sender_of
from services.build import build_house
from services.house import House
from services.settings import Settings
from services.web.app import create_app
from tests.messaging.test_contract import Browser, vapid_key
from tests.messaging.test_hooks import stands
from tests.messaging.test_sender import Sms, write
from tests.messaging.web_side import WebSide

ID = "a" * 32
WHO = "reg-tarn-ouest"


@pytest.fixture
async def house(tmp_path: Path, database_url: str) -> AsyncIterator[House]:
    made = await build_house(Settings(data_dir=tmp_path / "var", database_url=database_url, public_url="http://relais"))
    config = web_push.Config(name="p", private_key=vapid_key(), contact="mailto:a@b.example", answer_within=1)
    push = web_push.Channel(config)
    made.channels.clear()
    made.channels.update({"p": push, "a": Sms("a")})
    work = asyncio.create_task(made.mailbox.run())
    yield made
    work.cancel()
    await push.close()
    await made.database.close()
    await made.vault.close()


async def doors(house: House) -> httpx.AsyncClient:
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app=create_app(house)), base_url="http://relais")
    await client.post("/api/session", json={"account": WHO})
    return client


async def alert(house: House, lane: int, side: WebSide, browser: Browser) -> httpx.AsyncClient:
    """Somebody subscribed, and is alerted: by push first, then by SMS."""
    client = await doors(house)
    key = (await client.get("/api/push")).json()["key"]
    assert key == house.channels["p"].public_key  # type: ignore[attr-defined]
    answer = await client.post("/api/push", json=json.loads(browser.subscription(side.url)))
    assert answer.status_code == 204, answer.text
    said: dict[str, Any] = {"recipient": "human", "recipient_id": WHO, "channel": "push", "then": "sms", "to": None}
    await write(house, ID, lane=lane, **said)
    await sender_of(house).send_due()
    return client


async def test_the_browser_is_told_what_only_it_can_read(house: House) -> None:
    browser = Browser()
    async with WebSide(mode="created") as side, aclosing(await alert(house, 0, side, browser)):
        assert browser.read(side.told[0][3]) == {"id": ID, "kind": "booked", "text": "Bonjour"}
    row = await stands(house, ID)
    assert (row.state, row.channel, row.sent_at is None) == ("due", "sms", False)


@pytest.mark.parametrize(
    ("lane", "opened", "state"), [(1, False, "sent"), (0, False, "due"), (0, True, "sent"), (1, True, "sent")]
)
async def test_shown_is_enough_when_it_is_calm_opened_when_it_is_urgent(
    house: House, lane: int, opened: bool, state: str
) -> None:
    async with WebSide(mode="created") as side, aclosing(await alert(house, lane, side, Browser())) as client:
        client.cookies.clear()  # a session may have ended
        assert (await client.post("/push/seen", json={"id": ID, "opened": opened})).status_code == 204
    row = await stands(house, ID)
    assert (row.state, row.delivered_at is not None, row.acknowledged_at is not None) == (state, True, opened)


async def test_a_browser_that_forgot_us_is_forgotten_and_the_sms_leaves_at_once(house: House) -> None:
    async with WebSide(mode="gone") as side, aclosing(await alert(house, 1, side, Browser())):
        row = await stands(house, ID)
        assert (row.state, row.channel, row.sent_at) == ("due", "sms", None)
        async with house.database.read() as db:
            assert await subscriptions.latest(db, [WHO]) == {}


async def test_without_push_nobody_can_subscribe(house: House) -> None:
    del house.channels["p"]
    async with aclosing(await doors(house)) as client:
        assert (await client.get("/api/push")).json() == {"key": None}
        answer = await client.post("/api/push", json=json.loads(Browser().subscription("http://push.example")))
        assert answer.status_code == 409
