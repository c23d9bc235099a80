"""Who is alerted when a request finds no place, and where are they reached? Set as a whole, first to last."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatcher import orders
from dispatcher.views import OnCall
from notifications.writing import own_key
from schemas.event import Event, derived_id
from schemas.sealed import Sealed
from schemas.values import Refused
from services.house import House
from services.ids import once
from services.web.bodies import Body, Id, Line
from services.web.entry import phone_of
from services.web.orders import carry_out
from services.web.problems import Mistake, Problem
from services.web.session import EVERYWHERE, Account, find_account, house_of, signed_in
from services.web.views import Json

router = APIRouter(tags=["roster"])

MOST = 12


class Named(Body):
    """One human: `person` is the account, None for somebody who has none; `phone` as people write it."""

    name: Annotated[Line, Field(min_length=1, max_length=80)]
    person: Id | None = None
    phone: Annotated[Line, Field(max_length=30)] | None = None
    email: Annotated[Line, Field(max_length=200, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s.]+$")] | None = None


class Roster(Body):
    """The humans who are alerted, first to last: these and no others."""

    people: Annotated[tuple[Named, ...], Field(max_length=MOST)]


@router.post("/api/roster")
async def write(request: Request, body: Roster) -> Json:
    """From now on these people are alerted in the own territory."""
    return {"people": await set_people(house_of(request), signed_in(request), body)}


async def set_people(house: House, account: Account, body: Roster) -> list[str]:
    """Their ids. Raises the problem `invalid` with every mistake, and the refusals of the order."""
    mistakes: list[Mistake] = []
    people = [await _on_call(house, account, rank, one, mistakes) for rank, one in enumerate(body.people)]
    ids = [one.person for one in people]
    mistakes += [Mistake(f"people.{rank}.person", "named_twice") for rank, one in enumerate(ids) if one in ids[:rank]]
    if mistakes:
        raise Problem("invalid", mistakes=mistakes)
    order = once(account.actor())

    async def decide(db: AsyncConnection, now: datetime) -> list[Event] | Refused:
        return await orders.set_roster(order, people, db, now)

    await carry_out(house, order, decide)
    return ids


async def _on_call(house: House, account: Account, rank: int, one: Named, mistakes: list[Mistake]) -> OnCall:
    """The human as kept; who has no account is named after the territory and the name, the same at every saving."""
    person = one.person or f"garde-{derived_id(account.territory, one.name.casefold())[:12]}"
    if one.person is not None and not one.person.startswith("garde-"):
        known = await find_account(house, one.person)
        if known is None or known.territory not in (account.territory, EVERYWHERE):
            mistakes.append(Mistake(f"people.{rank}.person", "unknown_person"))
    phone: Sealed[str] | None = None
    if one.phone is not None:
        try:
            territory, demonstration = house.territories[account.territory], house.settings.demonstration
            number = phone_of(one.phone, territory=territory, demonstration=demonstration)
            phone = await house.vault.seal(own_key(person), "phone", number)
        except Problem as wrong:
            mistakes.append(Mistake(f"people.{rank}.phone", wrong.mistakes[0].code))
    email = await house.vault.seal(own_key(person), "email", one.email) if one.email else None
    return OnCall(person, rank, one.name, phone=phone, email=email)
