"""What does the patient see behind the link? When, where, with whom; never why. A GET shows, a POST acts."""

from datetime import datetime, timedelta
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from availability import store as agendas
from dispatcher.life import PLACED, WAITING, State
from dispatcher.views import RequestRow
from schemas.territory import Territory
from services.web.patient import open_link, street_of
from services.web.problems import Problem, language_of
from services.web.render import PARIS, page
from services.web.saying import say_day
from services.web.session import house_of
from services.web.views import name_of, practitioner_name

router = APIRouter()

NATIONAL = "116 117"
"""The number for care that is not urgent, when the link does not say which territory to call."""

WHERE = {
    "office": "Au cabinet",
    "home": "À votre domicile",
    "teleconsultation": "En téléconsultation : le professionnel vous appelle",
}
# title, notice, tone of the notice
ENDS: dict[State, tuple[str, str, str]] = {
    State.WITHDRAWN: (
        "Rendez-vous annulé",
        "Ce rendez-vous est annulé. Si vous avez encore besoin de soins, appelez le numéro ci-dessous.",
        "",
    ),
    State.SEEKING: (
        "Nous vous cherchons une place",
        "Le professionnel a dû annuler. Nous cherchons une autre place et vous préviendrons par SMS.",
        "warn",
    ),
}
ENDS[State.PROMISED] = (
    "Une place vous est assurée",
    "Vous serez reçu avant l’échéance ci-dessous. L’heure et le lieu suivent par SMS : il n’y a rien à faire.",
    "good",
)
ENDS[State.OFFERING] = ENDS[State.ESCALATED] = ENDS[State.SEEKING]
for _closed in (State.REDIRECTED, State.ADVISED, State.UNMET):
    ENDS[_closed] = (
        "Demande close",
        "Votre demande est close. Si vous avez encore besoin de soins, appelez le numéro ci-dessous.",
        "",
    )
_CHANGED = "Votre rendez-vous a changé entre-temps. Voici le nouveau : dites-nous si vous venez."
_OVER = (
    "Rendez-vous passé",
    "Ce rendez-vous est passé. Pour une nouvelle demande, appelez le numéro ci-dessous.",
    "",
)
_OLD = (
    "Ce lien n’est plus valable",
    "Ce lien est trop ancien ou mal recopié. Ouvrez celui du dernier SMS reçu, ou appelez le numéro ci-dessous.",
    "warn",
)


@router.get("/p/{token}", response_class=HTMLResponse)
async def appointment(request: Request, token: str, act: str = "", refused: str = "", lang: str = "") -> HTMLResponse:
    """The appointment and its two acts; `act=cancel` asks first. A dead link says what to do."""
    house = house_of(request)
    language = lang if lang in ("fr", "en") else language_of(request)
    try:
        link = await open_link(request, token)
    except Problem as problem:
        if problem.code not in ("unknown_link", "expired_link"):
            raise
        return _kind(request, language, problem)
    row, now = link.row, house.clock.now()
    values: dict[str, Any] = _frame(link.territory, language, now) | {"token": token}
    if row.state not in PLACED or row.start is None:
        return page("patient.html", **values | _without_place(row, act == "cancel"))
    over = row.start + timedelta(minutes=row.minutes or 0) <= now
    values |= await _ticket(request, row, link.territory, language, now) | {
        "confirmed": row.state is State.CONFIRMED,
        "asking": act == "cancel" and not over,
        "may_act": not over,
    }
    return page("patient.html", **values | _words(row, over, values["asking"], refused))


def _words(row: RequestRow, over: bool, asking: bool, refused: str) -> dict[str, str]:
    if over:
        return {"title": _OVER[0], "notice": _OVER[1], "tone": ""}
    if asking:
        return {"title": "Annuler ce rendez-vous ?", "notice": "", "tone": ""}
    if row.state is State.CONFIRMED:
        return {"title": "Rendez-vous confirmé", "notice": "Merci, nous vous attendons.", "tone": "good"}
    if refused:
        return {"title": "Votre rendez-vous", "notice": _CHANGED, "tone": "warn"}
    return {"title": "Rendez-vous déplacé" if row.moved else "Votre rendez-vous", "notice": "", "tone": ""}


def _without_place(row: RequestRow, asked: bool) -> dict[str, Any]:
    """No appointment: because it ended, or because another place is being sought, which one may give up."""
    title, notice, tone = ENDS.get(row.state, _OVER)
    waits = row.state in WAITING or row.state is State.PROMISED
    asking = asked and waits
    if asking:
        title, notice = "Annuler votre demande ?", ""
    before = row.need.deadline if row.state is State.PROMISED and not asking else None
    return {"title": title, "notice": notice, "tone": tone, "asking": asking, "seeking": waits and not asking} | {
        "slot": "",
        "before": before,
    }


def _frame(territory: Territory | None, language: str, now: datetime) -> dict[str, Any]:
    return {
        "lang": language,
        "now": now,
        "zone": territory.tz if territory else PARIS,
        "organisation": territory.name if territory else "Relais",
        "phone": territory.phone if territory else NATIONAL,
        "start": None,
        "asking": False,
        "may_act": False,
        "seeking": False,
        "before": None,
        "notice": "",
        "tone": "",
    }


def _kind(request: Request, language: str, problem: Problem) -> HTMLResponse:
    """For a link that is wrong or too old: what to do now."""
    values = _frame(None, language, house_of(request).clock.now())
    title, notice, tone = _OLD
    values |= {"title": title, "notice": notice, "tone": tone, "token": ""}
    return page("patient.html", status=problem.status, **values | {"phone": problem.about.get("phone", NATIONAL)})


async def _ticket(
    request: Request, row: RequestRow, territory: Territory, language: str, now: datetime
) -> dict[str, Any]:
    """When, where and with whom. The name is said here, behind the secret link, and never in the SMS."""
    house = house_of(request)
    async with house.database.read() as db:
        found = await agendas.practitioners(db, [row.practitioner_id or ""])
        street = await street_of(db, row)
    place = name_of(row.place.commune, house.communes) if row.place else ""
    at_office = str(row.mode) == "office"
    near = say_day(row.start, territory.tz, now, language) if row.start else ""
    in_full = say_day(row.start, territory.tz, now, language, near=False) if row.start else ""
    return {
        "start": row.start,
        "slot": row.slot_id,
        "minutes": row.minutes,
        "professional": practitioner_name(row.practitioner_id, found) or "",
        "where": WHERE[str(row.mode)],
        "address": _address(street, place) if at_office else "",
        "near_word": near.capitalize() if near != in_full else "",
    }


def _address(street: str, commune: str) -> str:
    """The street with its commune, which many addresses hold already."""
    return street if commune and commune in street else ", ".join(part for part in (street, commune) if part)
