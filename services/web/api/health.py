"""May this process be sent people, and how does it feel? For load balancers and Prometheus, not for people."""

import asyncio
import logging
from datetime import datetime

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.event import Event
from services.house import House
from services.ids import own_order
from services.watch.metrics import exposition
from services.web.session import house_of
from services.web.views import Json

log = logging.getLogger("relais.web")

router = APIRouter(tags=["health"])

WITHIN = 5.0
"""Seconds the database and the mailbox have to answer: a person at the telephone waits no longer."""


@router.get("/healthz")
async def alive() -> Json:
    """The process lives. Nothing else is asked: whoever restarts it for another's fault makes things worse."""
    return {"ok": True}


@router.get("/readyz")
async def ready(request: Request, response: Response) -> Json:
    """Whether a request can be entered here: the database and the mailbox answer.

    NATS away is `degraded`, not unready: requests are entered all the same, and their facts wait in the outbox.
    """
    house = house_of(request)
    enters, bus = await _commits(house), house.facts.connected
    response.status_code = 200 if enters else 503
    status = "ready" if enters and bus else "degraded" if enters else "unready"
    return {"status": status, "database": enters, "mailbox": enters, "bus": bus}


@router.get("/metrics")
async def metrics(request: Request) -> Response:
    """Figures as Prometheus text: for an operator, or for a program on this machine."""
    return Response(await exposition(house_of(request)), media_type=CONTENT_TYPE_LATEST)


async def _commits(house: House) -> bool:
    """One empty order, through the mailbox like a person's, which reads the database."""

    async def nothing(db: AsyncConnection, now: datetime) -> list[Event]:
        return []

    try:
        async with asyncio.timeout(WITHIN):
            order = own_order()
            await house.mailbox.order(order, nothing)
    except (SQLAlchemyError, OSError) as away:  # a time-out is an OSError
        log.error("nothing can be entered: %s", type(away).__name__)
        return False
    return True
