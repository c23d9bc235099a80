"""What does an HTTP answer, or none, say of a message that was handed over? The same for every HTTP provider."""

import json
from collections.abc import Mapping
from typing import Any

import httpx

from notifications.outcome import Ambiguous, NotSent, Outcome, Rejected

JSON = {"Content-Type": "application/json; charset=utf-8"}
BUSY = frozenset({408, 425, 429, 503})
"""Statuses by which a provider says that it did not take it now (RFC 9110, RFC 6585)."""
NEVER_LEFT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
)
UNKNOWN = frozenset({500, 502, 504})
"""Something behind the door answered, or did not: the message may have gone through."""


async def post(
    client: httpx.AsyncClient, url: str, headers: Mapping[str, str], body: Any
) -> tuple[httpx.Response | None, Outcome | None]:
    """The answer of a provider that took the request, or the outcome that follows from what happened instead. A `body`
    of octets is sent as it is, anything else as JSON."""
    content = body if isinstance(body, bytes) else compact(body)
    try:
        answer = await client.post(url, headers=dict(headers), content=content)
    except NEVER_LEFT as away:
        return None, NotSent(type(away).__name__, link=True)
    except httpx.HTTPError as cut_off:
        return None, Ambiguous(type(cut_off).__name__)
    if answer.status_code in UNKNOWN:
        return None, Ambiguous(f"http {answer.status_code}")
    if answer.status_code in BUSY:
        return None, Rejected(f"http {answer.status_code}", transient=True)
    if answer.status_code in (401, 402, 403):  # our account, not this message: another provider may take it
        return None, Rejected(f"http {answer.status_code}", transient=True)
    if not answer.is_success:
        return None, Rejected(f"http {answer.status_code}")
    return answer, None


def compact(body: Any) -> bytes:
    """JSON as it is signed and sent."""
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()


def read(answer: httpx.Response, path: str) -> Any:
    """What stands at a dotted path of a JSON answer ("messages.0.id"); None when nothing does."""
    try:
        found: Any = answer.json()
        for step in path.split("."):
            found = found[int(step)] if isinstance(found, list) else found[step]
        return found
    except (ValueError, LookupError, TypeError):
        return None
