"""Is a real Firefox, subscribed by its own page, woken by an alert, and does Relais hear that it was shown?"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import uvicorn
from sqlalchemy import select

from notifications.channels import web_push
from notifications.tables import ATTEMPT
from services.addresses import sender_of
from services.build import build_house
from services.house import House
from services.ports import free_port
from services.settings import Settings
from services.web.app import create_app
from tests.messaging.firefox import FIREFOX, PushService, firefox
from tests.messaging.test_contract import vapid_key
from tests.messaging.test_sender import Sms, write

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not FIREFOX.exists(), reason=f"{FIREFOX} is not here: apt install firefox-esr"),
]
WHO = "reg-tarn-ouest"
ID = "c" * 32
SIGN_IN = f"""fetch("/api/session", {{method: "POST", headers: {{"Content-Type": "application/json"}},
  body: JSON.stringify({{account: "{WHO}"}})}}).then((one) => one.ok)"""
SHOWN = """navigator.serviceWorker.ready.then((one) => one.getNotifications())
  .then((all) => all.map((one) => one.body).join())"""


@asynccontextmanager
async def served(folder: Path) -> AsyncIterator[tuple[House, str]]:
    """A house that pushes, and the address at which a browser finds it."""
    url = f"http://127.0.0.1:{(port := free_port())}"
    made = await build_house(Settings(data_dir=folder, port=port, public_url=url))
    push = web_push.Channel(web_push.Config(name="p", private_key=vapid_key(), contact="mailto:a@b.example"))
    made.channels.clear()
    made.channels.update({"p": push, "a": Sms("a")})
    server = uvicorn.Server(uvicorn.Config(create_app(made), host="127.0.0.1", port=port, log_level="error"))
    tasks = [asyncio.create_task(made.mailbox.run()), asyncio.create_task(server.serve())]
    while not server.started:  # noqa: ASYNC110  # uvicorn offers nothing to wait on
        await asyncio.sleep(0.02)
    try:
        yield made, url
    finally:
        server.should_exit = server.force_exit = True
        await tasks[1]
        tasks[0].cancel()
        await push.close()
        await made.database.close()
        await made.vault.close()


async def test_firefox_subscribes_is_woken_and_says_so(tmp_path: Path) -> None:
    async with PushService() as push, served(tmp_path / "var") as (house, url):
        (tmp_path / "profile").mkdir()
        async with firefox(tmp_path / "profile", push) as tab:
            await tab.open(url)
            assert await tab.run(SIGN_IN)
            await tab.open(f"{url}/alerts")
            await tab.until("!document.querySelector('#push').hidden")
            await tab.run("document.querySelector('#push').click()")
            await tab.until("document.querySelector('#push').hidden")
            to = {"recipient": "human", "recipient_id": WHO, "channel": "push", "then": "sms", "to": None}
            await write(house, ID, lane=0, **to)
            await sender_of(house).send_due()
            assert await tab.until(SHOWN) == "Bonjour"
            async with asyncio.timeout(20):
                while await _states(house) != ["delivered"]:  # noqa: ASYNC110  # nobody rings here
                    await asyncio.sleep(0.05)
        assert push.acknowledged == [100]
        assert [one["Urgency"] for one in push.pushed] == ["high"]


async def _states(house: House) -> list[str]:
    async with house.database.read() as db:
        return list((await db.execute(select(ATTEMPT.c.state))).scalars())
