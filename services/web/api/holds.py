"""How is a seat kept while the regulator talks? Asked and answered at once, with or without the bus."""

from datetime import datetime

from fastapi import APIRouter, Request
from pydantic import AwareDatetime
from sqlalchemy.ext.asyncio import AsyncConnection

from availability import orders as agendas
from availability import store as agenda_store
from dispatcher import store as requests
from dispatcher.matching.choice import consider, near_best, propose
from schemas.event import Event
from schemas.request import Why
from schemas.slot import SlotHeld, SlotLost
from schemas.values import Mode, Refused
from services.house import House
from services.ids import once
from services.web.api.lookups import own_territory
from services.web.bodies import Body, DraftId, Id, Wish
from services.web.entry import need_of
from services.web.orders import carry_out
from services.web.problems import Problem
from services.web.session import Account, house_of, signed_in
from services.web.views import Json, show_moment

router = APIRouter(tags=["holds"])

_LOST = {"taken": "slot_taken", "closed": "slot_closed", "past": "slot_past", "unknown": "unknown_slot"}


class Hold(Body):
    """Keep a seat of this slot for a draft; the draft's earlier hold is given back.

    `wish` is what is known of the need by now: a slot that is far from the best for it wants a `why`. `start`: the
    seat that was proposed, of a slot of several.
    """

    request_id: DraftId
    slot_id: Id
    mode: Mode = Mode.OFFICE
    wish: Wish | None = None
    why: Why | None = None
    start: AwareDatetime | None = None


class Release(Body):
    """Give the draft's seat back."""

    request_id: DraftId


@router.post("/api/holds")
async def hold(request: Request, body: Hold) -> Json:
    """Held, until when; or the problem `slot_taken`, `slot_closed`, `slot_past`, `unknown_slot`, `far_from_best`."""
    house, account = house_of(request), signed_in(request)
    if body.wish is not None and body.why is None:
        require_near_best(house, account, body.wish, body.slot_id)
    order = once(account.actor())

    async def decide(db: AsyncConnection, now: datetime) -> list[Event] | Refused:
        await require_own_draft(db, body.request_id, account.territory)
        slot = await agenda_store.slot(db, body.slot_id)
        if slot is None or slot.territory != account.territory:
            return Refused(code="unknown_slot")
        return await agendas.hold_seat(order, body.request_id, body.slot_id, body.mode, db, now, body.start)

    facts = await carry_out(house, order, decide)
    held = next((fact for fact in facts if isinstance(fact, SlotHeld)), None)
    if held is not None:
        return {"state": "held", "start": show_moment(held.start), "until": show_moment(held.until)}
    lost = next((fact for fact in facts if isinstance(fact, SlotLost)), None)
    raise Problem(_LOST[lost.why] if lost else "slot_taken")


@router.post("/api/holds/release")
async def release(request: Request, body: Release) -> Json:
    """Given back; a draft without a hold is none the worse for it."""
    house, account = house_of(request), signed_in(request)
    order = once(account.actor())

    async def decide(db: AsyncConnection, now: datetime) -> list[Event] | Refused:
        await require_own_draft(db, body.request_id, account.territory)
        return await agendas.release_hold(order, body.request_id, db, now)

    await carry_out(house, order, decide)
    return {"state": "released"}


def require_near_best(house: House, account: Account, wish: Wish, slot_id: str) -> None:
    """Nothing, or the problem `far_from_best`: what one patient gains by choosing freely, the others lose."""
    now, territory = house.clock.now(), own_territory(house, account)
    need = need_of(wish, now=now, territory=territory, communes=house.communes, people=house.seats.people)
    slot = house.seats.get(slot_id)
    chosen = consider(need, slot, house.seats, now, territory=account.territory) if slot else None
    best = propose(need, house.seats, account.territory, now, limit=1).options
    if chosen is not None and best and len(near_best((*best, chosen), need)) < 2:
        raise Problem("far_from_best", about={"minutes": str(chosen.cost - best[0].cost)})


async def require_own_draft(db: AsyncConnection, request_id: str, territory: str) -> None:
    """A draft is known to nobody else; a request of another territory is refused as `unknown_request`."""
    row = await requests.request(db, request_id)
    if row is not None and row.territory != territory:
        raise Problem("unknown_request")
