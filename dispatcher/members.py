"""What does the dispatcher remember of practitioners? Who they are, on which terms, and their visits."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatcher.life import PLACED, State
from dispatcher.offers.people import KEPT, Booked, People
from dispatcher.tables import DESCRIBED, REQUEST
from dispatcher.views import RequestRow, request_row
from schemas.practitioner import PractitionerDescribed

GIVEN = (State.FULFILLED, State.NO_SHOW, *PLACED)
"""Visits that a practitioner has, or had."""

_SAID = insert(DESCRIBED).execution_options(later="practitioner_id")
_KNOW = _SAID.on_conflict_do_update(
    index_elements=["practitioner_id"],
    set_={"version": _SAID.excluded.version, "details": _SAID.excluded.details},
    where=DESCRIBED.c.version < _SAID.excluded.version,
)


async def know(db: AsyncConnection, said: PractitionerDescribed) -> None:
    """Remember a practitioner, unless something later is known."""
    row = {"practitioner_id": said.practitioner_id, "version": said.version, "details": said.model_dump_json()}
    await db.execute(_KNOW, row)


async def described(db: AsyncConnection, practitioner_id: str) -> PractitionerDescribed | None:
    """The practitioner as last heard of."""
    query = select(DESCRIBED.c.details).where(DESCRIBED.c.practitioner_id == practitioner_id)
    found = (await db.execute(query)).scalar_one_or_none()
    return None if found is None else PractitionerDescribed.model_validate_json(found)


async def fill(people: People, db: AsyncConnection, now: datetime) -> list[str]:
    """Fill the index with what is remembered; who is known now."""
    rows = (await db.execute(select(DESCRIBED.c.details))).all()
    told = [PractitionerDescribed.model_validate_json(row.details) for row in rows]
    for said in told:
        people.hear(said)
    query = select(REQUEST.c.id, REQUEST.c.slot_id, REQUEST.c.practitioner_id, REQUEST.c.start, REQUEST.c.counted)
    mine = REQUEST.c.start > now - KEPT, REQUEST.c.state.in_((*GIVEN, State.PROMISED)), REQUEST.c.slot_id.is_not(None)
    booked: Sequence[tuple[str, Booked]] = [(row[0], tuple(row[1:])) for row in await db.execute(query.where(*mine))]
    people.put_visits(booked)
    return [said.practitioner_id for said in told]


async def acts(db: AsyncConnection, territory: str, since: datetime, until: datetime) -> list[RequestRow]:
    """The visits of the territory's requests in [since, until), with whomever, by start."""
    mine = REQUEST.c.territory == territory, REQUEST.c.state.in_(GIVEN)
    between = REQUEST.c.start >= since, REQUEST.c.start < until
    rows = await db.execute(select(REQUEST).where(*mine, *between).order_by(REQUEST.c.start, REQUEST.c.id))
    return [request_row(row) for row in rows]


async def acts_of(
    db: AsyncConnection, practitioner_ids: Iterable[str], since: datetime, until: datetime
) -> list[RequestRow]:
    """The visits of these practitioners in [since, until), of whatever territory's patients, by start."""
    mine = REQUEST.c.practitioner_id.in_(list(practitioner_ids)), REQUEST.c.state.in_(GIVEN)
    between = REQUEST.c.start >= since, REQUEST.c.start < until
    rows = await db.execute(select(REQUEST).where(*mine, *between).order_by(REQUEST.c.start, REQUEST.c.id))
    return [request_row(row) for row in rows]
