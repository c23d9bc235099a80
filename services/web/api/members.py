"""Who is a member of the community? Its practitioners, registered or brought up to date in bulk."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncConnection

from availability import orders
from availability import store as agendas
from availability.agenda import NewPractitioner
from schemas.event import Event
from schemas.territory import Territory
from schemas.values import Refused
from services.house import House
from services.ids import once
from services.members.importing import Outcome, bring
from services.reference.professions import PROFESSIONS
from services.web.bodies import Body, Id, Line
from services.web.entry import phone_of
from services.web.orders import carry_out
from services.web.problems import Mistake, Problem
from services.web.session import EVERYWHERE, Account, house_of, signed_in
from services.web.views import Json

router = APIRouter(tags=["members"])

MOST_AT_ONCE = 500
_A_FILE = {"requestBody": {"required": True, "content": {"text/csv": {"schema": {"type": "string"}}}}}


class Member(NewPractitioner):
    """A practitioner as typed: `phone` in plain digits and `email` are sealed before they are kept."""

    phone: Line | None = None  # type: ignore[assignment]
    email: Annotated[Line, Field(max_length=200)] | None = None  # type: ignore[assignment]


class Members(Body):
    """Practitioners to register in the own territory; the operator, who has none, names it."""

    territory: Id | None = None
    practitioners: Annotated[tuple[Member, ...], Field(min_length=1, max_length=MOST_AT_ONCE)]


@router.post("/api/practitioners")
async def register(request: Request, body: Members) -> Json:
    """Register all of them, or none. One who is known already is brought up to date."""
    house, account = house_of(request), signed_in(request)
    territory = _territory(house, account, body.territory)
    here = house.territories[territory]
    mistakes = list(_mistakes(house, body, here))
    if mistakes:
        raise Problem("invalid", mistakes=mistakes)
    order = once(account.actor()).model_copy(update={"territory": territory})
    people = [await _sealed(house, one, here) for one in body.practitioners]

    async def decide(db: AsyncConnection, now: datetime) -> list[Event] | Refused:
        known = await agendas.practitioners(db, [one.id for one in body.practitioners])
        elsewhere = {row.id for row in known.values() if row.territory != territory}
        if elsewhere:  # nobody takes another community's members
            raise Problem(
                "invalid",
                mistakes=[
                    Mistake(f"practitioners.{number}.id", "value")
                    for number, one in enumerate(body.practitioners)
                    if one.id in elsewhere
                ],
            )
        return await orders.register_practitioners(order, people, db, now)

    await carry_out(house, order, decide)
    return {"territory": territory, "registered": len(body.practitioners)}


@router.post("/api/members/import", openapi_extra=_A_FILE)
async def bring_in(request: Request, dry_run: bool = True, territory: Id | None = None) -> Json:
    """Take in a CSV of the territory's professionals, the body as it is; or only say, line by line, what it would do.
    Any usual separator and encoding. All of it or nothing; the same file again changes nothing."""
    house, account = house_of(request), signed_in(request)
    here = house.territories[_territory(house, account, territory)]
    return show_outcome(await bring(house, account.actor(), here, await request.body(), dry_run=dry_run), dry_run)


def show_outcome(outcome: Outcome, dry_run: bool) -> Json:
    """What was done, or would be, with every remark by line."""
    return {
        "done": not dry_run and not outcome.stopped,
        "new": len(outcome.joining),
        "changed": len(outcome.changed),
        "same": outcome.same,
        "problems": [
            {"line": one.line, "says": one.words, "stops": one.stops}
            for one in sorted(outcome.found.remarks, key=lambda one: (one.line, not one.stops))
        ],
    }


def _territory(house: House, account: Account, asked: str | None) -> str:
    """The own territory; for the operator, the one named. Raises the problem `unknown_territory`."""
    own = asked if account.territory == EVERYWHERE else account.territory
    if own not in house.territories or asked not in (None, own):
        raise Problem("unknown_territory")
    return own


async def _sealed(house: House, one: Member, territory: Territory) -> NewPractitioner:
    """The practitioner as kept: the number sealed under the practitioner's own key, the hour that of the territory."""
    phone = None
    if one.phone is not None:
        number = phone_of(one.phone, territory=territory, demonstration=house.settings.demonstration)
        phone = await house.vault.seal(own_key(one.id), "phone", number)
    email = await house.vault.seal(own_key(one.id), "email", one.email) if one.email else None
    plain = one.model_dump(exclude={"phone", "email", "zone"})
    return NewPractitioner(**plain, phone=phone, email=email, zone=one.zone or territory.zone)


def own_key(practitioner_id: str) -> str:
    """The subject under whose key a practitioner's own data is sealed."""
    return f"practitioner:{practitioner_id}"


def _mistakes(house: House, body: Members, territory: Territory) -> Iterator[Mistake]:
    for number, one in enumerate(body.practitioners):
        try:
            if one.phone is not None:
                phone_of(one.phone, territory=territory, demonstration=house.settings.demonstration)
        except Problem as wrong:
            yield Mistake(f"practitioners.{number}.phone", wrong.mistakes[0].code)
        if one.profession not in PROFESSIONS:
            yield Mistake(f"practitioners.{number}.profession", "unknown_profession")
        if house.communes.get(one.commune) is None:
            yield Mistake(f"practitioners.{number}.commune", "unknown_commune")
