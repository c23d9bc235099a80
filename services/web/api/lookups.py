"""What may the regulator choose from? Communes, practitioners, and the best slots for a need."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from sqlalchemy.ext.asyncio import AsyncConnection

from availability import members
from availability import store as agendas
from availability.agenda import Practice
from dispatcher.matching.choice import near_best, propose
from dispatcher.matching.eligibility import say_counts
from schemas.territory import Territory
from schemas.values import Role
from services.house import House
from services.web.bodies import Wish
from services.web.entry import need_of
from services.web.problems import Mistake, Problem
from services.web.session import EVERYWHERE, Account, acts_for, house_of, signed_in
from services.web.views import Json, show_commune, show_moment, show_option, show_practitioner

router = APIRouter(tags=["looking up"])

PROPOSED = 3
"""As many as a person compares while on the phone."""


@router.get("/api/communes")
async def communes(
    request: Request,
    q: Annotated[str, Query(max_length=80)],
    limit: Annotated[int, Query(ge=1, le=50)] = 8,
) -> list[Json]:
    """The communes that what was typed may mean, those of the own territory first."""
    house, account = house_of(request), signed_in(request)
    own = frozenset[str]()
    if account.territory != EVERYWHERE:
        own = own_territory(house, account).communes
    return [show_commune(one, own) for one in house.communes.search(q, near=own, limit=limit)]


@router.get("/api/practitioners")
async def practitioners(
    request: Request,
    q: Annotated[str, Query(max_length=80)] = "",
    profession: Annotated[str | None, Query(max_length=8)] = None,
) -> list[Json]:
    """The practitioners of the own territory by name; for an agenda's people, those they act for."""
    house, account = house_of(request), signed_in(request)
    own = None if account.role in (Role.REGULATOR, Role.COORDINATOR) else await acts_for(house, account)
    async with house.database.read() as db:
        if own is None:
            rows = await agendas.find_practitioners(db, account.territory, q, profession or None)
        else:
            rows = list((await agendas.practitioners(db, own)).values())
    return [show_practitioner(row, house.communes) for row in rows]


@router.post("/api/proposals")
async def proposals(request: Request, wish: Wish) -> Json:
    """The best three slots for the need as it stands, or the counted reasons why there is none."""
    house, account = house_of(request), signed_in(request)
    now = house.clock.now()
    territory = own_territory(house, account)
    need = need_of(wish, now=now, territory=territory, communes=house.communes, people=house.seats.people)
    await require_known_practitioner(house, account, wish.usual_practitioner)
    found = propose(need, house.seats, account.territory, now, limit=PROPOSED)
    near = near_best(found.options, need)
    async with house.database.read() as db:
        who = await agendas.practitioners(db, [option.slot.schedule.practitioner_id for option in found.options])
    return {
        "deadline": show_moment(need.deadline),
        "radius_km": need.radius_km,
        "proposals": [
            show_option(option, who, house.communes)
            | {"loses": option.cost - found.options[0].cost, "near_best": option in near}
            for option in found.options
        ],
        "counts": found.counts,
        "nobody": [] if found.options else say_counts(found.counts),
    }


def own_territory(house: House, account: Account) -> Territory:
    """The territory of this account. Raises the problem `unknown_territory` when it is no longer there."""
    territory = house.territories.get(account.territory)
    if territory is None:
        raise Problem("unknown_territory")
    return territory


async def place_of(db: AsyncConnection, practitioner_id: str, key: str | None) -> Practice | None:
    """The practitioner's further place of practice with this key; None, the main one, without a key. Raises the problem
    `invalid` when there is none with it."""
    if key is None:
        return None
    further = await members.practices(db, [practitioner_id])
    found = next((one for one in further.get(practitioner_id, ()) if one.key == key), None)
    if found is None:
        raise Problem("invalid", mistakes=[Mistake("place", "unknown_place")])
    return found


async def require_known_practitioner(house: House, account: Account, practitioner_id: str | None) -> None:
    """Nothing, or the problem `invalid` when no such practitioner works in the own territory."""
    if practitioner_id is None:
        return
    async with house.database.read() as db:
        row = await agendas.practitioner(db, practitioner_id)
    if row is None or row.territory != account.territory:
        raise Problem("invalid", mistakes=[Mistake("usual_practitioner", "unknown_practitioner")])
