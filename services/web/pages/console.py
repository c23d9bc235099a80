"""What does a regulator see? The console, its board and the drawer of one request."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncConnection

from availability import store as agendas
from dispatcher import roster
from dispatcher import store as requests
from dispatcher.life import OPEN
from dispatcher.matching.choice import propose
from dispatcher.views import RequestRow
from notifications import store as notices
from notifications.questions import written_about
from notifications.texts import LANGUAGES
from services.audit.history import history
from services.erasure import phone_digest
from services.house import House
from services.reference.phones import show_phone
from services.web.api.lookups import PROPOSED
from services.web.asking import asking_of
from services.web.entry import moment_of, phone_of
from services.web.pages.frame import frame, zone_for
from services.web.pages.shown import Shown, show
from services.web.pages.story import open_messages, open_replies, timeline
from services.web.problems import Problem
from services.web.render import page, profession_label
from services.web.saying import say_delay, say_time, say_when
from services.web.session import Account, house_of, signed_in
from services.web.strangers import waiting_for
from services.web.views import Json, show_option

router = APIRouter()

MOST_ROWS = 60
ENDED_STAY = timedelta(minutes=15)
"""An ended request stays on the board this long, so that nobody wonders where it went."""
KNOWN_FOR = timedelta(hours=48)

REASONS = (
    *(
        "Fièvre",
        "Toux, gêne pour respirer sans urgence",
        "Douleur",
        "Mal de gorge ou d’oreille",
        "Troubles digestifs",
    ),
    *(
        "Infection urinaire",
        "Plaie, suture",
        "Pansement",
        "Renouvellement d’ordonnance",
        "Certificat",
        "Enfant malade",
    ),
)
CLOSINGS = (
    ("redirected", "Réorienter", "Clore : le patient est réorienté ?"),
    ("advised", "Conseil donné", "Clore : un conseil a suffi ?"),
    ("unmet", "Sans solution", "Clore sans solution ?"),
)
SHORTCUTS = (
    ("n", "nouvelle demande"),
    ("/", "chercher dans le tableau"),
    ("j k", "ligne suivante, ligne précédente"),
    ("Entrée", "ouvrir la demande ; dans le formulaire, champ suivant"),
    ("1 2 3", "prendre une proposition"),
    ("Alt+1 Alt+2 Alt+3", "la même chose pendant qu’on écrit"),
    ("c r", "confirmer ou relâcher la place gardée"),
    ("Ctrl+Entrée", "enregistrer : confirmer la place gardée, sinon dispatcher"),
    ("e", "prendre en main une alerte"),
    ("u", "annuler ce qui vient d’être enregistré (10 s)"),
    ("Échap", "sortir d’un champ, fermer la demande ouverte"),
    ("?", "cette aide"),
)


class Phone(BaseModel):
    """A number as typed. It travels in a body: an address would leave it in logs."""

    model_config = ConfigDict(hide_input_in_errors=True)
    phone: str = Field(max_length=40)


@router.get("/console", response_class=HTMLResponse)
async def console(request: Request) -> HTMLResponse:
    """The whole console."""
    account = signed_in(request)
    territory = house_of(request).territories[account.territory]
    values = await _board_values(request, account)
    return page(
        "console.html",
        **values,
        told_before=territory.told_before,
        reasons=dict.fromkeys((*REASONS, *(reason for reason, _ in territory.protocols))),
        shortcuts=SHORTCUTS,
        languages=LANGUAGES,
    )


@router.get("/console/board", response_class=HTMLResponse)
async def board(request: Request) -> HTMLResponse:
    """The board alone, as it is now."""
    return page("console/board.html", **await _board_values(request, signed_in(request)))


@router.get("/console/requests/{request_id}", response_class=HTMLResponse)
async def drawer(request: Request, request_id: str) -> HTMLResponse:
    """One request: why, what happened, messages, acts. Another territory's is `unknown_request`."""
    account, house = signed_in(request), house_of(request)
    zone = zone_for(request, account)
    async with house.database.read() as db:
        row = await requests.request(db, request_id)
        if row is None or row.territory != account.territory:
            raise Problem("unknown_request")
        (shown,) = await show(house, db, [row], zone, await names_on_call(house, db, account.territory))
        past = timeline(await history(db, request_id))
        messages = await notices.messages_about(db, request_id)
        replies = await written_about(db, request_id)
        asking = await asking_of(house, db, row)
        instead = await _instead(house, db, row) if row.state in OPEN and not row.pending else []
    person = row.patient
    phone, note, address = await house.vault.open_many([person.phone, person.note, person.address])
    values: dict[str, Any] = {"phone": phone, "note": note, "address": address, "timeline": past, "row": shown}
    values |= {"messages": await open_messages(house, messages), "closings": CLOSINGS, "instead": instead}
    values |= {"sms": person.sms, "asking": asking, "replies": await open_replies(house, replies)}
    return page("console/request.html", now=house.clock.now(), zone=zone, **values)


@router.get("/console/when")
async def when(request: Request, text: str) -> dict[str, str]:
    """What moment the words mean, read back in full: {at, said}, or {problem} in words."""
    account, house = signed_in(request), house_of(request)
    territory, now = house.territories[account.territory], house.clock.now()
    try:
        at = moment_of(text[:60], now=now, territory=territory)
    except (ValueError, OverflowError) as wrong:
        return {"problem": str(wrong)}
    return {"at": at.isoformat(), "said": say_when(at, territory.tz, now)}


@router.post("/console/known")
async def known(request: Request, body: Phone) -> dict[str, str]:
    """The number grouped for reading, and the request already open for it in the last 48 h, if any."""
    account, house = signed_in(request), house_of(request)
    territory, now = house.territories[account.territory], house.clock.now()
    try:
        number = phone_of(body.phone, territory=territory, demonstration=house.settings.demonstration)
    except Problem:
        return {}  # said at the field when it is saved, not while the regulator goes on typing
    answer = {"shown": show_phone(number)}
    async with house.database.read() as db:
        row = await _open_with_phone(house, db, account.territory, number, now)
    if row is None:
        return answer
    (name,) = await house.vault.open_many([row.patient.name])
    ago = say_delay(int((now - row.entered_at).total_seconds() // 60))
    return answer | {
        "request_id": row.request_id,
        "said": f"{name}, {profession_label(row.need.profession)}, il y a {ago}",
    }


async def names_on_call(house: House, db: AsyncConnection, territory: str) -> dict[str, str]:
    """The names of those an alert may go to, by id."""
    return {one.person: one.name for one in await roster.people(db, territory)}


async def board_rows(house: House, account: Account, zone: ZoneInfo) -> tuple[list[Shown], int]:
    """The rows of the account's territory, and how many requests are open in all."""
    async with house.database.read() as db:
        found = await requests.board(db, account.territory, MOST_ROWS, ended_since=house.clock.now() - ENDED_STAY)
        rows = await show(house, db, found.rows, zone, await names_on_call(house, db, account.territory))
    return rows, found.total_open


async def _board_values(request: Request, account: Account) -> dict[str, Any]:
    house, values = house_of(request), frame(request, account)
    rows, total = await board_rows(house, account, values["zone"])
    since: datetime | None = house.facts.since
    said = say_time(since, values["zone"]) if since else "un moment"
    strangers = await waiting_for(house, account.territory)
    bus = {"bus_up": house.facts.connected, "bus_since": said}
    return values | bus | {"rows": rows, "total": total, "strangers": strangers}


async def _instead(house: House, db: AsyncConnection, row: RequestRow) -> list[Json]:
    """Up to three other slots that would serve the patient."""
    own = {row.slot_id} if row.slot_id else set()
    found = propose(row.need, house.seats, row.territory, house.clock.now(), limit=PROPOSED, without=own)
    who = await agendas.practitioners(db, [option.slot.schedule.practitioner_id for option in found.options])
    return [show_option(option, who, house.communes) | {"start": option.start} for option in found.options]


async def _open_with_phone(
    house: House, db: AsyncConnection, territory: str, number: str, now: datetime
) -> RequestRow | None:
    """The open request of the last 48 h with this number, the latest."""
    rows = await requests.with_phone(db, territory, phone_digest(house, number))
    return next((row for row in rows if row.state in OPEN and row.entered_at > now - KNOWN_FOR), None)
