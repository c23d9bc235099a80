"""What does the dispatcher do when somebody answers an offer, or agrees by phone? Decide who takes the patient."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from dispatcher import asked, asking, members, store
from dispatcher.asking import ASKED
from dispatcher.life import LOOK_AGAIN, PLACED, TERMINAL, WAITING, State, Timer, Wake
from dispatcher.offers.offer import OfferRow
from dispatcher.offers.start import MINUTES
from dispatcher.store import Desk
from dispatcher.views import RequestRow
from schemas.event import Event, Order, derived_id
from schemas.offer import Circle, OfferAccepted, OfferDeclined
from schemas.values import Mode, Refused

EXTRA_RING = 99
"""Those who were phoned stand after all rings."""


async def accept(
    order: Order, offer_id: str, start: datetime | None, db: AsyncConnection, now: datetime
) -> list[Event] | Refused:
    """The practitioner takes the patient, at the time proposed or at `start`: [OfferAccepted]. Too late = no such fact:
    the answer is noted, and harms nobody."""
    desk = Desk(db)
    row, offer = await _both(offer_id, desk)
    if row is None or offer is None:
        return Refused(code="unknown_offer")
    if offer.state == "accepted":
        return []
    if row.state not in WAITING or row.pending or now >= row.need.deadline or offer.state == "ended":
        return await _too_late(order, offer, row, desk, now)
    start = start or offer.start
    if wrong := _wrong_time(row, start, now):
        return wrong
    return await _take(order, row, offer, start, desk, now, by_phone=False)


async def decline(order: Order, offer_id: str, db: AsyncConnection, now: datetime) -> list[Event] | Refused:
    """The practitioner does not take the patient. When nobody is left who might, the next ring is asked at once."""
    desk = Desk(db)
    row, offer = await _both(offer_id, desk)
    if row is None or offer is None:
        return Refused(code="unknown_offer")
    if offer.state == "accepted":
        return Refused(code="offer_accepted")
    if offer.state != "made":
        return []
    await asked.change(db, offer_id, state="declined", answer="no", answered_at=now)
    if row.state in ASKED and not row.pending and not await asked.open_of(db, row.request_id):
        await store.add_timers(db, row.request_id, [Timer(Wake.RING, min(now, row.need.deadline))])
    named = {"offer_id": offer_id, "request_id": row.request_id, "practitioner_id": offer.practitioner_id}
    return [OfferDeclined.after(order, now, territory=row.territory, **named)]


async def agree(
    order: Order,
    request_id: str,
    practitioner_id: str,
    start: datetime,
    mode: Mode,
    db: AsyncConnection,
    now: datetime,
) -> list[Event] | Refused:
    """The regulator phoned somebody of the extra list who takes the patient at `start`: the same as an acceptance."""
    desk = Desk(db)
    row = await desk.load(request_id)
    if row is None or row.state in TERMINAL:
        return Refused(code="unknown_request" if row is None else "already_closed")
    if row.state in PLACED or row.pending:
        return Refused(code="already_booked")
    if start <= now:
        return Refused(code="time_past")
    said = await members.described(db, practitioner_id)
    if said is None or not said.terms.extra:
        return Refused(code="not_to_be_phoned")
    offer_id = asked.offer_id(request_id, practitioner_id)
    offer = await asked.offer(db, offer_id) or OfferRow(
        offer_id, request_id, practitioner_id, row.territory, EXTRA_RING, Circle.EXTRA, "made", None, None, None, mode,
        start, MINUTES, now, row.need.deadline, None,
    )  # fmt: skip
    return await _take(order, row, offer, start, desk, now, by_phone=True)


async def _take(
    order: Order, row: RequestRow, offer: OfferRow, start: datetime, desk: Desk, now: datetime, *, by_phone: bool
) -> list[Event] | Refused:
    choice = row.choice + 1
    slot_id = derived_id(offer.offer_id, "slot", str(choice))
    await asked.agree(desk.db, offer, row.need.profession, start, now)
    why = "un praticien l’a accepté par téléphone" if by_phone else "un praticien sollicité a accepté"
    fields = {"choice": choice, "pending": slot_id, "unmatched": False, "reasons": (why,), "others": ()}
    state = State.OFFERING if row.state is State.SEEKING else row.state
    await desk.change(row, **fields, state=state, interactive=row.interactive or by_phone)
    await store.add_timers(desk.db, row.request_id, [Timer(Wake.RING, now + LOOK_AGAIN)])
    return [
        OfferAccepted.after(
            order, now, territory=row.territory, offer_id=offer.offer_id, request_id=row.request_id,
            practitioner_id=offer.practitioner_id, slot_id=slot_id, choice=choice, start=start, minutes=offer.minutes,
            mode=offer.mode, usual_practitioner=row.need.usual_practitioner, regulated_at=row.entered_at,
            by_phone=by_phone,
        )
    ]  # fmt: skip


async def _both(offer_id: str, desk: Desk) -> tuple[RequestRow | None, OfferRow | None]:
    """The offer and its request, which is locked first: whoever comes second sees what the first one did."""
    offer = await asked.offer(desk.db, offer_id)
    if offer is None:
        return None, None
    row = await desk.load(offer.request_id)
    return row, await asked.offer(desk.db, offer_id)


async def _too_late(order: Order, offer: OfferRow, row: RequestRow, desk: Desk, now: datetime) -> list[Event]:
    if offer.answer is None:
        await asked.change(desk.db, offer.offer_id, answer="yes", answered_at=now)
    if offer.state != "made" or row.pending:  # it has been said, or will be when the seat is booked
        return []
    cause = order.model_copy(update={"territory": row.territory})
    return [await asking.end(cause, offer, "too_late", desk, now)]


def _wrong_time(row: RequestRow, start: datetime, now: datetime) -> Refused | None:
    if start <= now:
        return Refused(code="time_past")
    if start > row.need.deadline:
        return Refused(code="after_deadline", about={"deadline": row.need.deadline.isoformat()})
    return Refused(code="before_window") if start < row.need.earliest else None
