"""How does this territory say things? Each kind of message in each language, with its own words instead of ours."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from notifications import store as notices
from notifications.segments import cut
from notifications.texts import LANGUAGES, TEXTS
from notifications.wording import LONGEST, PLACEHOLDERS, Facts, faults, longest, needed
from schemas.event import Event
from schemas.message import TextReworded
from schemas.territory import Territory
from services.house import House
from services.ids import once
from services.reference.health import health_words
from services.web.bodies import Line
from services.web.pages.frame import frame
from services.web.problems import Problem
from services.web.render import page
from services.web.session import Account, house_of, signed_in
from services.web.words.texts import KINDS, WRONG

router = APIRouter()

FIRST = "booked"
SAID = {"saved": "Texte enregistré : il vaut dès le prochain message.", "back": "Le texte d’origine est de retour."}


@router.get("/texts", response_class=HTMLResponse)
async def show(
    request: Request, kind: Annotated[str, Query(max_length=40)] = FIRST, language: str = "fr", said: str = ""
) -> HTMLResponse:
    """The texts, and one of them to change; `said` = what was just done."""
    house, account = house_of(request), signed_in(request)
    kind, language = _known(kind, language)
    own = await _own(house, account)
    text = own.get((kind, language), TEXTS[kind][language])
    return _page(request, own, kind, language, text, said=SAID.get(said, ""))


@router.post("/texts")
async def save(
    request: Request,
    kind: Annotated[str, Form(max_length=40)],
    language: Annotated[str, Form(max_length=5)],
    text: Annotated[Line, Form(max_length=LONGEST)] = "",
    act: Annotated[Literal["check", "save", "back"], Form()] = "check",
) -> Response:
    """Look at a text, save it, or go back to ours. What cannot be used is shown again with the reason."""
    house, account = house_of(request), signed_in(request)
    kind, language = _known(kind, language)
    if act == "back":
        await _put(house, account, kind, language, None)
        return RedirectResponse(f"/texts?kind={kind}&language={language}&said=back", 303)
    wrong = _wrong(house, house.territories[account.territory], kind, language, text)
    if act == "save" and not wrong:
        await _put(house, account, kind, language, None if text == TEXTS[kind][language] else text)
        return RedirectResponse(f"/texts?kind={kind}&language={language}&said=saved", 303)
    return _page(request, await _own(house, account), kind, language, text, wrong)


def _known(kind: str, language: str) -> tuple[str, str]:
    """The kind, and the language in which it is written. Raises the problem `not_found` for another."""
    if kind not in KINDS or language not in TEXTS[kind]:
        raise Problem("not_found")
    return kind, language


def _wrong(house: House, territory: Territory, kind: str, language: str, text: str) -> list[str]:
    """What is wrong with the text, in words."""
    if not text:
        return [WRONG["empty"]]
    found = [
        WRONG[fault.why].replace("{name}", f"{{{fault.name}}}" if fault.why in ("unknown", "missing") else fault.name)
        for fault in faults(kind, language, text, _facts(house, territory, kind))
    ]
    reasons = [reason for reason, _ in territory.protocols]
    return found + [WRONG["health"].replace("{name}", word) for word in health_words(text, reasons)]


def _facts(house: House, territory: Territory, kind: str) -> Facts:
    """What a text of this kind would say here; the link as long as the longest one."""
    path = "/console" if KINDS[kind].startswith(("Garde", "Praticien")) else "/p/" + "k" * 12
    return Facts(territory.name, house.clock.now(), house.settings.base_url + path, territory.phone)


async def _own(house: House, account: Account) -> dict[tuple[str, str], str]:
    async with house.database.read() as db:
        return await notices.own_texts(db, account.territory)


async def _put(house: House, account: Account, kind: str, language: str, text: str | None) -> None:
    order = once(account.actor())

    async def decide(db: AsyncConnection, now: datetime) -> list[Event]:
        await notices.put_text(db, account.territory, kind, language, text, account.account, now)
        return [TextReworded.after(order, now, kind=kind, language=language, own=text is not None)]

    await house.mailbox.order(order, decide)


def _page(
    request: Request,
    own: dict[tuple[str, str], str],
    kind: str,
    language: str,
    text: str,
    wrong: list[str] | None = None,
    said: str = "",
) -> HTMLResponse:
    house, account = house_of(request), signed_in(request)
    territory = house.territories[account.territory]
    facts = _facts(house, territory, kind)
    try:
        preview = longest(kind, language, text, facts)
    except (KeyError, ValueError, IndexError, AttributeError):  # its placeholders are wrong, as is said
        preview = ""
    parts = cut(preview)
    values: dict[str, Any] = {
        "kinds": [(one, words, [to for to in LANGUAGES if (one, to) in own]) for one, words in KINDS.items()],
        "languages": [(to, LANGUAGES[to]) for to in TEXTS[kind]],
        "kind": kind, "language": language, "text": text, "preview": preview, "said": said, "wrong": wrong or [],
        "sms": len(parts.parts), "alphabet": parts.alphabet, "signs": len(preview), "most": LONGEST,
        "changed": (kind, language) in own, "delivered": TEXTS[kind][language], "names": KINDS,
        "placeholders": [(name, PLACEHOLDERS[name]) for name in needed(kind, language)],
    }  # fmt: skip
    return page("texts.html", status=422 if wrong else 200, **frame(request, account), **values)
