"""What does a practitioner allow? Pause, absences, most a day and a week, being asked, being phoned."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncConnection

from availability import orders
from availability import store as agendas
from availability.store import PractitionerRow
from availability.terms import Pause, paused
from schemas.event import Event
from schemas.practitioner import Absence, Terms
from schemas.territory import Territory
from schemas.values import Refused, Role
from services.house import House
from services.ids import once
from services.web.api.lookups import own_territory
from services.web.bodies import Body, Id, Line
from services.web.entry import date_mistake, moment_of
from services.web.orders import carry_out
from services.web.problems import Mistake, Problem
from services.web.session import Account, acts_for, house_of, signed_in
from services.web.views import Json, show_moment

router = APIRouter(tags=["terms"])

Moment = Annotated[Line, Field(max_length=60)]


class Away(Body):
    """Absent from `since` to `until`, in ISO or French words."""

    since: Moment
    until: Moment


class Wanted(Body):
    """The terms from now on, all of them: what is left out is not allowed, or has no limit."""

    offers: bool = False
    neighbours: bool = False
    extra: bool = False
    per_day: int | None = Field(default=None, ge=1, le=100)
    per_week: int | None = Field(default=None, ge=1, le=500)
    give_back: int | None = Field(default=None, ge=30, le=2880)
    paused_until: Moment | None = None
    absences: Annotated[tuple[Away, ...], Field(max_length=50)] = ()


@router.get("/api/practitioners/{practitioner_id}/terms")
async def look(request: Request, practitioner_id: Id) -> Json:
    """The terms as they are."""
    house, account = house_of(request), signed_in(request)
    return show_terms(await may_see(house, account, practitioner_id))


@router.post("/api/practitioners/{practitioner_id}/terms")
async def change(request: Request, practitioner_id: Id, wanted: Wanted) -> Json:
    """Change them. The coordinator may only take away; the practitioner and the delegate decide."""
    house, account = house_of(request), signed_in(request)
    return show_terms(await set_terms(house, account, practitioner_id, wanted))


class Pausing(Body):
    """`two_hours`, `today` (until tomorrow at eight), `tonight` (from six until eight), or `over`."""

    pause: Pause


@router.post("/api/practitioners/{practitioner_id}/pause")
async def pause(request: Request, practitioner_id: Id, body: Pausing) -> Json:
    """A pause in one tap, or its end. Who has a seat keeps it."""
    house, account = house_of(request), signed_in(request)
    await may_see(house, account, practitioner_id)
    zone = own_territory(house, account).tz
    return show_terms(
        await _set(house, account, practitioner_id, lambda terms, now: paused(terms, body.pause, now, zone))
    )


async def set_terms(house: House, account: Account, practitioner_id: str, wanted: Wanted) -> PractitionerRow:
    """The practitioner with these terms. Raises the problems of what cannot be."""
    await may_see(house, account, practitioner_id)
    terms = read_terms(wanted, house.clock.now(), own_territory(house, account))
    return await _set(house, account, practitioner_id, lambda *_: terms)


async def _set(
    house: House, account: Account, practitioner_id: str, change: Callable[[Terms, datetime], Terms]
) -> PractitionerRow:
    own = account.role is not Role.COORDINATOR
    order = once(account.actor(practitioner_id if account.role is Role.DELEGATE else None))

    async def decide(db: AsyncConnection, now: datetime) -> list[Event] | Refused:
        who = await agendas.lock_practitioner(db, practitioner_id)
        if who is None:
            return Refused(code="unknown_practitioner")
        return await orders.set_terms(order, practitioner_id, change(who.terms, now), db, now, may_widen=own)

    await carry_out(house, order, decide)
    return await may_see(house, account, practitioner_id)


def read_terms(wanted: Wanted, now: datetime, territory: Territory) -> Terms:
    """The terms with their moments read. Raises the problem `invalid` with every mistake."""
    mistakes: list[Mistake] = []

    def read(text: str, field: str) -> datetime:
        try:
            return moment_of(text, now=now, territory=territory)
        except (ValueError, OverflowError) as wrong:
            mistakes.append(date_mistake(field, wrong))
            return now

    paused = read(wanted.paused_until, "paused_until") if wanted.paused_until else None
    away = [
        (number, read(one.since, f"absences.{number}.since"), read(one.until, f"absences.{number}.until"))
        for number, one in enumerate(wanted.absences)
    ]
    if not mistakes:
        mistakes += [Mistake(f"absences.{n}.since", "since_after_until") for n, since, until in away if since >= until]
    if mistakes:
        raise Problem("invalid", mistakes=mistakes)
    return Terms(
        offers=wanted.offers,
        neighbours=wanted.neighbours,
        extra=wanted.extra,
        per_day=wanted.per_day,
        per_week=wanted.per_week,
        give_back=wanted.give_back,
        paused_until=paused,
        absences=tuple(Absence(since=since, until=until) for _, since, until in away),
    )


async def may_see(house: House, account: Account, practitioner_id: str) -> PractitionerRow:
    """The practitioner: one's own, or of the territory one coordinates. Raises the problem `unknown_practitioner`."""
    if account.role is not Role.COORDINATOR and practitioner_id not in await acts_for(house, account):
        raise Problem("unknown_practitioner")
    async with house.database.read() as db:
        row = await agendas.practitioner(db, practitioner_id)
    if row is None or row.territory != account.territory:
        raise Problem("unknown_practitioner")
    return row


def show_terms(row: PractitionerRow) -> Json:
    """The terms as JSON; moments in UTC."""
    terms = row.terms
    return {
        "practitioner_id": row.id,
        **terms.model_dump(include={"offers", "neighbours", "extra", "per_day", "per_week", "give_back"}),
        "paused_until": show_moment(terms.paused_until),
        "absences": [{"since": show_moment(one.since), "until": show_moment(one.until)} for one in terms.absences],
    }
