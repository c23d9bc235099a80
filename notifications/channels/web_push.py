"""How does an alert reach a browser? Web Push (RFC 8030), signed by our VAPID key, encrypted for that browser alone."""

import json

import httpx
from py_vapid import Vapid02
from pydantic import Field
from pywebpush import WebPusher, WebPushException

from notifications.channels.http import post
from notifications.outcome import Accepted, Letter, Outcome, Rejected, Terms

GONE = ("http 404", "http 410")
"""The browser forgot us: the subscription is worth nothing any more (RFC 8030 7.3)."""
SHORTEST, LONGEST = 60, 3600
"""Seconds a push service keeps an alert for a browser that is away: later it would be news of yesterday."""


class Config(Terms):
    """`private_key`: PEM of a P-256 key; `contact`: a mailto: or https: address where push services find us."""

    private_key: str = Field(repr=False)
    contact: str = Field(pattern="^(mailto:|https://)")
    answer_within: float = Field(default=10.0, gt=0)
    window: int = Field(default=20, ge=1, le=100)


class Channel:
    """All push services: where to send stands in each subscription."""

    way = "push"

    def __init__(self, config: Config) -> None:
        self.terms = config
        self.name = config.name
        self._vapid = Vapid02.from_pem(config.private_key.encode())
        self._client = httpx.AsyncClient(timeout=config.answer_within, follow_redirects=False)

    async def close(self) -> None:
        await self._client.aclose()

    async def send(self, letter: Letter) -> Outcome:
        """`letter.to` is the subscription, as the browser gave it. 201 is not delivery: the service worker says so."""
        try:
            subscription = json.loads(letter.to or "")
            where = httpx.URL(subscription["endpoint"])
            said = json.dumps({"id": letter.key, "kind": letter.kind, "text": letter.text}).encode()
            sealed = WebPusher(subscription).encode(said, content_encoding="aes128gcm")
        except (ValueError, LookupError, TypeError, WebPushException, httpx.InvalidURL):
            return Rejected("no subscription", dead=True)
        left = LONGEST if letter.seconds_left is None else letter.seconds_left
        headers = self._vapid.sign({"aud": f"{where.scheme}://{where.netloc.decode()}", "sub": self.terms.contact})
        headers |= {
            "Content-Encoding": "aes128gcm", "TTL": str(max(SHORTEST, min(LONGEST, left))),
            "Urgency": "high" if letter.lane == 0 else "normal", "Topic": letter.key[:32],
        }  # fmt: skip
        answer, outcome = await post(self._client, str(where), headers, sealed["body"])
        if isinstance(outcome, Rejected) and outcome.code in GONE:
            return Rejected(outcome.code, dead=True)
        return outcome or Accepted(answer.headers.get("location", letter.key) if answer else letter.key)
