"""What does a practitioner see on her phone? Who is coming, what she opened, what she was told."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request
from fastapi.responses import FileResponse, HTMLResponse

from availability import store as agendas
from availability.agenda import SlotRow
from availability.store import PractitionerRow
from availability.terms import resting_until
from dispatcher import store as requests
from dispatcher.life import State
from dispatcher.views import RequestRow
from notifications import store as notices
from schemas.values import Actor, Mode
from services.audit.history import opened_by
from services.house import House
from services.web.api.delegates import delegates_of
from services.web.entry import moment_of
from services.web.pages.alerts import own_reach, shown_reach
from services.web.pages.frame import frame
from services.web.pages.offers import asked_of, own_week, said_of
from services.web.pages.shown import say_age
from services.web.pages.story import BY, Told, open_messages
from services.web.pages.weeks import places_of, say_place, weeks_of
from services.web.problems import Problem
from services.web.render import page
from services.web.saying import NB, say_time, say_when
from services.web.session import acts_for, house_of, signed_in

router = APIRouter()

AHEAD = timedelta(days=14)
MOST_REPEATS = 30
WORKER = Path(__file__).parents[1] / "static" / "sw.js"
_EVERY = {"day": timedelta(days=1), "week": timedelta(weeks=1)}
_ENDED = {State.FULFILLED: "fulfilled", State.NO_SHOW: "no_show"}


@dataclass(frozen=True, slots=True)
class Visit:
    """One patient who comes; `due` = the time has come, so one may say whether she did."""

    request_id: str
    slot_id: str
    start: datetime
    minutes: int
    mode: Mode
    name: str
    age: str
    phone: str | None
    address: str | None
    note: str | None
    confirmed: bool
    done: str
    due: bool


@dataclass(frozen=True, slots=True)
class OpenTime:
    """One open slot, and the question asked before it is taken back."""

    id: str
    start: datetime
    end: datetime
    capacity: int
    taken: int
    modes: tuple[Mode, ...]
    question: str
    by: str
    where: str


@dataclass(frozen=True, slots=True)
class Day:
    """The open slots of one day."""

    at: datetime
    slots: list[OpenTime]


@router.get("/me", response_class=HTMLResponse)
async def me(
    request: Request, whom: Annotated[str | None, Query(alias="for")] = None, said: str | None = None
) -> HTMLResponse:
    """The practitioner's own page; `for` chooses among those whom a delegate serves, `said` = how it went."""
    choices, chosen = await _chosen(request, whom)
    house, account = house_of(request), signed_in(request)
    values = await _agenda(request, chosen) if chosen else frame(request, account)
    async with house.database.read() as db:
        found = await own_reach(house, account, db) if chosen and chosen.id == account.account else None
    reach = shown_reach(found[1]) if found and found[1].state != "fine" else None
    return page("me.html", **values, choices=choices, practitioner=chosen, said=said_of(said), reach=reach)


@router.get("/me/agenda", response_class=HTMLResponse)
async def agenda(request: Request, whom: Annotated[str | None, Query(alias="for")] = None) -> HTMLResponse:
    """The part that changes by itself."""
    _, chosen = await _chosen(request, whom)
    if chosen is None:
        raise Problem("unknown_practitioner")
    return page("me/agenda.html", **await _agenda(request, chosen), practitioner=chosen)


@router.get("/me/offline", response_class=HTMLResponse)
async def offline(request: Request) -> HTMLResponse:
    """What is shown without a network: opens slots, and holds nothing of anybody."""
    return page("me/offline.html", **frame(request, None), practitioner=None)


@router.get("/sw.js")
async def worker() -> FileResponse:
    """The service worker: at the root, so that it may serve this page."""
    return FileResponse(WORKER, media_type="text/javascript", headers={"Cache-Control": "no-cache"})


@router.get("/me/when")
async def when(
    request: Request,
    text: Annotated[str, Query(max_length=60)],
    minutes: Annotated[int, Query(ge=5, le=480)] = 20,
    every: str = "",
    times: Annotated[int, Query(ge=1, le=MOST_REPEATS)] = 1,
) -> dict[str, Any]:
    """The slots these words mean, read back in full: {slots: [{start, said}]}, or {problem} in words."""
    account, house = signed_in(request), house_of(request)
    territory, now = house.territories[account.territory], house.clock.now()
    try:
        first = moment_of(text, now=now, territory=territory)
    except (ValueError, OverflowError) as wrong:
        return {"problem": str(wrong)}
    starts = repeated(first, territory.tz, minutes, every, times)
    said = [
        f"{say_when(one, territory.tz, now)} – {say_time(one + timedelta(minutes=minutes), territory.tz)}"
        for one in starts
    ]
    return {"slots": [{"start": one.isoformat(), "said": words} for one, words in zip(starts, said, strict=True)]}


def repeated(first: datetime, zone: ZoneInfo, minutes: int, every: str, times: int) -> list[datetime]:
    """The starts: one after the other ("next"), or the same hour of the clock each "day" or "week"."""
    if every == "next":
        return [first + timedelta(minutes=minutes * n) for n in range(times)]
    if every not in _EVERY:
        return [first]
    local = first.astimezone(zone).replace(tzinfo=None)
    return [(local + _EVERY[every] * n).replace(tzinfo=zone).astimezone(first.tzinfo) for n in range(times)]


async def _chosen(request: Request, whom: str | None) -> tuple[list[PractitionerRow], PractitionerRow | None]:
    """Whose agendas this account may see, by name, and the one that is shown."""
    house = house_of(request)
    mine = await acts_for(house, signed_in(request))
    async with house.database.read() as db:
        rows = await agendas.practitioners(db, mine)
    choices = sorted(rows.values(), key=lambda row: row.name)
    if whom is not None and whom not in rows:
        raise Problem("unknown_practitioner")
    return choices, rows[whom] if whom else next(iter(choices), None)


async def _agenda(request: Request, who: PractitionerRow) -> dict[str, Any]:
    house, values = house_of(request), frame(request, signed_in(request))
    now, zone = values["now"], values["zone"]
    midnight = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    async with house.database.read() as db:
        slots = await agendas.agenda(db, who.id, midnight, now + AHEAD)
        coming = await requests.requests_of(db, [seat.request_id for slot in slots for seat in slot.seats])
        alerts = await notices.messages_to(db, who.id, limit=6)
        offers = await asked_of(house, db, who)
        week = await own_week(house, signed_in(request), db, who)
        weeks = await weeks_of(db, who, house.communes)
        places = await places_of(db, who, house.communes)
        openers = await opened_by(db, [slot.slot_id for slot in slots])
        delegates = await delegates_of(house, signed_in(request), db, who.id)
    return values | {
        "offers": offers,
        "week": week,
        "weeks": weeks,
        "places": places,
        "delegates": delegates,
        "resting": resting_until(who.terms, now),
        "tonight": any(now < away.since and away.until < now + timedelta(hours=24) for away in who.terms.absences),
        "several": len(await acts_for(house, signed_in(request))) > 1,
        "visits": await _visits(house, slots, coming, now),
        "days": _days([slot for slot in slots if slot.status == "open"], openers, house, now, zone),
        "alerts": [_without_link(one) for one in await open_messages(house, alerts)],
    }


async def _visits(house: House, slots: Sequence[SlotRow], coming: dict[str, RequestRow], now: datetime) -> list[Visit]:
    seats = [
        (seat, coming[seat.request_id])
        for slot in slots
        for seat in slot.seats
        if seat.kind == "booking" and seat.request_id in coming
    ]
    people = [row.patient for _, row in seats]
    sealed = [one for p in people for one in (p.name, p.phone, p.note, p.address, p.birth_year)]
    opened = await house.vault.open_many(sealed)
    visits = []
    for at, (seat, row) in enumerate(seats):
        name, phone, note, address, year = opened[at * 5 : at * 5 + 5]
        visits.append(
            Visit(
                request_id=seat.request_id,
                slot_id=seat.slot_id,
                start=seat.start,
                minutes=seat.minutes,
                mode=seat.mode,
                name=name or "—",
                age=say_age(year, now.year),
                phone=phone,
                address=address if seat.mode is Mode.HOME else None,
                note=note,
                confirmed=row.state is State.CONFIRMED,
                done=_ENDED.get(row.state, ""),
                due=seat.start <= now,
            )
        )
    return sorted(visits, key=lambda visit: (visit.start, visit.request_id))


def _days(
    slots: Sequence[SlotRow], openers: Mapping[str, Actor], house: House, now: datetime, zone: ZoneInfo
) -> list[Day]:
    """The slots that are not over, by day; one that somebody else opened says who, one elsewhere says where."""
    by_day: dict[date, list[OpenTime]] = defaultdict(list)
    for slot in slots:
        end = slot.start + timedelta(minutes=slot.minutes)
        if end <= now:
            continue
        taken, by = sum(seat.kind == "booking" for seat in slot.seats), _by(slot, openers)
        where = "" if slot.practice is None else say_place(slot.practice, house.communes)
        by_day[slot.start.astimezone(zone).date()].append(
            OpenTime(slot.slot_id, slot.start, end, slot.capacity, taken, slot.modes, _question(taken), by, where)
        )
    return [Day(slots[0].start, slots) for _, slots in sorted(by_day.items())]


def _by(slot: SlotRow, openers: Mapping[str, Actor]) -> str:
    """« par le secrétariat » when it was not the practitioner."""
    opener = openers.get(slot.slot_id)
    return "" if opener is None or opener.person == slot.practitioner_id else BY.get(opener.role, "")


def _question(taken: int) -> str:
    if not taken:
        return "Retirer ce créneau ? Personne n’y a de rendez-vous."
    if taken == 1:
        return (
            "Retirer ce créneau ? Un patient y a rendez-vous. Il sera prévenu, et Relais lui cherchera une autre place."
        )
    return (
        f"Retirer ce créneau ? {taken}{NB}patients y ont rendez-vous. "
        "Ils seront prévenus, et Relais leur cherchera une autre place."
    )


def _without_link(told: Told) -> dict[str, Any]:
    """An alert without the link to the very page it is shown on."""
    text = "".join(part.text for part in told.parts if not part.href).strip()
    for invitation in ("Détails :", "Dire oui ou non :"):
        text = text.removesuffix(invitation).strip()
    return {"at": told.at, "text": text}
