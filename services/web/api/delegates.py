"""Who acts for a practitioner? A secretariat, for as long as the practitioner says so."""

from datetime import datetime

from fastapi import APIRouter, Request
from sqlalchemy.ext.asyncio import AsyncConnection

from availability import orders
from availability import store as agendas
from schemas.event import Event
from schemas.values import Refused, Role
from services.house import House
from services.ids import once
from services.web.api.terms import may_see
from services.web.bodies import Body, Id
from services.web.orders import carry_out
from services.web.problems import Problem
from services.web.session import Account, house_of, signed_in, staff
from services.web.views import Json

router = APIRouter(tags=["terms"])


class Entrusting(Body):
    """This delegate acts for the practitioner from now on, or no more."""

    delegate_id: Id
    acts: bool


@router.get("/api/practitioners/{practitioner_id}/delegates")
async def look(request: Request, practitioner_id: Id) -> list[Json]:
    """The delegates of the territory, and whether each acts for the practitioner."""
    house, account = house_of(request), signed_in(request)
    await may_see(house, account, practitioner_id)
    async with house.database.read() as db:
        return await delegates_of(house, account, db, practitioner_id)


@router.post("/api/practitioners/{practitioner_id}/delegates")
async def entrust(request: Request, practitioner_id: Id, body: Entrusting) -> list[Json]:
    """Only the practitioner decides who acts in his or her name; what was done stays done."""
    house, account = house_of(request), signed_in(request)
    await may_see(house, account, practitioner_id)
    known = staff(house.territories).get(body.delegate_id)
    if known is None or known.role is not Role.DELEGATE or known.territory != account.territory:
        raise Problem("unknown_account")
    order = once(account.actor())

    async def decide(db: AsyncConnection, now: datetime) -> list[Event] | Refused:
        return await orders.entrust(order, practitioner_id, body.delegate_id, body.acts, db, now)

    await carry_out(house, order, decide)
    return await look(request, practitioner_id)


async def delegates_of(house: House, account: Account, db: AsyncConnection, practitioner_id: str) -> list[Json]:
    """The delegates of the territory, by name; `acts` = for this practitioner."""
    found = [
        one
        for one in staff(house.territories).values()
        if one.role is Role.DELEGATE and one.territory == account.territory
    ]
    return [
        {
            "id": one.account,
            "name": one.name,
            "acts": practitioner_id in await agendas.delegations(db, one.account),
        }
        for one in sorted(found, key=lambda one: one.name)
    ]
