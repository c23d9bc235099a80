"""Whom do we ask next, and when is everybody told that it is over? The steps of the offers."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncConnection

from dispatcher import asked, store
from dispatcher.life import State, Timer, Wake
from dispatcher.matching.seats import OpenSeats
from dispatcher.matching.travel import distance_km
from dispatcher.offers.offer import OfferRow
from dispatcher.offers.people import Known
from dispatcher.offers.person import Ask, Asked, Person
from dispatcher.offers.rings import SHORTEST, Ring, circle_of, rings
from dispatcher.offers.start import MINUTES
from dispatcher.store import Desk
from dispatcher.views import RequestRow
from schemas.event import Cause, Event
from schemas.offer import OfferEnded, OfferMade
from schemas.request import Need
from schemas.values import Mode

ASKED = (State.OFFERING, State.ESCALATED)
"""In these states somebody may be looking at an offer."""


async def ask_people(cause: Cause, row: RequestRow, seats: OpenSeats, desk: Desk, now: datetime) -> list[Event]:
    """No seat was found: ask the first ring. Nothing when people are being asked already, or nobody could be."""
    if row.state is State.OFFERING or now >= row.need.deadline or not any(_willing(row, seats)):
        return []
    if Wake.RING in await store.timers_of(desk.db, row.request_id):
        return []
    return await ask_next(cause, row, seats, desk, now)


async def ask_next(cause: Cause, row: RequestRow, seats: OpenSeats, desk: Desk, now: datetime) -> list[Event]:
    """Ask the next ring, and see to it that the one after is asked in time. After the deadline nobody is."""
    if now >= row.need.deadline:
        return await stop(cause, row, "expired", desk, now)
    plan = await planned(row, seats, desk.db, now)
    if not plan or plan[0].begins > now:  # later, or when somebody else may be asked
        again = plan[0].begins if plan else now + SHORTEST
        await _ring_at(row, again, desk)
        return []
    ring = plan[0]
    number = await asked.last_ring(desk.db, row.request_id) + 1
    people = {one.practitioner_id: one for one in await people_for(row, _willing(row, seats), seats, desk.db, now)}
    offers = [_offer(row, ring, number, people[one], now) for one in ring.people]
    await asked.make(desk.db, offers, row.need.profession)
    await _ring_at(row, now + ring.lasts, desk)
    if row.state is State.SEEKING:
        await desk.change(row, state=State.OFFERING)
    return [_made(cause, row.need, offer, now) for offer in offers]


async def planned(row: RequestRow, seats: OpenSeats, db: AsyncConnection, now: datetime) -> tuple[Ring, ...]:
    """The rings to come, as things stand."""
    people = await people_for(row, _willing(row, seats), seats, db, now)
    if not people:
        return ()
    human_at = (await store.timers_of(db, row.request_id)).get(Wake.ESCALATE, row.need.deadline)
    curve = await asked.curve(db, row.territory, row.need.profession, now)
    return rings(row.need, people, now, human_at, curve)


async def people_for(
    row: RequestRow, known: Iterable[Known], seats: OpenSeats, db: AsyncConnection, now: datetime
) -> list[Person]:
    """These practitioners beside the request, with what they were asked before."""
    those = list(known)
    if not those:
        return []
    before = await asked.history(db, row.request_id, [one.practitioner_id for one in those], now)
    return [_person(row, one, seats, before.get(one.practitioner_id, Asked())) for one in those]


async def stop(
    cause: Cause, row: RequestRow, why: Literal["taken", "expired", "withdrawn"], desk: Desk, now: datetime
) -> list[Event]:
    """Nobody need answer any more: what was open ends; also what was accepted, when the patient needs nobody."""
    if row.state not in ASKED:
        return []
    over = await asked.open_of(desk.db, row.request_id)
    if why == "withdrawn" and (accepted := await asked.accepted_of(desk.db, row.request_id)):
        over.append(accepted)
    return [await end(cause, offer, why, desk, now) for offer in over]


async def seat_found(cause: Cause, row: RequestRow, desk: Desk, now: datetime) -> list[Event]:
    """The request has a seat: the others are told, whether somebody who was asked gave it or a slot did."""
    if row.state not in ASKED:
        return []
    accepted = await asked.accepted_of(desk.db, row.request_id)
    return await stop(cause, row, "taken" if accepted else "withdrawn", desk, now)


async def time_lost(cause: Cause, row: RequestRow, desk: Desk, now: datetime) -> list[Event]:
    """The time that was agreed is not free after all: say so, and let the next ring be asked."""
    accepted = await asked.accepted_of(desk.db, row.request_id)
    if accepted is None:
        return []
    if row.state in ASKED:
        await _ring_at(row, now, desk)
    return [await end(cause, accepted, "lost", desk, now)]


async def end(
    cause: Cause,
    offer: OfferRow,
    why: Literal["taken", "expired", "withdrawn", "too_late", "lost"],
    desk: Desk,
    now: datetime,
) -> Event:
    await asked.change(desk.db, offer.offer_id, state="ended", why=why, ended_at=now)
    return OfferEnded.after(
        cause, now, key=offer.offer_id, offer_id=offer.offer_id, request_id=offer.request_id,
        practitioner_id=offer.practitioner_id, why=why, start=offer.start,
    )  # fmt: skip


async def _ring_at(row: RequestRow, moment: datetime, desk: Desk) -> None:
    await store.add_timers(desk.db, row.request_id, [Timer(Wake.RING, min(moment, row.need.deadline))])


def _willing(row: RequestRow, seats: OpenSeats) -> Iterable[Known]:
    """Those who agreed to be asked about such a patient. The rest is looked at when the rings are made."""
    for one in seats.people.of(row.need.professions):
        if one.terms.offers and (one.territory == row.territory or one.terms.neighbours):
            km = distance_km(row.need.place, one.place)
            if Mode.TELE in row.need.modes or (km is not None and km <= row.need.radius_km):
                yield one


def _person(row: RequestRow, one: Known, seats: OpenSeats, before: Asked) -> Person:
    agenda = seats.of_practitioner(one.practitioner_id)
    return Person(
        one.practitioner_id,
        one.territory == row.territory,
        distance_km(row.need.place, one.place),
        one.zone,
        one.terms,
        seats.people.visits(one.practitioner_id),
        tuple((slot.start, slot.start + timedelta(minutes=slot.schedule.minutes)) for slot in agenda),
        before,
    )


def _offer(row: RequestRow, ring: Ring, number: int, person: Person, now: datetime) -> OfferRow:
    ask = Ask(row.need, person, now, ring.lasts)
    assert ask.mode is not None and ask.start is not None  # noqa: PT018 - nobody else is in a ring
    return OfferRow(
        asked.offer_id(row.request_id, person.practitioner_id), row.request_id, person.practitioner_id, row.territory,
        number, circle_of(row.need, person), "made", None, None, person.km, ask.mode, ask.start, MINUTES, now,
        row.need.deadline, None,
    )  # fmt: skip


def _made(cause: Cause, need: Need, offer: OfferRow, now: datetime) -> Event:
    return OfferMade.after(
        cause, now, key=offer.offer_id, territory=offer.territory, offer_id=offer.offer_id,
        request_id=offer.request_id, practitioner_id=offer.practitioner_id, ring=offer.ring, circle=offer.circle,
        profession=need.profession, place=need.place, age=need.age, mode=offer.mode, hours=need.hours,
        start=offer.start, minutes=offer.minutes, deadline=need.deadline, until=offer.until,
    )  # fmt: skip
