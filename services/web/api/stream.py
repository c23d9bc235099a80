"""How is a stream that was lost said again? From the outbox, by an operator."""

from fastapi import APIRouter, Request
from pydantic import AwareDatetime

from services.bus.upkeep import republish
from services.web.bodies import Body
from services.web.session import house_of
from services.web.views import Json

router = APIRouter(tags=["upkeep"])


class Again(Body):
    """From when on; left out = all that the outbox has."""

    since: AwareDatetime | None = None


@router.post("/api/republish")
async def say_again(request: Request, again: Again) -> Json:
    """Let the facts recorded since then be published again; who has dealt with one does nothing the second time."""
    house = house_of(request)
    return {"facts": await republish(house.database, house.mailbox, again.since)}
