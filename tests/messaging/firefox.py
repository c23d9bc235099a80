"""How does a real Firefox subscribe and get a push, with no push service of Mozilla's? A small one of our own, and its
protocol (autopush, over a web socket); the browser is driven over WebDriver BiDi."""

import asyncio
import base64
import json
import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any
from uuid import uuid4

import aiohttp
from aiohttp import web

FIREFOX = Path("/usr/bin/firefox-esr")
STARTS_WITHIN = 60.0
PREFERENCES: dict[str, Any] = {
    "remote.prefs.recommended": False,  # they switch push off
    "dom.push.enabled": True,
    "dom.push.connection.enabled": True,
    "dom.push.testing.allowInsecureServerURL": True,
    "dom.push.testing.ignorePermission": True,
    "dom.serviceWorkers.enabled": True,
    "permissions.default.desktop-notification": 1,
    "alerts.useSystemBackend": False,  # its own windows: no desktop here shows any
    "network.manage-offline-status": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "app.normandy.enabled": False,
    "app.update.disabledForTesting": True,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.page": 0,
    "browser.startup.homepage_override.mstone": "ignore",
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.update.enabled": False,
    "services.settings.server": "data:,#remote-settings-dummy/v1",
    "toolkit.telemetry.server": "",
}


class PushService:
    """What Mozilla's does for a browser: it gives addresses, and passes on what is sent there."""

    def __init__(self) -> None:
        self.port = 0
        self.pushed: list[dict[str, str]] = []
        self.acknowledged: list[int] = []
        """What the browser said of each: 100 = its service worker has it."""
        self._browser: web.WebSocketResponse | None = None

    async def __aenter__(self) -> "PushService":
        app = web.Application()
        app.router.add_get("/", self._browser_speaks)
        app.router.add_post("/wpush/{channel}", self._pushed)
        self._runner = web.AppRunner(app, shutdown_timeout=1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._browser is not None:
            await self._browser.close()
        await self._runner.cleanup()

    async def _browser_speaks(self, request: web.Request) -> web.WebSocketResponse:
        self._browser = socket = web.WebSocketResponse(protocols=("push-notification",))
        await socket.prepare(request)
        async for frame in socket:
            said = json.loads(frame.data)
            kind = said.get("messageType")
            if kind == "hello":
                uaid = said.get("uaid") or uuid4().hex
                await socket.send_json(
                    {"messageType": "hello", "status": 200, "uaid": uaid, "use_webpush": True, "broadcasts": {}}
                )
            elif kind == "register":
                where = f"http://127.0.0.1:{self.port}/wpush/{said['channelID']}"
                answer = {"messageType": "register", "status": 200, "channelID": said["channelID"]}
                await socket.send_json(answer | {"pushEndpoint": where})
            elif kind == "ack":
                self.acknowledged += [one["code"] for one in said["updates"]]
            elif not said:
                await socket.send_json({})  # a ping
        return socket

    async def _pushed(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.pushed.append(dict(request.headers))
        if self._browser is None or self._browser.closed:
            return web.Response(status=503)
        await self._browser.send_json({
            "messageType": "notification", "channelID": request.match_info["channel"], "version": uuid4().hex,
            "data": base64.urlsafe_b64encode(body).rstrip(b"=").decode(), "ttl": 60,
            "headers": {"encoding": request.headers["Content-Encoding"]},
        })  # fmt: skip
        return web.Response(status=201, headers={"Location": f"/message/{len(self.pushed)}"})


class Tab:
    """One tab, over WebDriver BiDi."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket, self._ids, self._context = socket, count(1), ""

    async def open(self, url: str) -> None:
        if not self._context:
            await self._ask("session.new", capabilities={})
            tree = await self._ask("browsingContext.getTree")
            self._context = tree["contexts"][0]["context"]
        await self._ask("browsingContext.navigate", context=self._context, url=url, wait="complete")

    async def run(self, script: str) -> Any:
        """What the expression, or its promise, becomes. Raises AssertionError with the page's own error."""
        target = {"context": self._context}
        asked = {"expression": script, "target": target, "awaitPromise": True, "userActivation": True}
        said = await self._ask("script.evaluate", **asked)
        assert said["type"] == "success", said.get("exceptionDetails", {}).get("text")
        return said["result"].get("value")

    async def until(self, script: str) -> Any:
        """The answer, once it is true."""
        async with asyncio.timeout(30):
            while not (answer := await self.run(script)):  # noqa: ASYNC110  # nobody rings here
                await asyncio.sleep(0.1)
        return answer

    async def _ask(self, method: str, **params: Any) -> Any:
        number = next(self._ids)
        await self._socket.send_json({"id": number, "method": method, "params": params})
        async with asyncio.timeout(30):
            while True:
                said = await self._socket.receive_json()
                if said.get("id") == number:
                    assert said["type"] == "success", said
                    return said["result"]


@asynccontextmanager
async def firefox(folder: Path, push: PushService) -> AsyncIterator[Tab]:
    """A Firefox without a screen and a profile of its own, whose push service is ours."""
    wanted = PREFERENCES | {"dom.push.serverURL": f"ws://127.0.0.1:{push.port}/"}
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in wanted.items()]
    (folder / "user.js").write_text("\n".join(lines))
    command = ["--headless", "--no-remote", "--profile", str(folder), "--remote-debugging-port", "0", "about:blank"]
    process = await asyncio.create_subprocess_exec(
        FIREFOX, *command, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "HOME": str(folder), "MOZ_CRASHREPORTER_DISABLE": "1"},
    )  # fmt: skip
    try:
        async with asyncio.timeout(STARTS_WITHIN):
            address = await _listening(process)
        reading = asyncio.create_task(_drain(process))
        async with aiohttp.ClientSession() as session, session.ws_connect(f"{address}/session", max_msg_size=0) as one:
            yield Tab(one)
        reading.cancel()
    finally:
        process.terminate()
        try:
            async with asyncio.timeout(10):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


async def _listening(process: asyncio.subprocess.Process) -> str:
    assert process.stderr is not None
    while line := (await process.stderr.readline()).decode(errors="replace"):
        if found := re.search(r"WebDriver BiDi listening on (ws://\S+)", line):
            return found[1]
    raise AssertionError("Firefox ended before it listened")


async def _drain(process: asyncio.subprocess.Process) -> None:
    assert process.stderr is not None
    while await process.stderr.readline():
        pass
