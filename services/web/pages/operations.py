"""What does the one who runs the machines see? The outbox, what was set aside, the state of the bus."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from notifications import store as notices
from services.storage import aside
from services.traffic import standing
from services.watch.alarms import open_alarms
from services.web.pages.frame import frame
from services.web.pages.story import open_messages
from services.web.render import page
from services.web.session import EVERYWHERE, house_of, signed_in

router = APIRouter()

MOST = 100


@router.get("/messages", response_class=HTMLResponse)
async def messages(request: Request) -> HTMLResponse:
    """The console channel's outbox, each message as it would look on a phone."""
    return page("messages.html", **await _outbox(request))


@router.get("/messages/list", response_class=HTMLResponse)
async def message_list(request: Request) -> HTMLResponse:
    """The part that changes by itself."""
    return page("messages/list.html", **await _outbox(request))


@router.get("/operations", response_class=HTMLResponse)
async def operations(request: Request) -> HTMLResponse:
    """The operator's page."""
    return page("operations.html", **await _state(request))


@router.get("/operations/state", response_class=HTMLResponse)
async def state(request: Request) -> HTMLResponse:
    """The part that changes by itself."""
    return page("operations/state.html", **await _state(request))


async def _outbox(request: Request) -> dict[str, Any]:
    account, house = signed_in(request), house_of(request)
    where = None if account.territory == EVERYWHERE else account.territory
    async with house.database.read() as db:
        rows = await notices.messages(db, where, MOST)
    return frame(request, account) | {"messages": await open_messages(house, rows)}


async def _state(request: Request) -> dict[str, Any]:
    account, house = signed_in(request), house_of(request)
    async with house.database.read() as db:
        rows = await aside.listing(db, MOST)
        raised = await open_alarms(db, MOST)
        recent = await notices.messages(db, None, 1000)
    counts = {
        "alarmes en cours": len(raised),
        "messages mis de côté": len(rows),
        "messages qui attendent leur heure": sum(one.state in ("due", "claimed") for one in recent),
        "messages sans réponse du réseau": sum(one.state == "ambiguous" for one in recent),
        "territoires ouverts": len(house.territories),
    }
    return frame(request, account) | {
        "queue_words": {"due": "attendent leur tour", "claimed": "en train de partir", "ambiguous": "sans réponse"},
        "traffic": await standing(house),
        "bus_up": house.facts.connected,
        "bus_since": house.facts.since,
        "aside": rows,
        "alarms": raised,
        "headline": [{"label": label, "value": str(value)} for label, value in counts.items()],
    }
