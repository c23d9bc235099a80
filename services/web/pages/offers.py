"""What is a practitioner asked, what does she allow, and how does she answer? Forms that work without any script."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncConnection

from availability.store import PractitionerRow
from dispatcher import asked
from dispatcher import store as requests
from schemas.offer import Circle
from schemas.values import AgeBand, Mode
from services.house import House
from services.web.api.ledger import ledger_for, use_for
from services.web.api.offers import say_no, say_yes
from services.web.api.terms import Wanted, may_see, set_terms
from services.web.problems import PROBLEMS, Problem
from services.web.session import Account, house_of, signed_in
from services.web.views import name_of

router = APIRouter()

AGES: dict[AgeBand, str] = {
    AgeBand.INFANT: "moins de 2 ans",
    AgeBand.CHILD: "enfant",
    AgeBand.ADULT: "adulte",
    AgeBand.SENIOR: "75 ans ou plus",
    AgeBand.UNKNOWN: "",
}
SAID: dict[str, tuple[str, str]] = {
    "accepted": ("good", "Merci : ce patient est pour vous. Il est prévenu, et l’heure est dans votre agenda."),
    "late": ("", "Merci d’avoir répondu oui. Ce patient a trouvé une place entre-temps : il n’y a rien à faire."),
    "declined": ("", "C’est noté, merci d’avoir répondu. Ce patient est proposé à d’autres."),
    "terms": ("good", "C’est noté. Relais en tient compte dès maintenant."),
}
"""What is said once an answer was given: the tone and the words."""

For = Annotated[str | None, Form(alias="for", max_length=80)]


@dataclass(frozen=True, slots=True)
class Asked:
    """One offer that waits for an answer. Of the patient: what a slot shows, and no more."""

    id: str
    start: datetime
    minutes: int
    mode: Mode
    until: datetime
    commune: str
    km: float | None
    age: str
    urgent: bool
    own: bool


async def asked_of(house: House, db: AsyncConnection, who: PractitionerRow) -> list[Asked]:
    """What waits for this practitioner's answer, the first to end first."""
    offers = await asked.waiting_for(db, who.id)
    about = await requests.requests_of(db, {one.request_id for one in offers})
    return [
        Asked(
            one.offer_id, one.start, one.minutes, one.mode, one.until, name_of(need.place.commune, house.communes),
            one.km, AGES[need.age], need.hours <= 6, one.circle is Circle.USUAL,
        )
        for one in offers
        if (row := about.get(one.request_id)) is not None and (need := row.need)
    ]  # fmt: skip


async def own_week(house: House, account: Account, db: AsyncConnection, who: PractitionerRow) -> Any:
    """The practitioner's own line of the ledger, the receipts of the week, and the use of this month and the last."""
    found = await ledger_for(house, account, db)
    line = next((one for one in found.lines if one.practitioner_id == who.id), None)
    months = []
    for back in (0, 1):
        since, _, used = await use_for(house, account, db, back)
        months += [{"since": since, "use": one} for one in used if one.practitioner_id == who.id]
    return {
        "line": line,
        "receipts": [one for one in found.receipts if one.practitioner_id == who.id],
        "months": months,
    }


def said_of(code: str | None) -> tuple[str, str] | None:
    """The tone and the words for what has just been answered, None when nothing was."""
    if code in SAID:
        return SAID[code]
    if code in PROBLEMS:
        said = PROBLEMS[code].fr
        return "bad", f"{said.title}. {said.detail}"
    return None


@router.post("/me/offers/{offer_id}/accept")
async def accept(
    request: Request, offer_id: str, start: Annotated[str, Form(max_length=60)] = "", whom: For = None
) -> RedirectResponse:
    """I take this patient, at this time."""
    house, account = house_of(request), signed_in(request)

    async def act() -> str:
        return (await say_yes(house, account, offer_id, start.strip() or None)).outcome

    return await _back(act, whom)


@router.post("/me/offers/{offer_id}/decline")
async def decline(request: Request, offer_id: str, whom: For = None) -> RedirectResponse:
    """I do not take this patient."""
    house, account = house_of(request), signed_in(request)

    async def act() -> str:
        return (await say_no(house, account, offer_id)).outcome

    return await _back(act, whom)


@router.post("/me/terms")
async def terms(request: Request, whom: For = None) -> RedirectResponse:
    """What I allow from now on."""
    house, account = house_of(request), signed_in(request)
    typed = await request.form()
    texts = {name: str(typed.get(name) or "").strip() for name in ("per_day", "per_week", "paused_until", "give_back")}
    away = {name: str(typed.get(f"away_{name}") or "").strip() for name in ("since", "until")}
    ticked: dict[str, Any] = {name: name in typed for name in ("offers", "neighbours", "extra")}

    async def act() -> str:
        row = await may_see(house, account, whom or account.account)
        others = [one for one in row.terms.absences if one.until > house.clock.now()][1:]  # the form shows the first
        absences = [away] * any(away.values()) + [one.model_dump(mode="json") for one in others]
        try:
            wanted = Wanted.model_validate({**texts, **ticked, "absences": absences})
        except ValidationError:
            raise Problem("invalid") from None
        await set_terms(house, account, row.id, wanted)
        return "terms"

    return await _back(act, whom)


async def _back(act: Callable[[], Awaitable[str]], whom: str | None) -> RedirectResponse:
    """To the page, which says what came of it."""
    try:
        said = await act()
    except Problem as problem:
        said = problem.code
    query = {"said": said} | ({"for": whom} if whom else {})
    return RedirectResponse(f"/me?{urlencode(query)}", 303)
