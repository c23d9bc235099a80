"""Is everything going well? Messages, figures, and the health of this process."""

import logging
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy.exc import SQLAlchemyError

from dispatcher import store
from dispatcher.views import figures
from notifications import store as outbox
from services.bus.relay import unpublished
from services.house import House
from services.traffic import standing
from services.web.access import territories_seen
from services.web.api.slots import period
from services.web.session import house_of, signed_in
from services.web.views import Json, show_figures, show_message, show_moment

log = logging.getLogger("relais.web")

router = APIRouter(tags=["oversight"])

Where = Annotated[str | None, Query(max_length=60)]
When = Annotated[str | None, Query(max_length=60)]


@router.get("/api/messages")
async def messages(
    request: Request, limit: Annotated[int, Query(ge=1, le=500)] = 100, territory: Where = None
) -> list[Json]:
    """What was written to whom, the latest first, opened."""
    house, account = house_of(request), signed_in(request)
    rows = []
    async with house.database.read() as db:
        for one in territories_seen(request, account, territory):
            rows += await outbox.messages(db, one, limit)
    rows = sorted(rows, key=lambda row: row.send_after, reverse=True)[:limit]
    bodies = await house.vault.open_many([row.body for row in rows])
    numbers = await house.vault.open_many([row.to for row in rows])
    return [show_message(*shown) for shown in zip(rows, bodies, numbers, strict=True)]


@router.get("/api/traffic")
async def traffic(request: Request) -> Json:
    """How messages stand: queues, providers and their health, what nobody answered, segments and cost of each day."""
    return await standing(house_of(request))


@router.get("/api/figures")
async def count(request: Request, since: When = None, until: When = None, territory: Where = None) -> Json:
    """What happened to the requests entered in [since, until): today until now, unless said otherwise."""
    house, account = house_of(request), signed_in(request)
    seen, now = territories_seen(request, account, territory), house.clock.now()
    place = house.territories[seen[0]]
    midnight = now.astimezone(place.tz).replace(hour=0, minute=0, second=0, microsecond=0)
    first, last = period(since, until, (midnight, now), now, place)
    rows = []
    async with house.database.read() as db:
        for one in seen:
            rows += await store.entered_between(db, one, first, last)
    return {
        "since": show_moment(first),
        "until": show_moment(last),
        **show_figures(figures(rows, now), house.communes),
    }


@router.get("/health")
async def health(request: Request, response: Response) -> Json:
    """Whether a request can be entered now. The bus may be down: then facts wait, and nothing is lost."""
    house = house_of(request)
    waiting = await _waiting(house)
    response.status_code = 200 if waiting is not None else 503
    return {
        "ok": waiting is not None,
        "bus": house.facts.connected,
        "database": waiting is not None,
        "outbox_waiting": waiting,
        "now": show_moment(house.clock.now()),
        "speed": house.clock.speed,
    }


async def _waiting(house: House) -> int | None:
    """How many facts have not left yet; None when the database does not answer."""
    try:
        async with house.database.read() as db:
            return await unpublished(db)
    except (SQLAlchemyError, OSError) as error:
        log.error("the database does not answer: %s", type(error).__name__)
        return None
