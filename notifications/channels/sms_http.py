"""How does an SMS leave by a provider's HTTP API? OVH's, with its signature; any other by a description of its JSON."""

import asyncio
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any, Literal

import httpx
from pydantic import Field

from notifications.channels.http import JSON, at, compact, post, read
from notifications.outcome import (
    Accepted,
    Ambiguous,
    Fate,
    Heard,
    Letter,
    NotSent,
    Outcome,
    Receipt,
    Rejected,
    Reply,
    Terms,
    international,
)


class Config(Terms):
    """`style` ovh: `url` is the API's root (https://eu.api.ovh.com/1.0), `account` the name of the SMS service, with
    the three keys. `style` json: one POST to `url`; `body` is the JSON to send, where {to}, {text}, {sender}, {key} and
    {minutes} are filled in; `id_at` is where the answer has the message's id, `refused_at` where it lists numbers it
    does not take (dotted paths). Receipts come to /hooks/NAME?secret=… when `secret` is set (16 signs or more), with
    the message's id at `receipt_id_at` and one of the words `delivered` or `undelivered` at `receipt_state_at`; then
    `receipts = true` lets an unanswered message be tried again when none came. What people answer comes to the same
    address, with their number, words and the SMS's id at `reply_number_at`, `reply_text_at` and `reply_id_at`; OVH
    takes answers only to its own short number: `two_way = true` sends from it."""

    style: Literal["ovh", "json"] = "json"
    url: str
    account: str = ""
    application_key: str = Field(default="", repr=False)
    application_secret: str = Field(default="", repr=False)
    consumer_key: str = Field(default="", repr=False)
    headers: dict[str, str] = Field(default_factory=dict, repr=False)
    body: dict[str, Any] = Field(default_factory=dict)
    id_at: str = "id"
    refused_at: str = ""
    secret: str = Field(default="", repr=False)
    receipt_id_at: str = "id"
    receipt_state_at: str = "status"
    delivered: tuple[str, ...] = ("delivered", "DELIVRD")
    undelivered: tuple[str, ...] = ("undelivered", "failed", "expired", "rejected", "UNDELIV", "EXPIRED", "REJECTD")
    reply_number_at: str = "from"
    reply_text_at: str = ""
    reply_id_at: str = "id"
    two_way: bool = False
    sender: str | None = None
    answer_within: float = Field(default=15.0, gt=0)
    window: int = Field(default=20, ge=1, le=1000)


class Channel:
    """One account at one provider."""

    way = "sms"

    def __init__(self, config: Config) -> None:
        self.terms = config
        self.name = config.name
        self._client = httpx.AsyncClient(timeout=config.answer_within, follow_redirects=False)
        self._ahead: float | None = None

    async def close(self) -> None:
        await self._client.aclose()

    async def send(self, letter: Letter) -> Outcome:
        if not letter.to:
            return Rejected("no number")
        return await (self._ovh(letter) if self.terms.style == "ovh" else self._json(letter))

    def read(self, said: Mapping[str, object]) -> list[Heard] | None:
        """What a call back says; None when it is not the provider's."""
        secret = self.terms.secret
        if len(secret) < 16 or not hmac.compare_digest(str(said.get("secret", "")).encode(), secret.encode()):
            return None
        text = at(said, self.terms.reply_text_at) if self.terms.reply_text_at else None
        if text is not None:
            number, known = at(said, self.terms.reply_number_at), at(said, self.terms.reply_id_at)
            return [Reply(international(str(number or "")), str(text), id=str(known or ""))]
        state, sms = str(at(said, self.terms.receipt_state_at)), at(said, self.terms.receipt_id_at)
        fates: dict[str, Fate] = dict.fromkeys(self.terms.undelivered, "undelivered")
        fates |= dict.fromkeys(self.terms.delivered, "delivered")
        if sms is None:
            return []
        fate = fates.get(state, "buffered")
        return [Receipt(str(sms), fate, state if fate == "undelivered" else "")]

    async def _json(self, letter: Letter) -> Outcome:
        config = self.terms
        answer, outcome = await post(
            self._client, config.url, {**JSON, **config.headers}, self._filled(config.body, letter)
        )
        if answer is None:
            return outcome or Ambiguous("no answer")
        if config.refused_at and read(answer, config.refused_at):
            return Rejected("invalid receiver", dead=True)
        found = read(answer, config.id_at)
        return Accepted(str(found)) if found is not None else Ambiguous("an answer without an id")

    async def _ovh(self, letter: Letter) -> Outcome:
        """POST /sms/{service}/jobs. `noStopClause`: these are no advertisements; without it OVH adds « STOP au … » and
        holds messages at night."""
        config = self.terms
        url = f"{config.url.rstrip('/')}/sms/{config.account}/jobs"
        sender = {} if config.two_way else {"sender": config.sender or letter.sender}
        body = compact({
            "charset": "UTF-8", "class": "phoneDisplay", "coding": "7bit", "message": letter.text, "noStopClause": True,
            "priority": "high", "receivers": [letter.to], **sender, "senderForResponse": config.two_way,
            "tag": letter.key[:20], "validityPeriod": _minutes(letter),
        })  # fmt: skip
        moment = await self._moment()
        if moment is None:
            return NotSent("OVH does not tell the time", link=True)
        headers = JSON | {
            "X-Ovh-Application": config.application_key, "X-Ovh-Consumer": config.consumer_key,
            "X-Ovh-Timestamp": str(moment),
            "X-Ovh-Signature": signature(config, "POST", url, body.decode(), moment),
        }  # fmt: skip
        answer, outcome = await post(self._client, url, headers, body)
        if answer is None:
            return outcome or Ambiguous("no answer")
        if read(answer, "invalidReceivers"):
            return Rejected("invalid receiver", dead=True)
        ids = read(answer, "ids")
        return Accepted(str(ids[0])) if ids else Ambiguous("an answer without an id")

    async def _moment(self) -> int | None:
        """OVH's own time, asked for once: it refuses signatures of another."""
        steady = asyncio.get_running_loop().time()
        if self._ahead is None:
            try:
                answer = await self._client.get(f"{self.terms.url.rstrip('/')}/auth/time")
                self._ahead = int(answer.text) - steady
            except (httpx.HTTPError, ValueError):
                return None
        return round(steady + self._ahead)

    def _filled(self, value: Any, letter: Letter) -> Any:
        if isinstance(value, str):
            said = {
                "{to}": letter.to or "", "{text}": letter.text, "{key}": letter.key, "{minutes}": str(_minutes(letter)),
                "{sender}": self.terms.sender or letter.sender,
            }  # fmt: skip
            if value in said:
                return said[value]
            for name, one in said.items():
                value = value.replace(name, one)
            return value
        if isinstance(value, dict):
            return {key: self._filled(one, letter) for key, one in value.items()}
        return [self._filled(one, letter) for one in value] if isinstance(value, list) else value


def signature(config: Config, method: str, url: str, body: str, moment: int) -> str:
    """OVH's « $1$ » signature of a request (their API documentation, "First steps")."""
    parts = (config.application_secret, config.consumer_key, method, url, body, str(moment))
    return "$1$" + hashlib.sha1("+".join(parts).encode(), usedforsecurity=False).hexdigest()


def _minutes(letter: Letter) -> int:
    """How long the provider may go on trying: two days at most."""
    return 2880 if letter.seconds_left is None else max(1, min(2880, letter.seconds_left // 60))
