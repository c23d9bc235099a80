"""How does a care request get in, and what may be done with it? Enter, look, withdraw, acknowledge, close."""

import asyncio
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request
from sqlalchemy.ext.asyncio import AsyncConnection

from availability import store as agendas
from dispatcher import orders, store
from dispatcher.views import RequestRow
from notifications import store as messages
from schemas.event import Event, Order
from schemas.request import CareRequested, Need, Patient
from schemas.sealed import Erased
from schemas.values import Refused, Role
from services.audit.history import history
from services.erasure import phone_digest
from services.house import House
from services.ids import new_id, once
from services.web.api.lookups import own_territory, require_known_practitioner
from services.web.bodies import Body, Entry, Id
from services.web.entry import need_of, phone_of, sealed_patient
from services.web.orders import Key, carry_out, keyed
from services.web.problems import Mistake, Problem
from services.web.session import Account, acts_for, house_of, signed_in
from services.web.views import Json, show_audit, show_message, show_moment, show_patient, show_request

router = APIRouter(tags=["requests"])

RequestId = Annotated[str, Path(pattern=r"^[a-z0-9-]{16,40}$")]

ENDED_RECENTLY = timedelta(minutes=15)
"""How long the board still shows a request that has ended: one sees where it went."""

BY_REGULATION = frozenset({"redirected", "advised", "unmet"})
BY_PRACTITIONER = frozenset({"fulfilled", "no_show"})


ANSWERED_WITHIN = 3.0
"""Seconds a door waits for availability's answer, which takes milliseconds, before it says « under way »."""


class Placing(Body):
    """The slot that the patient shall have instead of what she has."""

    slot_id: Id


class Closing(Body):
    """How it ended: the regulation says redirected, advised, unmet; who waited for the patient, the rest."""

    outcome: Literal["fulfilled", "no_show", "redirected", "advised", "unmet"]


@router.post("/api/requests", status_code=201)
async def enter(request: Request, entry: Entry, key: Key) -> Json:
    """Enter a care request. Once answered 201 it exists, whatever happens after; the search goes on."""
    house, account = house_of(request), signed_in(request)
    order = keyed(account.actor(), "requests", key)
    request_id = entry.request_id or new_id(house.clock.now())
    # What time makes wrong is wrong only for the first try: a second one, later, gets the first one's answer.
    # So a mistake is not raised here but where the mailbox asks, which it does not do for a key it knows.
    checked = await _checked(house, account, entry, request_id)

    async def decide(db: AsyncConnection, now: datetime) -> list[Event] | Refused:
        if isinstance(checked, Problem):
            raise checked
        need, patient, digest = checked
        return await orders.enter_request(
            order, request_id, need, patient, entry.slot_id, db, now, phone_digest=digest, why=entry.why
        )

    facts = await carry_out(house, order, decide, content=entry)
    entered = next(fact for fact in facts if isinstance(fact, CareRequested))
    return {
        "id": entered.request_id,
        "state": "seeking",
        "deadline": show_moment(entered.need.deadline),
        "board": "/console",
    }


@router.get("/api/requests")
async def board(request: Request, limit: Annotated[int, Query(ge=1, le=200)] = 60) -> Json:
    """The board of the own territory: open requests, and those that ended a moment ago."""
    house, account = house_of(request), signed_in(request)
    since = house.clock.now() - ENDED_RECENTLY
    async with house.database.read() as db:
        found = await store.board(db, account.territory, limit, ended_since=since)
        who = await agendas.practitioners(db, {row.practitioner_id for row in found.rows if row.practitioner_id})
    names = await house.vault.open_many([row.patient.name for row in found.rows])
    return {
        "total_open": found.total_open,
        "requests": [show_request(row, name, who, house.communes) for row, name in zip(found.rows, names, strict=True)],
    }


@router.get("/api/requests/{request_id}")
async def look(request: Request, request_id: RequestId) -> Json:
    """One request, its person opened, with what happened and (for the regulation) what was written."""
    house, account = house_of(request), signed_in(request)
    mine = await acts_for(house, account)
    async with house.database.read() as db:
        row = require_own(await store.request(db, request_id), account, mine)
        who = await agendas.practitioners(db, [row.practitioner_id] if row.practitioner_id else [])
        past = await history(db, request_id)
        written = await messages.messages_about(db, request_id) if is_regulation(account) else []
    person = await show_patient(row, house)
    bodies = await house.vault.open_many([one.body for one in written])
    numbers = await house.vault.open_many([one.to for one in written])
    return {
        **show_request(row, person["name"], who, house.communes),
        "patient": person,
        "history": [show_audit(one) for one in past],
        "messages": [show_message(*shown) for shown in zip(written, bodies, numbers, strict=True)],
    }


@router.post("/api/requests/{request_id}/withdraw")
async def withdraw(request: Request, request_id: RequestId) -> Json:
    """Nobody needs the place any more: it is free again, and who waited is told."""
    return await _act(request, request_id, "withdrawn", orders.withdraw)


@router.post("/api/requests/{request_id}/acknowledge")
async def acknowledge(request: Request, request_id: RequestId) -> Json:
    """I have it in hand: the alert stops climbing."""
    return await _act(request, request_id, "escalated", orders.acknowledge)


@router.post("/api/requests/{request_id}/place")
async def place(request: Request, request_id: RequestId, placing: Placing) -> Json:
    """This slot for the patient, instead of the one she has: `placed`, or the problem `slot_taken`, and she keeps hers.

    `under_way` when availability has not answered within seconds: it will, and the board shows it.
    """
    house = house_of(request)

    async def act(order: Order, subject: str, db: AsyncConnection, now: datetime) -> list[Event] | Refused:
        return await orders.place(order, subject, placing.slot_id, db, now, seats=house.seats)

    answer = await _act(request, request_id, "under_way", act)
    for _ in range(int(ANSWERED_WITHIN / 0.05)):
        async with house.database.read() as db:
            row = await store.request(db, request_id)
        if row is not None and row.pending is None:
            if row.slot_id != placing.slot_id:
                raise Problem("slot_taken")
            return {**answer, "state": "placed"}
        await asyncio.sleep(0.05)
    return answer


@router.post("/api/requests/{request_id}/close")
async def close(request: Request, request_id: RequestId, closing: Closing) -> Json:
    """End it, with the outcome one's role may say."""
    allowed = BY_REGULATION if is_regulation(signed_in(request)) else BY_PRACTITIONER
    if closing.outcome not in allowed:
        raise Problem("forbidden")

    async def act(order: Order, subject: str, db: AsyncConnection, now: datetime) -> list[Event] | Refused:
        return await orders.close(order, subject, closing.outcome, db, now)

    return await _act(request, request_id, closing.outcome, act)


def is_regulation(account: Account) -> bool:
    """Whether it sees the whole territory; the others see what concerns their own practitioners."""
    return account.role in (Role.REGULATOR, Role.COORDINATOR)


def require_own(row: RequestRow | None, account: Account, acts_for: list[str]) -> RequestRow:
    """The row, when this account may see it: its territory's, or one booked with whom it acts for, of whatever
    territory the patient is.

    Raises the problem `unknown_request` otherwise: nobody learns that it exists elsewhere.
    """
    own = row is not None and row.territory == account.territory
    if row is None or not (own if is_regulation(account) else row.practitioner_id in acts_for):
        raise Problem("unknown_request")
    return row


async def _act(request: Request, request_id: str, state: str, act: Any) -> Json:
    """Carry out one click on a request one may see."""
    house, account = house_of(request), signed_in(request)
    mine = await acts_for(house, account)
    async with house.database.read() as db:
        row = require_own(await store.request(db, request_id), account, mine)
    for_whom = row.practitioner_id if account.role is Role.DELEGATE else None
    order = once(account.actor(for_whom))

    async def decide(db: AsyncConnection, now: datetime) -> list[Event] | Refused:
        require_own(await store.request(db, request_id), account, mine)
        return await act(order, request_id, db, now)  # type: ignore[no-any-return]

    await carry_out(house, order, decide)
    return {"id": request_id, "state": state}


async def _checked(
    house: House, account: Account, entry: Entry, request_id: str
) -> tuple[Need, Patient, str] | Problem:
    """The need, the sealed person and the digest of her number, or all that is wrong with the entry, in one problem."""
    territory, phone, need = own_territory(house, account), "", None
    wrong: list[Mistake] = []
    try:
        phone = phone_of(entry.phone, territory=territory, demonstration=house.settings.demonstration)
    except Problem as problem:
        wrong += problem.mistakes
    try:
        now, communes, people = house.clock.now(), house.communes, house.seats.people
        need = need_of(entry, now=now, territory=territory, communes=communes, people=people)
        await require_known_practitioner(house, account, entry.usual_practitioner)
    except Problem as problem:
        wrong += problem.mistakes
    if wrong or need is None:
        return Problem("invalid", mistakes=wrong)
    try:
        patient = await sealed_patient(entry, request_id, phone, house.vault)
    except Erased:
        return Problem("request_erased")
    return need, patient, phone_digest(house, phone)
