"""Who is asked in a test, how do they answer, and what does availability say to that?"""

from datetime import datetime
from typing import Any

from dispatcher import asked
from dispatcher.offers.offer import OfferRow
from schemas.offer import OfferAccepted, OfferMade
from schemas.practitioner import PractitionerDescribed, Terms
from schemas.request import Need
from schemas.slot import SlotBooked, SlotLost
from schemas.values import Place, Role, SlotState
from tests.builders import (
    GAILLAC,
    MONDAY,
    TARN,
    a_need,
    an_order,
    somebody,
)
from tests.dispatcher.room import Dispatcher

WILLING = Terms(offers=True)
USUAL_FIRST = a_need(usual_practitioner="usual")


def described(
    name: str, terms: Terms = WILLING, place: Place = GAILLAC, territory: str = TARN, version: int = 1
) -> PractitionerDescribed:
    order = an_order(somebody(Role.PRACTITIONER, name, territory), territory=territory)
    return PractitionerDescribed.after(
        order, MONDAY, key=f"{name}:{version}", practitioner_id=name, profession="10", place=place, terms=terms,
        version=version,
    )  # fmt: skip


def offer_to(name: str, request_id: str = "req-1") -> str:
    return asked.offer_id(request_id, name)


def answering(name: str) -> Any:
    return an_order(somebody(Role.PRACTITIONER, name))


def booked(accepted: OfferAccepted) -> SlotBooked:
    """Availability opened and booked the time."""
    return SlotBooked.after(
        accepted, MONDAY, request_id=accepted.request_id, slot_id=accepted.slot_id, choice=accepted.choice,
        practitioner_id=accepted.practitioner_id, start=accepted.start, minutes=15, mode=accepted.mode, place=GAILLAC,
        state=SlotState(version=2, free=0),
    )  # fmt: skip


def not_free(accepted: OfferAccepted) -> SlotLost:
    return SlotLost.after(
        accepted, MONDAY, request_id=accepted.request_id, slot_id=accepted.slot_id, choice=accepted.choice, why="taken"
    )


async def offers(room: Dispatcher, request_id: str = "req-1") -> dict[str, OfferRow]:
    async with room.database.read() as db:
        return {one.practitioner_id: one for one in await asked.all_of(db, request_id)}


async def asking(room: Dispatcher, *names: str, need: Need | None = None, now: datetime = MONDAY) -> list[OfferMade]:
    """These are known, a request comes, and no seat is open: who is asked."""
    await room.hear(*(described(name) for name in names))
    return [one for one in await room.enter(need=need, now=now) if isinstance(one, OfferMade)]
