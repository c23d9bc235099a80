"""What do providers of messages tell us later? Receipts and pressed keys, at a door that only they know how to open."""

import contextlib
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from dispatcher.orders import acknowledge
from notifications import store as notices
from notifications.outcome import Reply
from schemas.event import Order, derived_id
from schemas.values import Actor, Role
from services.house import House
from services.taking_in import take_in
from services.web.problems import Problem
from services.web.session import house_of

router = APIRouter(tags=["hooks"])

Provider = Annotated[str, Path(pattern=r"^[a-z0-9-]{1,20}$")]


@router.get("/hooks/{provider}", status_code=204)
@router.post("/hooks/{provider}", status_code=204)
async def hook(request: Request, provider: Provider) -> Response:
    """A call back of a provider: JSON, a form, or a query (also by GET, as OVH calls). Answered when it is written
    down; otherwise it is said again."""
    house = house_of(request)
    read = getattr(house.channels.get(provider), "read", None)
    said: dict[str, object] = dict(request.query_params)
    if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        said |= {name: value for name, value in (await request.form()).items() if isinstance(value, str)}
    else:
        with contextlib.suppress(ValueError):  # everything may stand in the query
            body = await request.json()
            said |= body if isinstance(body, dict) else {}
    heard = read(said) if read is not None else None
    if heard is None:
        raise Problem("unknown_hook")
    if heard:
        await take_in(house.mailbox, house.vault, house.clock, house.channels, house.territories, provider, heard)
    for one in heard:
        if isinstance(one, Reply) and one.acknowledges:
            await _in_hand(house, one.acknowledges)
    return Response(status_code=204)


async def _in_hand(house: House, message_id: str) -> None:
    """Who pressed the key of an alert about a request has it in hand: nobody else is woken. One that ended meanwhile,
    or is in hand already, stays as it is."""
    async with house.database.read() as db:
        message = await notices.message(db, message_id)
    if message is None or message.kind != "escalated":
        return
    actor = Actor(person=message.recipient_id, role=Role.REGULATOR, territory=message.territory)
    order = Order(id=derived_id(message_id, "in hand"), territory=message.territory, actor=actor)
    once = house.vault.digest(message_id)  # a key that is pressed, or told, twice is one
    await house.mailbox.order(order, lambda db, now: acknowledge(order, message.request_id, db, now), fingerprint=once)
