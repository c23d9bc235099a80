"""What passes right now, for the one who watches? Server-Sent Events, of one's own business only."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse

from availability import store as agendas
from schemas.event import Event
from services.house import House
from services.web.api.requests import is_regulation
from services.web.session import EVERYWHERE, Account, acts_for, house_of, signed_in

router = APIRouter(tags=["events"])

HEARTBEAT = 10.0  # seconds; below the half minute after which proxies cut a silent connection
LOOK = 2.0  # seconds between two looks at the bus
LONGEST = 30 * 60.0  # seconds; the browser comes back by itself, and its session is looked at again
RETRY = 1000  # milliseconds the browser waits before it comes back
AGENDA_BACK, AGENDA_AHEAD = timedelta(days=1), timedelta(days=92)


class Viewer:
    """What one viewer may hear of: a territory (or all), or what names some practitioners, and their slots."""

    def __init__(self, territory: str, practitioners: list[str] | None = None) -> None:
        self._territory = territory
        self._practitioners = None if practitioners is None else frozenset(practitioners)
        self._slots: set[str] = set()

    def know(self, slot_ids: set[str]) -> None:
        """These slots are the viewer's own."""
        self._slots |= slot_ids

    def shows(self, fact: Event) -> bool:
        """Whether the fact is of the viewer's business."""
        own = self._territory in (EVERYWHERE, fact.territory)
        if self._practitioners is None:
            return own
        slot_id = getattr(fact, "slot_id", None)
        if getattr(fact, "practitioner_id", None) in self._practitioners:
            if slot_id:
                self._slots.add(slot_id)
            return True
        return own and slot_id is not None and slot_id in self._slots


@router.get("/api/events", response_class=StreamingResponse)
async def watch(request: Request) -> StreamingResponse:
    """The facts as they pass: `id` the stream's sequence, `event` the subject, `data` ids and time.

    The first event is `live`: read the present state then. `bus` says when our own connection is cut or back.
    """
    house = house_of(request)
    viewer = await viewer_of(house, signed_in(request))
    return StreamingResponse(stream(house, viewer), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


async def viewer_of(house: House, account: Account) -> Viewer:
    """What this account may hear of."""
    if account.territory == EVERYWHERE or is_regulation(account):
        return Viewer(account.territory)
    mine, now = await acts_for(house, account), house.clock.now()
    viewer = Viewer(account.territory, mine)
    async with house.database.read() as db:
        for one in mine:
            slots = await agendas.agenda(db, one, now - AGENDA_BACK, now + AGENDA_AHEAD)
            viewer.know({slot.slot_id for slot in slots})
    return viewer


async def stream(house: House, viewer: Viewer) -> AsyncIterator[str]:
    """The text of the stream. It ends when the viewer is too slow or has watched for long: it reconnects."""
    loop = asyncio.get_running_loop()
    started = spoke = loop.time()
    async with house.facts.listen() as queue:
        connected = house.facts.connected
        yield f"retry: {RETRY}\n" + _say("live", _bus(house))
        while loop.time() - started < LONGEST:
            said = ""
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK):
                    passed = await queue.get()
                if passed is None:
                    return
                sequence, fact = passed
                if viewer.shows(fact):
                    said = f"id: {sequence}\n" + _say(fact.subject, _ids(fact))
            if house.facts.connected != connected:
                connected = house.facts.connected
                said += _say("bus", _bus(house))
            if not said and loop.time() - spoke >= HEARTBEAT:
                said = ": here\n\n"
            if said:
                spoke = loop.time()
                yield said


def _say(name: str, data: dict[str, Any]) -> str:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n"


def _bus(house: House) -> dict[str, Any]:
    since = house.facts.since
    return {
        "bus": house.facts.connected,
        "since": since.isoformat() if since else None,
        "at": house.clock.now().isoformat(),
    }


def _ids(fact: Event) -> dict[str, Any]:
    """Ids and the time: what is personal is asked for by those who may."""
    said = {"territory": fact.territory, "at": fact.at.isoformat()}
    for name in ("request_id", "slot_id"):
        if known := getattr(fact, name, None):
            said[name] = known
    return said
