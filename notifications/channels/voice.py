"""How does a telephone ring and read a message out? By a provider's HTTP API; a key that is pressed acknowledges."""

import hmac
from collections.abc import Mapping

import httpx
from pydantic import Field

from notifications.channels.http import JSON, post, read
from notifications.outcome import Accepted, Ambiguous, Heard, Letter, Outcome, Receipt, Rejected, Reply, Terms

FATES = {"answered": "delivered", "busy": "undelivered", "no-answer": "undelivered", "failed": "undelivered"}


class Config(Terms):
    """`url` takes a POST {to, from, text, language, key, callback}; the provider rings, reads the text, and posts what
    became of it to `callback` with `secret`: {secret, id, key, status: answered|busy|no-answer|failed, digit}."""

    url: str
    token: str = Field(default="", repr=False)
    secret: str = Field(min_length=16, repr=False)
    caller: str
    callback: str
    language: str = "fr-FR"
    answer_within: float = Field(default=15.0, gt=0)
    window: int = Field(default=10, ge=1, le=100)
    receipts: bool = True


class Channel:
    """One account at one provider of calls."""

    way = "voice"

    def __init__(self, config: Config) -> None:
        self.terms = config
        self.name = config.name
        self._client = httpx.AsyncClient(timeout=config.answer_within, follow_redirects=False)

    async def close(self) -> None:
        await self._client.aclose()

    async def send(self, letter: Letter) -> Outcome:
        """A call that was ordered; whether somebody answered is told later."""
        if not letter.to:
            return Rejected("no number")
        config = self.terms
        said = f"{letter.text} Pour confirmer que vous avez entendu ce message, appuyez sur 1."
        body = {
            "to": letter.to, "from": config.caller, "text": said, "language": config.language, "key": letter.key,
            "callback": config.callback,
        }  # fmt: skip
        headers = {"Idempotency-Key": letter.key, **JSON}
        if config.token:
            headers["Authorization"] = f"Bearer {config.token}"
        answer, outcome = await post(self._client, config.url, headers, body)
        if answer is None:
            return outcome or Ambiguous("no answer")
        found = read(answer, "id")
        return Accepted(str(found)) if found is not None else Ambiguous("an answer without an id")

    def read(self, said: Mapping[str, object]) -> list[Heard] | None:
        """What a call back says; None when it is not the provider's."""
        if not hmac.compare_digest(str(said.get("secret", "")).encode(), self.terms.secret.encode()):
            return None
        heard: list[Heard] = []
        fate, call = FATES.get(str(said.get("status"))), str(said.get("id", ""))
        if fate is not None and call:
            heard.append(Receipt(call, fate, str(said["status"]) if fate == "undelivered" else ""))  # type: ignore[arg-type]
        if said.get("digit") and said.get("key"):
            digit, key = str(said["digit"])[:1], str(said["key"])
            heard.append(Reply(None, digit, acknowledges=key, id=call))
        return heard
