"""Who wrote from a number that nobody knows, and who has dealt with it? For the regulation of the territory."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request

from notifications import strangers
from services.ids import once
from services.web.orders import carry_out
from services.web.session import house_of, signed_in
from services.web.strangers import MOST, waiting_for
from services.web.views import Json, show_moment

router = APIRouter(tags=["messages"])

ReplyId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]


@router.get("/api/strangers")
async def listing(request: Request, limit: Annotated[int, Query(ge=1, le=200)] = MOST) -> Json:
    """The SMS of unknown numbers that wait to be read, opened, oldest first."""
    found = await waiting_for(house_of(request), signed_in(request).territory, limit)
    waiting = [{"id": one.id, "at": show_moment(one.at), "text": one.text, "phone": one.phone} for one in found.sms]
    return {"total": found.total, "waiting": waiting}


@router.post("/api/strangers/{reply_id}/answered")
async def answered(request: Request, reply_id: ReplyId) -> Json:
    """I have dealt with it: it waits no more. Refused as `unknown_message` where it waits for nobody."""
    house, order = house_of(request), once(signed_in(request).actor())
    await carry_out(house, order, lambda db, now: strangers.answered(order, reply_id, db, now))
    return {"id": reply_id, "state": "answered"}
