"""What was promised to whom? People who send again what was not answered, and a journal of what was acknowledged.

What was answered 2xx is a promise. What was not is sent again with the same key, as the pages do.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic
from typing import Any

import httpx

PATIENCE = 180.0
"""Seconds for which the same thing is sent again and again."""


def now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One POST: to which door, when, and the status of its answer (0 = none)."""

    door: str
    began: datetime
    ended: datetime
    status: int

    @property
    def good(self) -> bool:
        return 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class Entered:
    """A request that was acknowledged: of which kind, when first sent, when promised."""

    id: str
    kind: str
    sent: datetime
    promised: datetime


@dataclass(frozen=True, slots=True)
class Yes:
    """A practitioner was answered that the patient of this offer is hers."""

    practitioner: str
    at: datetime


@dataclass(slots=True)
class Taken:
    """What a linked agenda says: taken from `start` to `ends`. From `since` on Relais had said that it read so, until
    `until` (None: to the end) the agenda still said so."""

    practitioner: str
    start: datetime
    ends: datetime
    since: datetime
    until: datetime | None = None


@dataclass
class Journal:
    """Everything that was acknowledged, and every attempt. `yeses` by offer; `noes`: offers refused; `moved`: the slot
    that the regulation last put a patient in; `confirmed`: patients who said that they come; `told_open`: by linked
    agenda the times that Relais last said it read there."""

    attempts: list[Attempt] = field(default_factory=list)
    requests: dict[str, Entered] = field(default_factory=dict)
    withdrawn: dict[str, datetime] = field(default_factory=dict)
    slots: dict[str, datetime] = field(default_factory=dict)
    closed_slots: dict[str, datetime] = field(default_factory=dict)
    yeses: dict[str, Yes] = field(default_factory=dict)
    noes: set[str] = field(default_factory=set)
    moved: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    confirmed: dict[str, datetime] = field(default_factory=dict)
    taken: list[Taken] = field(default_factory=list)
    told_open: dict[str, set[datetime]] = field(default_factory=dict)
    readings: int = 0
    seats: int = 0
    given_up: int = 0


class Person:
    """Somebody signed in, who sends again what was not answered."""

    def __init__(self, url: str, account: str, journal: Journal) -> None:
        self.account = account
        self._client = httpx.AsyncClient(base_url=url, timeout=15)
        self._journal = journal
        self._signed_in = False

    async def post(self, path: str, body: Any = None, key: str | None = None) -> httpx.Response | None:
        """The answer, good or a refusal; None when nobody answered for a long time. `body`: JSON, or bytes as they
        are."""
        return await self._insist("POST", path, body, {"Idempotency-Key": key} if key else {})

    async def get(self, path: str) -> Any:
        """What the page says, read as JSON; None when it is refused, or nobody answered for a long time."""
        answer = await self._insist("GET", path, None, {})
        return answer.json() if answer is not None and answer.is_success else None

    async def close(self) -> None:
        await self._client.aclose()

    async def _insist(self, method: str, path: str, body: Any, headers: dict[str, str]) -> httpx.Response | None:
        until = monotonic() + PATIENCE
        while monotonic() < until:
            if not self._signed_in:
                signed = await self._attempt("POST", "/api/session", {"account": self.account}, {})
                self._signed_in = signed is not None and signed.is_success
            else:
                answer = await self._attempt(method, path, body, headers)
                if answer is not None and answer.status_code == 401:
                    self._signed_in = False
                elif answer is not None and answer.status_code < 500:
                    return answer
            await asyncio.sleep(0.2)
        self._journal.given_up += 1
        return None

    async def _attempt(self, method: str, path: str, body: Any, headers: dict[str, str]) -> httpx.Response | None:
        began, status, answer = now(), 0, None
        said: dict[str, Any] = {"content": body} if isinstance(body, bytes) else {"json": body}
        try:
            answer = await self._client.request(method, path, headers=headers, **said)
            status = answer.status_code
        except httpx.TransportError:
            pass
        if method == "POST":
            self._journal.attempts.append(Attempt(path, began, now(), status))
        return answer
