"""What may a patient do with the link of the SMS? Look, confirm, cancel, put it in a calendar; never more."""

from collections import OrderedDict, deque
from dataclasses import dataclass, replace
from datetime import datetime
from ipaddress import IPv6Address, ip_address
from time import monotonic
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.ext.asyncio import AsyncConnection

from availability import store as agendas
from dispatcher import orders, store
from dispatcher.life import PLACED, TERMINAL
from dispatcher.views import RequestRow
from notifications import store as messages
from notifications.store import LinkRow
from schemas.event import Event, Order, derived_id
from schemas.territory import Territory
from schemas.values import Actor, Mode, Refused, Role
from services.house import House
from services.ids import once
from services.web.ics import appointment
from services.web.orders import Decide, carry_out
from services.web.problems import Problem
from services.web.session import house_of
from services.web.views import Json, name_of

router = APIRouter(tags=["patient"])

MISSES, WITHIN = 20, 60.0
"""Unknown links one address may try in a minute: a link has 59 bits, guessing one outlasts us all."""

ADDRESSES = 10_000  # remembered at once


class Misses:
    """Who tries links that are none? Counted per network address, an IPv6 one by its /64."""

    def __init__(self) -> None:
        self._tried: OrderedDict[str, deque[float]] = OrderedDict()

    def too_many(self, address: str, now: float) -> bool:
        """Whether this address has used up its misses at `now` (seconds of a monotonic clock)."""
        tried = self._tried.get(_network(address), deque[float]())
        while tried and tried[0] <= now - WITHIN:
            tried.popleft()
        return len(tried) >= MISSES

    def note(self, address: str, now: float) -> None:
        """One more."""
        self._tried.setdefault(_network(address), deque(maxlen=MISSES)).append(now)
        self._tried.move_to_end(_network(address))
        while len(self._tried) > ADDRESSES:
            self._tried.popitem(last=False)


Shown = Annotated[str | None, Query(max_length=80)]


@dataclass(frozen=True, slots=True)
class Opened:
    """A link that leads somewhere: what it is about, and whom to call."""

    link: LinkRow
    row: RequestRow
    territory: Territory


async def open_link(request: Request, token: str) -> Opened:
    """What the link is about. Raises the problems `unknown_link`, `expired_link`, `too_many`."""
    house, misses = house_of(request), request.app.state.misses
    address, elapsed = request.client.host if request.client else "", monotonic()
    if misses.too_many(address, elapsed):
        raise Problem("too_many")
    async with house.database.read() as db:
        link = await messages.link(db, house.vault.digest(token.strip().lower()))
        row = None if link is None else await store.request(db, link.request_id)
    territory = None if row is None else house.territories.get(row.territory)
    if link is None or row is None or territory is None:
        misses.note(address, elapsed)
        raise Problem("unknown_link")
    if link.expires_at <= house.clock.now():
        raise Problem("expired_link", about={"phone": territory.phone})
    return Opened(link, row, territory)


@router.post("/p/{token}/confirm", response_model=None)
async def confirm(request: Request, token: str, slot: Shown = None) -> Response | Json:
    """I come. Saying it twice changes nothing."""
    return await _act(request, token, "confirmed", slot)


@router.post("/p/{token}/cancel", response_model=None)
async def cancel(request: Request, token: str, slot: Shown = None) -> Response | Json:
    """I no longer need it: the place is free for somebody else."""
    return await _act(request, token, "withdrawn", slot)


@router.get("/p/{token}/rendez-vous.ics")
async def calendar(request: Request, token: str) -> Response:
    """The appointment as a calendar file."""
    opened, house = await open_link(request, token), house_of(request)
    row = opened.row
    refused = refusal_of(opened, "confirmed")
    if refused is not None or row.start is None:
        raise _problem(refused or "link_closed", opened)
    async with house.database.read() as db:
        street = await street_of(db, row)
    url = f"{house.settings.base_url}/p/{token}"
    french = row.patient.language != "en"
    about = (
        f"Confirmer ou annuler : {url}\nUne question : {opened.territory.phone}"
        if french
        else f"Confirm or cancel: {url}\nA question: {opened.territory.phone}"
    )
    body = appointment(
        uid=f"{derived_id('calendar', row.request_id)}@relais",
        sequence=row.choice,
        stamp=house.clock.now(),
        start=row.start,
        minutes=row.minutes or 15,
        title="Rendez-vous" if french else "Appointment",
        where=_where(row, street, house, french),
        about=about,
        url=url,
    )
    name = {"Content-Disposition": 'attachment; filename="rendez-vous.ics"'}
    return Response(body, media_type="text/calendar; charset=utf-8", headers=name)


def refusal_of(opened: Opened, wanted: str, slot: str | None = None) -> str | None:
    """Why the patient can no longer do what is `wanted` ("confirmed", "withdrawn"): a problem's code, or None.

    `slot` is the appointment the patient had before the eyes, if the page said so: a yes to it is no yes to
    another one. While a new place is being sought the patient may still say that none is needed.
    """
    row = opened.row
    if row.state in TERMINAL:
        return "link_closed"
    if row.state in PLACED:
        return "link_moved" if slot and slot != row.slot_id else None
    return None if wanted == "withdrawn" else "link_moved"


async def _act(request: Request, token: str, wanted: str, slot: str | None) -> Response | Json:
    """Carry it out, and answer a form with the page, a program with JSON."""
    house, from_a_form = house_of(request), "text/html" in request.headers.get("accept", "")
    try:
        opened = await open_link(request, token)
    except Problem as problem:
        if from_a_form and problem.code in ("unknown_link", "expired_link"):
            return RedirectResponse(f"/p/{quote(token, safe='')}", 303)  # the page says what to do
        raise
    try:
        await carry_out(house, *_order(opened, wanted, slot))
    except Problem as problem:
        if from_a_form and problem.code in ("link_closed", "link_moved"):
            return RedirectResponse(f"/p/{quote(token)}?refused={problem.code}", 303)
        raise _problem(problem.code, opened) from None
    if from_a_form:
        return RedirectResponse(f"/p/{quote(token)}", 303)
    return {"state": wanted}


def _order(opened: Opened, wanted: str, slot: str | None) -> tuple[Order, Decide]:
    actor = Actor(person="patient", role=Role.PATIENT, territory=opened.row.territory)
    order = once(actor)
    act = orders.confirm if wanted == "confirmed" else orders.withdraw
    request_id = opened.row.request_id

    async def decide(db: AsyncConnection, now: datetime) -> list[Event] | Refused:
        row = await store.request(db, request_id)
        if row is None:
            return Refused(code="unknown_link")
        refused = refusal_of(replace(opened, row=row), wanted, slot)
        return Refused(code=refused) if refused else await act(order, request_id, db, now)

    return order, decide


def _problem(code: str, opened: Opened) -> Problem:
    return Problem(code, about={"phone": opened.territory.phone})


async def street_of(db: AsyncConnection, row: RequestRow) -> str:
    """The street where the patient is seen: that of the slot's own place, else of the practitioner's main one."""
    slot = None if row.slot_id is None else await agendas.slot(db, row.slot_id)
    if slot is not None and slot.address is not None:
        return slot.address
    who = await agendas.practitioner(db, row.practitioner_id or "")
    return who.address if who else ""


def _where(row: RequestRow, street: str, house: House, french: bool) -> str:
    """The place as the patient finds it; the practitioner's name stays out: a calendar is read by others."""
    if row.mode is Mode.HOME:
        return "À votre domicile" if french else "At your home"
    if row.mode is Mode.TELE:
        return "Téléconsultation" if french else "By video"
    commune = name_of(row.place.commune, house.communes) if row.place else ""
    return ", ".join(part for part in (street, commune) if part)


def _network(address: str) -> str:
    try:
        known = ip_address(address)
    except ValueError:
        return address
    return str(int(known) >> 64) if isinstance(known, IPv6Address) else address
