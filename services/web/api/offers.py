"""How does a practitioner answer when asked to take a patient? Yes, perhaps at another time, or no."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Request
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncConnection

from availability.orders import could_see
from dispatcher import answers, asked
from dispatcher import store as requests
from dispatcher.offers.offer import OfferRow
from schemas.event import Event, Order
from schemas.offer import OfferAccepted
from schemas.values import Refused, Role
from services.house import House
from services.ids import once
from services.web.api.lookups import own_territory
from services.web.bodies import Body, Id, Line
from services.web.entry import date_mistake, moment_of
from services.web.orders import carry_out
from services.web.problems import Problem
from services.web.session import Account, acts_for, house_of, signed_in
from services.web.views import Json, name_of, show_moment

router = APIRouter(tags=["offers"])


class Yes(Body):
    """`start` in ISO or French words, when it is another time than the one proposed."""

    start: Annotated[Line, Field(max_length=60)] | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of an answer. `late` = somebody else has the patient already, or nobody needs to."""

    outcome: Literal["accepted", "late", "declined"]
    offer: OfferRow


@router.get("/api/offers")
async def waiting(request: Request) -> list[Json]:
    """What waits for an answer of those whose agenda this account keeps. Of the patient: what a slot shows."""
    house, account = house_of(request), signed_in(request)
    async with house.database.read() as db:
        mine = [one for who in await acts_for(house, account) for one in await asked.waiting_for(db, who)]
        about = await requests.requests_of(db, {one.request_id for one in mine})
    return [
        {
            "id": one.offer_id,
            "practitioner_id": one.practitioner_id,
            "start": show_moment(one.start),
            "minutes": one.minutes,
            "mode": one.mode,
            "until": show_moment(one.until),
            "commune": name_of(about[one.request_id].need.place.commune, house.communes),
            "age": about[one.request_id].need.age,
            "hours": about[one.request_id].need.hours,
        }
        for one in mine
    ]


@router.post("/api/offers/{offer_id}/accept")
async def accept(request: Request, offer_id: Id, yes: Yes) -> Json:
    """I take this patient. `late`: thank you, somebody else does."""
    return _show(await say_yes(house_of(request), signed_in(request), offer_id, yes.start))


@router.post("/api/offers/{offer_id}/decline")
async def decline(request: Request, offer_id: Id) -> Json:
    """I do not. It costs nothing."""
    return _show(await say_no(house_of(request), signed_in(request), offer_id))


async def say_yes(house: House, account: Account, offer_id: str, words: str | None) -> Answered:
    """Accept for the practitioner. Raises the problems of a time that cannot be, or that is not free."""
    offer = await _mine(house, account, offer_id)
    start = read_start(house, account, words) if words else offer.start
    order = _order(account, offer)

    async def decide(db: AsyncConnection, now: datetime) -> list[Event] | Refused:
        row = await requests.request(db, offer.request_id)
        if row is not None and offer.state in ("made", "declined"):
            about = (offer.practitioner_id, row.request_id, start, offer.minutes)
            refused = await could_see(*about, row.need.usual_practitioner, row.entered_at, db, now)
            if refused is not None:
                return refused
        return await answers.accept(order, offer_id, start, db, now)

    said = await carry_out(house, order, decide)
    now_it_is = await _mine(house, account, offer_id)
    won = any(isinstance(one, OfferAccepted) for one in said) or now_it_is.state == "accepted"
    return Answered("accepted" if won else "late", now_it_is)


async def say_no(house: House, account: Account, offer_id: str) -> Answered:
    """Decline for the practitioner."""
    order = _order(account, await _mine(house, account, offer_id))
    await carry_out(house, order, lambda db, now: answers.decline(order, offer_id, db, now))
    return Answered("declined", await _mine(house, account, offer_id))


def read_start(house: House, account: Account, words: str) -> datetime:
    """The moment these words mean. Raises the problem `invalid`."""
    try:
        return moment_of(words, now=house.clock.now(), territory=own_territory(house, account))
    except (ValueError, OverflowError) as wrong:
        raise Problem("invalid", mistakes=[date_mistake("start", wrong)]) from None


def _order(account: Account, offer: OfferRow) -> Order:
    return once(account.actor(offer.practitioner_id if account.role is Role.DELEGATE else None))


async def _mine(house: House, account: Account, offer_id: str) -> OfferRow:
    async with house.database.read() as db:
        offer = await asked.offer(db, offer_id)
    if offer is None or offer.practitioner_id not in await acts_for(house, account):
        raise Problem("unknown_offer")
    return offer


def _show(answered: Answered) -> Json:
    return {
        "id": answered.offer.offer_id,
        "outcome": answered.outcome,
        "start": show_moment(answered.offer.start) if answered.outcome == "accepted" else None,
    }
