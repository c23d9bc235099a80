"""I1: does every request that somebody was told is entered still exist?"""

import json
from collections.abc import Iterable

from sqlalchemy import exists, select

from dispatcher.tables import REQUEST
from schemas.request import CareRequested
from services.checks.look import AT_MOST, Look, rows
from services.storage.ledger import AUDIT, RECEIPT

BATCH = 500

ENTERED = CareRequested.subject
ERASED = "request.erased.v1"
_ERASURE = AUDIT.alias()


async def entered_and_gone(look: Look) -> list[str]:
    """Every entry « request entered » of the audit has its request, unless the audit says that it was erased."""
    here = exists().where(REQUEST.c.id == AUDIT.c.about)
    erased = exists().where(_ERASURE.c.about == AUDIT.c.about, _ERASURE.c.subject == ERASED)
    lost = select(AUDIT.c.about).where(AUDIT.c.subject == ENTERED, ~here, ~erased).order_by(AUDIT.c.seq)
    return [_lost(row.about) for row in await rows(look, lost)]


async def answered_and_gone(look: Look) -> list[str]:
    """Every answer « entered » that a person was given names a request that exists, or was erased."""
    found: list[str] = []
    after = ""
    query = select(RECEIPT.c.order_id, RECEIPT.c.facts).order_by(RECEIPT.c.order_id).limit(BATCH)
    while len(found) < AT_MOST:
        batch = (await look.db.execute(query.where(RECEIPT.c.order_id > after))).all()
        if not batch:
            break
        after = batch[-1].order_id
        named = _named(bytes(row.facts) for row in batch)
        known = {row.id for row in await look.db.execute(select(REQUEST.c.id).where(REQUEST.c.id.in_(named)))}
        gone = select(AUDIT.c.about).where(AUDIT.c.about.in_(named - known), AUDIT.c.subject == ERASED)
        known |= {row.about for row in await look.db.execute(gone)}
        found += [_lost(one) for one in sorted(named - known)]
    return found


def _named(answers: Iterable[bytes]) -> set[str]:
    """The requests that these answers said are entered."""
    mark = f'"{ENTERED}"'.encode()
    said = (fact for answer in answers if mark in answer for fact in json.loads(answer))
    return {fact["fact"]["request_id"] for fact in said if fact["subject"] == ENTERED}


def _lost(request_id: str) -> str:
    return f"la demande {request_id} a été enregistrée et n'existe plus"
