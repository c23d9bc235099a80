"""How does a browser say that it may be woken, and that it was? Web Push: its subscription, and what it showed."""

import json
from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncConnection

from notifications import subscriptions
from schemas.event import Event
from services.ids import own_order
from services.web.bodies import Body
from services.web.problems import Problem
from services.web.session import house_of, signed_in
from services.web.views import Json

router = APIRouter(tags=["push"])

MessageId = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
Base64 = Annotated[str, Field(pattern=r"^[A-Za-z0-9_=-]{16,120}$")]


class Keys(Body):
    """What only this browser can read is encrypted for these."""

    p256dh: Base64
    auth: Base64


class Subscription(Body):
    """What the browser's pushManager.subscribe() gave."""

    endpoint: Annotated[str, Field(pattern=r"^https?://[^\s]{4,900}$")]
    keys: Keys


class Seen(Body):
    """A notification that was shown, or opened."""

    id: MessageId
    opened: bool = False


@router.get("/api/push")
async def key(request: Request) -> Json:
    """Our public key, for the browser's subscription; null when no push is configured."""
    signed_in(request)
    keys = [getattr(one, "public_key", None) for one in house_of(request).channels.values()]
    return {"key": next((one for one in keys if one), None)}


@router.post("/api/push", status_code=204)
async def subscribe(request: Request, body: Subscription) -> Response:
    """This browser is woken for the account that is signed in."""
    house, account = house_of(request), signed_in(request)
    if not any(one.way == "push" for one in house.channels.values()):
        raise Problem("no_push")
    if not body.endpoint.startswith("https://") and not house.settings.demonstration:
        raise Problem("no_push")  # push services speak https; anything else would be a door into our own net
    person = account.actor().person
    said = json.dumps(body.model_dump())
    box = await house.vault.seal(f"to:{person}", "push", said)

    async def decide(db: AsyncConnection, now: object) -> list[Event]:
        await subscriptions.keep(db, house.vault.digest(body.endpoint), person, box, house.clock.now())
        return []

    await house.mailbox.order(own_order(), decide)
    return Response(status_code=204)


@router.post("/push/seen", status_code=204)
async def seen(request: Request, body: Seen) -> Response:
    """The service worker showed it, or the person opened it. The message's id, which only that browser heard, is the
    right: a session may have ended."""
    house = house_of(request)

    async def decide(db: AsyncConnection, now: object) -> list[Event]:
        await subscriptions.seen(db, body.id, house.clock.now(), opened=body.opened)
        return []

    await house.mailbox.order(own_order(), decide)
    return Response(status_code=204)
