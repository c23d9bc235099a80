"""How does a refusal reach the one who asked? RFC 9457 problem details, in words of action."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from schemas.values import NotYet, Refused
from services.mailbox import KeyReused
from services.storage.away import is_away
from services.web.words import feeds as feed_words
from services.web.words import problems
from services.web.words.asking import ASKING
from services.web.words.fields import FIELDS
from services.web.words.places import PLACES
from services.web.words.upkeep import UPKEEP

PROBLEMS = problems.PROBLEMS | ASKING | PLACES | UPKEEP | feed_words.FEEDS
_FIELDS = FIELDS | feed_words.FIELDS

MEDIA_TYPE = "application/problem+json"

_BY_STATUS = {
    400: "unreadable",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "unreadable",
}

# Fields whose own words say more than pydantic's general ones.
_OWN_WORDS = {
    "capacity": "capacity",
    "minutes": "minutes",
    "hours": "hours",
    "modes": "modes",
    "request_id": "request_id",
    "Idempotency-Key": "idempotency_key",
}


@dataclasses.dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong with one field: `code` picks the words in the catalogue, `about` fills them."""

    field: str
    code: str
    about: Mapping[str, str] = dataclasses.field(default_factory=dict)


class Problem(Exception):
    """A refusal on its way to the edge. Its text is the code alone: never what a person typed."""

    def __init__(self, code: str, *, mistakes: Sequence[Mistake] = (), about: Mapping[str, str] | None = None) -> None:
        super().__init__(code)
        self.code = code if code in PROBLEMS else "refused"
        self.mistakes = tuple(mistakes)
        self.about = about or {}

    @property
    def status(self) -> int:
        return PROBLEMS[self.code].status


def refusal(refused: Refused, **more: str) -> Problem:
    """The problem that a room's `Refused` is, seen from outside. Values named like a word's place fill it."""
    return Problem(refused.code, about={**refused.about, **more})


def language_of(request: Request) -> str:
    """ "fr" or "en": what Accept-Language prefers of the two, French when it says nothing."""
    best, language = 0.0, "fr"
    for part in request.headers.get("accept-language", "").lower().split(","):
        name, _, quality = part.strip().partition(";q=")
        try:
            weight = float(quality or 1)
        except ValueError:
            continue
        if name[:2] in ("fr", "en") and weight > best:
            best, language = weight, name[:2]
    return language


def describe(problem: Problem, language: str) -> dict[str, Any]:
    """The members of the problem details: `type, title, status, detail`, and `errors` by field if any."""
    words = PROBLEMS[problem.code]
    said = words.en if language == "en" else words.fr
    body: dict[str, Any] = {
        "type": f"urn:relais:problem:{problem.code}",
        "title": said.title,
        "status": words.status,
        "detail": _fill(said.detail, problem.about),
    }
    if problem.mistakes:
        body["errors"] = [{"field": one.field, "detail": say(one, language)} for one in problem.mistakes]
    return body


def say(mistake: Mistake, language: str) -> str:
    """The sentence beside the field."""
    french, english = _FIELDS.get(mistake.code, FIELDS["value"])
    return _fill(english if language == "en" else french, mistake.about)


def answer(request: Request, problem: Problem) -> Response:
    """The problem as an HTTP answer in the asker's language."""
    language = language_of(request)
    headers = {"Content-Language": language, "Vary": "Accept-Language"}
    if problem.status in (429, 503):
        headers["Retry-After"] = "60" if problem.status == 429 else "2"
    return JSONResponse(describe(problem, language), problem.status, headers=headers, media_type=MEDIA_TYPE)


def as_problem(error: Exception) -> Problem | None:
    """The problem an exception is, or None when it is a fault of ours."""
    match error:
        case Problem():
            return error
        case RequestValidationError():
            return _from_validation(error)
        case HTTPException():
            return Problem(_BY_STATUS.get(error.status_code, "refused"))
        case KeyReused():
            return Problem("key_reused")
        case NotYet():
            return Problem("busy")
        case _ if is_away(error):
            return Problem("busy")
        case _:
            return None


def _from_validation(error: RequestValidationError) -> Problem:
    faults = error.errors()
    if any(fault["type"] == "json_invalid" or fault["loc"] == ("body",) for fault in faults):
        return Problem("unreadable")
    mistakes = [_mistake(fault) for fault in faults]
    # A wrong item of a list leaves the list too short: the item alone is worth a sentence.
    inner = {one.field.rsplit(".", 1)[0] for one in mistakes if "." in one.field}
    return Problem("invalid", mistakes=[one for one in mistakes if one.field not in inner])


def _mistake(fault: dict[str, Any]) -> Mistake:
    """One fault as pydantic names it. Of `ctx` only our own limits and choices are kept, never the input."""
    where = [str(part) for part in fault["loc"][1:]] or [str(part) for part in fault["loc"]]
    name = next((part for part in reversed(where) if not part.isdigit()), "")
    code = fault["type"]
    if name == "Idempotency-Key" or (name in _OWN_WORDS and code != "missing"):
        code = _OWN_WORDS[name]
    limits = {key: str(value) for key, value in fault.get("ctx", {}).items() if key in _SHOWN}
    return Mistake(".".join(where), code, limits)


_SHOWN = frozenset({"min_length", "max_length", "gt", "ge", "lt", "le", "expected", "oldest", "youngest"})


class _Gaps(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "…"


def _fill(text: str, about: Mapping[str, str]) -> str:
    return text.format_map(_Gaps(about))
