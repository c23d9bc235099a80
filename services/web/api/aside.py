"""What may an operator do with a message set aside? See it, open it, have it dealt with again, drop it."""

import logging
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from pydantic import Field

from schemas.event import Event
from schemas.sealed import Erased
from schemas.values import Refused
from services.run import readers
from services.storage import aside
from services.storage.aside import AsideRow
from services.web.bodies import Body, Text
from services.web.problems import Problem, refusal
from services.web.session import house_of, signed_in
from services.web.views import Json, show_moment

log = logging.getLogger("relais.web")

router = APIRouter(tags=["aside"])

AsideId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]


class Dropping(Body):
    """Why it is not to be dealt with."""

    why: Annotated[Text, Field(min_length=3, max_length=300)]


@router.get("/api/aside")
async def listing(request: Request, limit: Annotated[int, Query(ge=1, le=500)] = 100) -> list[Json]:
    """The messages set aside, the latest first, closed."""
    async with house_of(request).database.read() as db:
        return [_shown(row) for row in await aside.listing(db, limit)]


@router.get("/api/aside/{aside_id}")
async def show(request: Request, aside_id: AsideId) -> Json:
    """One of them with its body opened: it may hold personal data."""
    house, account = house_of(request), signed_in(request)
    async with house.database.read() as db:
        row = await aside.find(db, aside_id)
    if row is None:
        raise Problem("unknown_aside")
    try:
        body = await house.vault.open(row.body)
    except Erased:
        raise Problem("aside_erased") from None
    log.warning("%s opened the message set aside %s", account.account, aside_id)
    return _shown(row) | {"body": body}


@router.post("/api/aside/{aside_id}/replay")
async def replay(request: Request, aside_id: AsideId) -> Json:
    """Let its reader deal with it now."""
    house, actor = house_of(request), signed_in(request).actor()
    said = await aside.replay(house.database, house.mailbox, house.vault, readers(house), aside_id, actor)
    return _done(aside_id, "replayed", said)


@router.post("/api/aside/{aside_id}/drop")
async def drop(request: Request, aside_id: AsideId, dropping: Dropping) -> Json:
    """It is not to be dealt with."""
    house, actor = house_of(request), signed_in(request).actor()
    said = await aside.drop(house.database, house.mailbox, house.vault, aside_id, dropping.why, actor)
    return _done(aside_id, "dropped", said)


def _done(aside_id: str, state: str, said: list[Event] | Refused) -> Json:
    if isinstance(said, Refused):
        raise refusal(said)
    return {"id": aside_id, "state": state, "facts": [fact.subject for fact in said]}


def _shown(row: AsideRow) -> Json:
    return {
        "id": row.id,
        "reader": row.reader,
        "topic": row.topic,
        "error": row.error,
        "tries": row.tries,
        "at": show_moment(row.at),
        "about": row.about,
    }
