"""I2 and I3: does one practitioner at most take a patient, and is nobody left asking who is needed no more?"""

from typing import Any

from sqlalchemy import exists, func, select

from dispatcher.life import WAITING
from dispatcher.tables import OFFER, REQUEST
from services.checks.look import Look, rows


async def accepted_by_two(look: Look) -> list[str]:
    """One offer about a request is accepted, at most."""
    twice: Any = select(OFFER.c.request_id, func.count().label("n")).where(OFFER.c.state == "accepted")
    twice = twice.group_by(OFFER.c.request_id).having(func.count() > 1).order_by(OFFER.c.request_id)
    return [f"{row.n} praticiens ont accepté la demande {row.request_id}" for row in await rows(look, twice)]


async def asked_in_vain(look: Look) -> list[str]:
    """Whoever may still answer is asked about a request that waits."""
    waits = exists().where(REQUEST.c.id == OFFER.c.request_id, REQUEST.c.state.in_(WAITING))
    query = select(OFFER.c.practitioner_id, OFFER.c.request_id).where(OFFER.c.state == "made", ~waits)
    found = await rows(look, query.order_by(OFFER.c.id))
    return [f"{row.practitioner_id} est encore sollicité pour {row.request_id}, qui n'attend plus" for row in found]
