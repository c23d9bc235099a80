"""How does the demonstration knock? The same HTTP doors as people use, with a session for each of them."""

import asyncio
import time
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from http.cookiejar import CookieJar, DefaultCookiePolicy
from types import TracebackType
from typing import Any, Self

import httpx

AT_ONCE = 24  # requests under way; beyond that they only wait in another queue
TRIES = 4  # a 503 says "in a few seconds, with the same key": people do that
BUSY_SECONDS = 0.5
SYNC_SECONDS = 5.0


class Refusal(Exception):
    """A door said no. `code` is the last word of the problem's type ("slot_taken"): nothing personal."""

    def __init__(self, door: str, status: int, code: str) -> None:
        super().__init__(f"{door}: {status} {code}")
        self.door = door
        self.status = status
        self.code = code


KEPT = 2.0
"""Seconds an idle connection is used again: the server closes it after five, and who writes just then is not heard."""


class Doors:
    """One server, and every person's session with it. Each call is made as one account, or as nobody."""

    def __init__(self, base_url: str) -> None:
        # Each person's cookie is sent by hand, so that one pool of connections serves them all.
        nobody = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
        limits = httpx.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE, keepalive_expiry=KEPT)
        self._client = httpx.AsyncClient(base_url=base_url, cookies=nobody, timeout=30, limits=limits)
        self._cookies: dict[str, str] = {}
        self._signing: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._free = asyncio.Semaphore(AT_ONCE)
        self.knocks = 0
        self.refused: Counter[str] = Counter()
        self.errors: Counter[str] = Counter()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def get(
        self,
        account: str | None,
        path: str,
        query: dict[str, str | int] | None = None,
        *,
        door: str = "",
        expected: tuple[str, ...] = (),
    ) -> Any:
        """The JSON answer of a GET, or the text when it is no JSON. Raises Refusal; `expected` as for `post`.

        `door` names the path in the counts, without the ids in it.
        """
        return await self._call(account, "GET", path, door or path, params=query or {}, expected=expected)

    async def post(
        self,
        account: str | None,
        path: str,
        body: Any = None,
        *,
        door: str = "",
        key: str | None = None,
        expected: tuple[str, ...] = (),
    ) -> Any:
        """The answer of a POST. Raises Refusal; codes in `expected` are part of life, others are errors."""
        headers = {"Idempotency-Key": key} if key else {}
        name = door or path
        return await self._call(account, "POST", path, name, json=body, headers=headers, expected=expected)

    async def _call(
        self,
        account: str | None,
        method: str,
        path: str,
        door: str,
        *,
        headers: dict[str, str] | None = None,
        expected: tuple[str, ...] = (),
        **sent: Any,
    ) -> Any:
        cookie = {"Cookie": await self._session(account)} if account else {}
        answer: httpx.Response | None = None
        try:
            for again in range(TRIES):
                if again:
                    await asyncio.sleep(BUSY_SECONDS * again)
                async with self._free:
                    self.knocks += 1
                    answer = await self._client.request(method, path, headers={**(headers or {}), **cookie}, **sent)
                if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                    break
        except httpx.HTTPError as broken:
            self.errors[f"{method} {door}: {type(broken).__name__}"] += 1
            raise Refusal(door, 0, type(broken).__name__) from broken
        assert answer is not None  # the loop ran at least once
        return self._read(answer, f"{method} {door}", expected)

    def _read(self, answer: httpx.Response, door: str, expected: tuple[str, ...]) -> Any:
        if answer.status_code < httpx.codes.BAD_REQUEST:
            is_json = "json" in answer.headers.get("content-type", "")
            return answer.json() if is_json and answer.content else answer.text
        code = _code(answer)
        (self.refused if code in expected else self.errors)[f"{door}: {answer.status_code} {code}"] += 1
        raise Refusal(door, answer.status_code, code)

    async def _session(self, account: str) -> str:
        """The account's cookie; signs in the first time."""
        async with self._signing[account]:
            if account not in self._cookies:
                self._cookies[account] = await self._sign_in(account)
            return self._cookies[account]

    async def _sign_in(self, account: str) -> str:
        door = "POST /api/session"
        try:
            async with self._free:
                self.knocks += 1
                answer = await self._client.post("/api/session", json={"account": account})
        except httpx.HTTPError as broken:
            self.errors[f"{door}: {type(broken).__name__}"] += 1
            raise Refusal(door, 0, type(broken).__name__) from broken
        self._read(answer, door, ())
        return "; ".join(f"{name}={value}" for name, value in answer.cookies.items())


class ServerTime:
    """The server's own (accelerated) hour, asked of `GET /health` now and then and carried on in between."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors
        self._said = datetime.fromtimestamp(0, UTC)
        self._heard = 0.0
        self.speed = 1.0

    async def ask(self) -> datetime:
        """Ask the server; the answer is as old as half the way there and back. Raises Refusal."""
        before = time.monotonic()
        health = await self._doors.get(None, "/health")
        self._heard = (before + time.monotonic()) / 2
        self._said = datetime.fromisoformat(health["now"])
        self.speed = float(health["speed"])
        return self.now()

    def now(self) -> datetime:
        """The server's hour, aware UTC."""
        return self._said + timedelta(seconds=(time.monotonic() - self._heard) * self.speed)

    async def until(self, moment: datetime) -> None:
        """Wait until it is `moment` on the server; at once when that has passed."""
        while True:  # in short naps, because the server may correct the hour meanwhile
            left = (moment - self.now()).total_seconds() / self.speed
            if left <= 0:
                return
            await asyncio.sleep(min(left, SYNC_SECONDS))

    async def keep(self) -> None:
        """Ask again every few seconds, for ever."""
        while True:
            await asyncio.sleep(SYNC_SECONDS)
            await self.ask()


def _code(answer: httpx.Response) -> str:
    try:
        return str(answer.json().get("type", "")).rsplit(":", 1)[-1] or str(answer.status_code)
    except ValueError:  # a page, not a problem
        return str(answer.status_code)
