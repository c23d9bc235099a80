"""How does a practitioner (or her delegate) say when she is free? Publish, look, cancel."""

from datetime import datetime, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError
from sqlalchemy.ext.asyncio import AsyncConnection

from availability import orders
from availability import store as agendas
from availability.agenda import NewSlot, Practice, SlotRow
from availability.store import PractitionerRow
from dispatcher import store as requests
from schemas.event import Event
from schemas.slot import SlotOpened
from schemas.territory import Territory
from schemas.values import Actor, Capacity, Minutes, Mode, Refused, Role
from services.house import House
from services.ids import once
from services.reference.dates import say_when
from services.reference.professions import practice_of
from services.web.api.lookups import own_territory, place_of
from services.web.api.requests import is_regulation
from services.web.bodies import Body, ForWhom, Id, Line, Modes, PlaceKey
from services.web.entry import date_mistake, moment_of
from services.web.orders import Key, carry_out, keyed
from services.web.problems import Mistake, Problem, refusal
from services.web.session import Account, acts_for, house_of, signed_in
from services.web.views import Json, show_moment, show_number, show_slot

router = APIRouter(tags=["slots"])

MOST_AT_ONCE = 200
"""A quarter of mornings; more is a calendar to import."""

SHORTEST_VISIT = 5  # minutes a patient
AGENDA = timedelta(days=14)
LONGEST_AGENDA = timedelta(days=92)


class Opening(ForWhom):
    """A time to open: `start` in ISO or French words, for `capacity` patients one after the other, and for whom."""

    start: Annotated[Line, Field(max_length=60)]
    minutes: Minutes
    capacity: Capacity = 1
    modes: Modes = (Mode.OFFICE,)

    @model_validator(mode="after")
    def _time_for_each(self) -> "Opening":
        if self.minutes < self.capacity * SHORTEST_VISIT:
            raise PydanticCustomError("too_close", "less than five minutes a patient")
        return self


class Publication(Body):
    """Slots to publish, all or none. `practitioner_id`: for a delegate who serves several. `place`: the key of a
    further place of practice; left out, the main one."""

    practitioner_id: Id | None = None
    place: PlaceKey | None = None
    slots: Annotated[tuple[Opening, ...], Field(min_length=1, max_length=MOST_AT_ONCE)]


@router.post("/api/slots", status_code=201)
async def publish(request: Request, body: Publication, key: Key) -> Json:
    """Publish one or several slots, all or none."""
    house, account = house_of(request), signed_in(request)
    territory = own_territory(house, account)
    practitioner_id = await whose(house, account, body.practitioner_id)
    order = keyed(actor_for(account, practitioner_id), "slots", key)

    async def decide(db: AsyncConnection, now: datetime) -> list[Event] | Refused:
        # Read here, as a known key is answered before: a time that was to come then is not wrong now.
        who = await agendas.practitioner(db, practitioner_id)
        place = await place_of(db, practitioner_id, body.place)
        slots = _opened(body, specialty_of(who), place, now, territory)
        return say_overlap(await orders.publish_slots(order, practitioner_id, slots, db, now), now, territory)

    return _shown(await carry_out(house, order, decide, content=body))


def _shown(facts: list[Event]) -> Json:
    """The slots that were opened."""
    return {
        "slots": [
            {
                "id": fact.slot_id,
                "start": show_moment(fact.start),
                "minutes": fact.minutes,
                "capacity": fact.capacity,
                "modes": list(fact.modes),
            }
            for fact in facts
            if isinstance(fact, SlotOpened)
        ]
    }


class Again(Body):
    """Today as it was `days` ago: 1 = like yesterday, 7 = like the same day last week."""

    practitioner_id: Id | None = None
    days: Literal[1, 7] = 1


@router.post("/api/slots/again", status_code=201)
async def again(request: Request, body: Again, key: Key) -> Json:
    """Open what is left of today as it was then; what would overlap is left out."""
    house, account = house_of(request), signed_in(request)
    zone = own_territory(house, account).tz
    practitioner_id = await whose(house, account, body.practitioner_id)
    order = keyed(actor_for(account, practitioner_id), "again", key)

    async def decide(db: AsyncConnection, now: datetime) -> list[Event] | Refused:
        return await orders.repeat_day(order, practitioner_id, body.days, zone, db, now)

    return _shown(await carry_out(house, order, decide, content=body))


@router.get("/api/slots")
async def agenda(
    request: Request,
    practitioner_id: Annotated[str | None, Query(max_length=80)] = None,
    since: Annotated[str | None, Query(max_length=60)] = None,
    until: Annotated[str | None, Query(max_length=60)] = None,
) -> list[Json]:
    """A practitioner's agenda with who is coming: from this morning, for two weeks, unless said otherwise."""
    house, account = house_of(request), signed_in(request)
    territory, now = own_territory(house, account), house.clock.now()
    midnight = now.astimezone(territory.tz).replace(hour=0, minute=0, second=0, microsecond=0)
    first, last = period(since, until, (midnight, midnight + AGENDA), now, territory)
    if is_regulation(account):
        who = (await _practitioner(house, account, practitioner_id)).id
    else:
        who = await whose(house, account, practitioner_id)
    async with house.database.read() as db:
        slots = await agendas.agenda(db, who, first, min(last, first + LONGEST_AGENDA))
        coming = await requests.requests_of(db, {seat.request_id for slot in slots for seat in slot.seats})
    names = await house.vault.open_many([row.patient.name for row in coming.values()])
    phones = await house.vault.open_many([row.patient.phone for row in coming.values()])
    notes = await house.vault.open_many([row.patient.note for row in coming.values()])
    patients = {
        request_id: {"name": name, "phone": show_number(phone), "note": note, "state": row.state}
        for (request_id, row), name, phone, note in zip(coming.items(), names, phones, notes, strict=True)
    }
    return [show_slot(slot, patients, house.communes) for slot in slots]


@router.post("/api/slots/{slot_id}/cancel")
async def cancel(request: Request, slot_id: Id) -> Json:
    """Take a slot back: every patient of it is sought a new place."""
    house, account = house_of(request), signed_in(request)
    mine = await acts_for(house, account)
    async with house.database.read() as db:
        slot = _require_mine(await agendas.slot(db, slot_id), mine)
    order = once(actor_for(account, slot.practitioner_id))

    async def decide(db: AsyncConnection, now: datetime) -> list[Event] | Refused:
        outcome = await orders.cancel_slot(order, slot_id, db, now)
        if isinstance(outcome, Refused) and outcome.code == "already_closed":
            return Refused(code="slot_already_closed")
        return outcome

    await carry_out(house, order, decide)
    return {"id": slot_id, "status": "closed"}


def period(
    since: str | None,
    until: str | None,
    usual: tuple[datetime, datetime],
    now: datetime,
    territory: Territory,
) -> tuple[datetime, datetime]:
    """The period asked for, or the `usual` one. Raises the problem `invalid`."""
    found, mistakes = list(usual), []
    for at, (name, text) in enumerate((("since", since), ("until", until))):
        if text:
            try:
                found[at] = moment_of(text, now=now, territory=territory)
            except (ValueError, OverflowError) as wrong:
                mistakes.append(date_mistake(name, wrong))
    if not mistakes and found[0] >= found[1]:
        mistakes.append(Mistake("since", "since_after_until"))
    if mistakes:
        raise Problem("invalid", mistakes=mistakes)
    return found[0], found[1]


def actor_for(account: Account, practitioner_id: str) -> Actor:
    """Who acts: a delegate on behalf of the practitioner."""
    return account.actor(practitioner_id if account.role is Role.DELEGATE else None)


async def whose(house: House, account: Account, asked: str | None) -> str:
    """The practitioner whose agenda it is: the one asked for, or the only one there is."""
    mine = await acts_for(house, account)
    if asked is None and len(mine) == 1:
        return mine[0]
    if asked is None and mine:
        raise Problem("which_practitioner")
    if asked not in mine:
        raise Problem("unknown_practitioner")
    return asked


async def _practitioner(house: House, account: Account, asked: str | None) -> PractitionerRow:
    if asked is None:
        raise Problem("which_practitioner")
    async with house.database.read() as db:
        row = await agendas.practitioner(db, asked)
    if row is None or row.territory != account.territory:
        raise Problem("unknown_practitioner")
    return row


def _require_mine(slot: SlotRow | None, mine: list[str]) -> SlotRow:
    if slot is None or slot.practitioner_id not in mine:
        raise Problem("unknown_slot")
    return slot


def _opened(
    body: Publication, specialty: str, place: Practice | None, now: datetime, territory: Territory
) -> list[NewSlot]:
    """The slots with their starts read. Raises the problem `invalid` with every wrong start."""
    slots, mistakes = [], []
    for number, one in enumerate(body.slots):
        field = f"slots.{number}.start"
        try:
            start = moment_of(one.start, now=now, territory=territory)
        except (ValueError, OverflowError) as wrong:
            mistakes.append(date_mistake(field, wrong))
            continue
        if start < now:
            mistakes.append(Mistake(field, "past_date"))
        audience = one.audience(specialty)
        slots.append(
            NewSlot(
                start=start, minutes=one.minutes, capacity=one.capacity, modes=one.modes, audience=audience, place=place
            )
        )
    if mistakes:
        raise Problem("invalid", mistakes=mistakes)
    return slots


def specialty_of(who: PractitionerRow | None) -> str:
    """What the practitioner's times are for: the specialty, "" for the ordinary practice of the profession."""
    return practice_of(who.specialty if who else None)


def say_overlap(outcome: list[Event] | Refused, now: datetime, territory: Territory) -> list[Event] | Refused:
    """The same. Raises the problem that names the slot which is in the way, if one is."""
    if isinstance(outcome, Refused) and outcome.code in ("overlap", "busy_elsewhere"):
        raise refusal(outcome, **_say_start(outcome, now, territory))
    return outcome


def _say_start(refused: Refused, now: datetime, territory: Territory) -> dict[str, str]:
    """The start of the slot that is in the way, said in each language."""
    start = datetime.fromisoformat(refused.about["start"]).astimezone(territory.tz)
    return {"when_fr": say_when(start, now=now, zone=territory.tz), "when_en": f"{start:%d %B %Y at %H:%M}"}
