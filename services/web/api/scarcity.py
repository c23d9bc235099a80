"""Where would one seat more help most, and where will seats be short? As last worked out for the own territory."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from dispatcher import scarcity
from schemas.scarcity import Scarcity
from services.web.scarcity import show_price, show_shortage
from services.web.session import house_of, signed_in
from services.web.views import Json, show_moment

router = APIRouter(tags=["scarcity"])

Code = Annotated[str | None, Query(max_length=8)]


@router.get("/api/scarcity")
async def last(
    request: Request,
    profession: Code = None,
    commune: Code = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 20,
) -> Json:
    """The highest prices of the hours to come, of one profession or in one commune if asked for, and the shortage of
    24 h from `at` on by profession. `at` is null while nothing was worked out; an hour that is not there is worth 0."""
    house, account = house_of(request), signed_in(request)
    async with house.database.read() as db:
        found = await scarcity.latest(db, account.territory)
    at, known = found or (None, Scarcity())
    now = house.clock.now()
    prices = [
        one
        for one in known.prices
        if one.hour > now and profession in (None, one.profession) and commune in (None, one.commune)
    ]
    return {
        "at": show_moment(at),
        "prices": [show_price(one, house.communes) for one in prices[:limit]],
        "shortages": [show_shortage(one) for one in known.shortages],
        "too_little_history": list(known.unknown),
    }
