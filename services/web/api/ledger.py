"""Who was asked and who saw whom, week by week? Everybody sees the own week, the coordinator everybody's."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request
from sqlalchemy.ext.asyncio import AsyncConnection

from availability import store as agendas
from availability.store import PractitionerRow
from schemas.values import Role
from services.house import House
from services.web import ledger
from services.web.api.lookups import own_territory
from services.web.session import Account, acts_for, house_of, signed_in, staff
from services.web.views import Json, show_moment

router = APIRouter(tags=["ledger"])

MOST_PEOPLE = 2_000


@router.get("/api/ledger")
async def week(request: Request, back: Annotated[int, Query(ge=0, le=520)] = 0) -> Json:
    """One week (`back` weeks before this one): offers and answers, visits, acts against the cap, and their receipts."""
    house, account = house_of(request), signed_in(request)
    async with house.database.read() as db:
        found = await ledger_for(house, account, db, back)
    return {
        "since": show_moment(found.since),
        "until": show_moment(found.until),
        "practitioners": [asdict(line) for line in found.lines],
        "receipts": [
            asdict(one) | {"start": show_moment(one.start), "regulated_at": show_moment(one.regulated_at)}
            for one in found.receipts
        ],
    }


@router.get("/api/use")
async def use(request: Request, back: Annotated[int, Query(ge=0, le=120)] = 0) -> Json:
    """One month (`back` months before this one): of the seats that were opened and are over, how many were used."""
    house, account = house_of(request), signed_in(request)
    async with house.database.read() as db:
        since, until, found = await use_for(house, account, db, back)
    return {
        "since": show_moment(since),
        "until": show_moment(until),
        "practitioners": [asdict(line) | {"unused_share": round(line.unused_share, 4)} for line in found],
    }


async def use_for(
    house: House, account: Account, db: AsyncConnection, back: int = 0
) -> tuple[datetime, datetime, list[ledger.UseLine]]:
    """The month and what this account may see of it, the most offered first."""
    now, zone = house.clock.now(), own_territory(house, account).tz
    since, until = ledger.month_of(now, zone, back)
    people = await _people(house, account, db)
    return since, until, await ledger.use(db, people, since, min(until, now))


async def ledger_for(house: House, account: Account, db: AsyncConnection, back: int = 0) -> ledger.Ledger:
    """What this account may see of a week."""
    since, until = ledger.week_of(house.clock.now(), own_territory(house, account).tz, back)
    return await ledger_of(house, db, await _people(house, account, db), since, until)


async def ledger_of(
    house: House, db: AsyncConnection, people: Sequence[PractitionerRow], since: datetime, until: datetime
) -> ledger.Ledger:
    """The ledger of these practitioners in [since, until), with the names of those who regulated."""
    regulators = {one.account: one.name for one in staff(house.territories).values()}
    return await ledger.ledger(db, people, since, until, regulators)


async def _people(house: House, account: Account, db: AsyncConnection) -> list[PractitionerRow]:
    if account.role is Role.COORDINATOR:
        return await agendas.find_practitioners(db, account.territory, limit=MOST_PEOPLE)
    return list((await agendas.practitioners(db, await acts_for(house, account))).values())
