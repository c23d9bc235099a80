"""Who was asked about a request, and whom may one phone? The regulator looks, phones, and types the time agreed."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncConnection

from availability.orders import could_see
from dispatcher import answers
from dispatcher import store as requests
from dispatcher.offers.start import MINUTES
from schemas.event import Event
from schemas.values import Mode, Refused
from services.ids import once
from services.web.api.offers import read_start
from services.web.api.requests import RequestId, require_own
from services.web.asking import asking_of
from services.web.bodies import Body, Id, Line
from services.web.orders import carry_out
from services.web.session import acts_for, house_of, signed_in
from services.web.views import Json, show_moment, show_number

router = APIRouter(tags=["offers"])


class Agreement(Body):
    """Somebody of the extra list takes the patient: who, and when, in ISO or French words."""

    practitioner_id: Id
    start: Annotated[Line, Field(max_length=60)]
    mode: Mode | None = None


@router.get("/api/requests/{request_id}/asked")
async def look(request: Request, request_id: RequestId) -> Json:
    """Who was asked and answered, ring by ring; who comes next; whom one may phone, with the number."""
    house, account = house_of(request), signed_in(request)
    async with house.database.read() as db:
        row = require_own(await requests.request(db, request_id), account, await acts_for(house, account))
        asking = await asking_of(house, db, row)
    shown: Json = _plain(asdict(asking))
    for one in shown["extra"]:
        one["number"] = show_number(one["number"])
    return shown


@router.post("/api/requests/{request_id}/agree")
async def agree(request: Request, request_id: RequestId, agreement: Agreement) -> Json:
    """The same as when a practitioner accepts an offer."""
    house, account = house_of(request), signed_in(request)
    async with house.database.read() as db:
        row = require_own(await requests.request(db, request_id), account, await acts_for(house, account))
    start = read_start(house, account, agreement.start)
    who, mode = agreement.practitioner_id, agreement.mode or row.need.modes[0]
    order = once(account.actor())

    async def decide(db: AsyncConnection, now: datetime) -> list[Event] | Refused:
        about = (who, request_id, start, MINUTES)
        refused = await could_see(*about, row.need.usual_practitioner, row.entered_at, db, now)
        return refused or await answers.agree(order, request_id, who, start, mode, db, now)

    await carry_out(house, order, decide)
    return {"id": request_id, "state": "accepted", "start": show_moment(start)}


def _plain(value: Any) -> Any:
    """Moments as ISO 8601, tuples as lists."""
    if isinstance(value, datetime):
        return show_moment(value)
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value
