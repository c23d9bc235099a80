"""Whom does Relais alert here, and are they reached? The roster, as a form."""

from fastapi import APIRouter, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import ValidationError

from dispatcher import roster
from services.house import House
from services.web.api.roster import MOST, Roster, set_people
from services.web.pages.alerts import unreached
from services.web.pages.frame import frame
from services.web.problems import Problem, as_problem, describe, say
from services.web.render import page
from services.web.session import EVERYWHERE, Account, house_of, signed_in, staff

router = APIRouter()

FIELDS = ("name", "person", "phone", "email")
SAID = {
    "saved": "Liste enregistrée.",
    "test": "Un essai est parti ; la ligne disparaît quand il arrive.",
}
SPARE = 2
"""Empty lines for further people."""


@router.get("/roster", response_class=HTMLResponse)
async def show(request: Request, said: str = "") -> HTMLResponse:
    """The roster as it is; `said` = what has just been done."""
    house, account = house_of(request), signed_in(request)
    return await _page(request, await _kept(house, account), said=said)


@router.post("/roster")
async def save(request: Request) -> Response:
    """The roster from now on. What cannot be saved is shown again, with the words beside each field."""
    house, account = house_of(request), signed_in(request)
    form = await request.form()
    typed = [
        {name: str(form.get(f"{name}-{at}") or "").strip() for name in (*FIELDS, "rank")}
        for at in range(MOST + SPARE)
        if f"name-{at}" in form
    ]
    lines = sorted((one for one in typed if any(one[name] for name in FIELDS)), key=lambda one: _rank(one["rank"]))
    try:
        await set_people(house, account, Roster.model_validate({"people": lines}))
    except ValidationError as wrong:
        faults = [one | {"loc": ("body", *one["loc"])} for one in wrong.errors()]
        return await _page(request, lines, as_problem(RequestValidationError(faults)))
    except Problem as problem:
        return await _page(request, lines, problem)
    return RedirectResponse("/roster?said=saved", 303)


def _rank(text: str) -> float:
    return float(text) if text.isdecimal() else float("inf")


async def _kept(house: House, account: Account) -> list[dict[str, str]]:
    async with house.database.read() as db:
        people = await roster.people(db, account.territory)
    phones = await house.vault.open_many([one.phone for one in people])
    emails = await house.vault.open_many([one.email for one in people])
    return [
        {"name": one.name, "person": one.person, "phone": phone or "", "email": email or ""}
        for one, phone, email in zip(people, phones, emails, strict=True)
    ]


async def _page(
    request: Request, lines: list[dict[str, str]], problem: Problem | None = None, *, said: str = ""
) -> HTMLResponse:
    house, account = house_of(request), signed_in(request)
    wrong = {one.field: say(one, "fr") for one in problem.mistakes} if problem else {}
    async with house.database.read() as db:
        found = await unreached(house, account, db)
    accounts = [one for one in staff(house.territories).values() if one.territory in (account.territory, EVERYWHERE)]
    empty = [dict.fromkeys(FIELDS, "") for _ in range(max(0, min(SPARE, MOST - len(lines))))]
    return page(
        "roster.html",
        status=problem.status if problem else 200,
        **frame(request, account),
        lines=[*lines, *empty],
        wrong=wrong,
        problem=describe(problem, "fr") if problem else None,
        said=SAID.get(said),
        unreached=found,
        accounts=accounts,
    )
