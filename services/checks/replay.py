"""How does a request stand, by the facts alone? Folded one by one, and compared with its row."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select

from dispatcher.life import State
from dispatcher.tables import REQUEST
from schemas.event import Event, fact_of
from schemas.offer import OfferAccepted, OfferMade
from schemas.request import (
    CareRequested,
    EscalationAcknowledged,
    RequestBooked,
    RequestClosed,
    RequestConfirmed,
    RequestEscalated,
    RequestPromised,
    RequestReopened,
    RequestWithdrawn,
)
from schemas.slot import SlotChosen
from services.checks.look import AT_MOST, Look
from services.storage.ledger import AUDIT, OUTBOX

BATCH = 500

TOLD = (
    CareRequested,
    SlotChosen,
    OfferMade,
    OfferAccepted,
    RequestPromised,
    RequestBooked,
    RequestConfirmed,
    RequestReopened,
    RequestEscalated,
    EscalationAcknowledged,
    RequestWithdrawn,
    RequestClosed,
)
"""The facts that change how a request stands."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What the facts say of a request."""

    state: str
    choice: int = 0
    slot_id: str | None = None
    practitioner_id: str | None = None
    start: datetime | None = None
    rank: int = -1
    acknowledged: bool = False


def after(standing: Standing, fact: Event) -> Standing:
    """How a request stands after one more fact."""
    match fact:
        case SlotChosen():
            return replace(standing, choice=fact.choice)
        case OfferMade() | OfferAccepted():
            state = State.OFFERING if standing.state == State.SEEKING else standing.state
            return replace(standing, state=state, choice=getattr(fact, "choice", standing.choice))
        case RequestBooked() | RequestPromised():
            return replace(
                standing,
                state=State.BOOKED if isinstance(fact, RequestBooked) else State.PROMISED,
                choice=fact.choice,
                slot_id=fact.slot_id,
                practitioner_id=fact.practitioner_id,
                start=fact.start,
            )
        case RequestReopened():
            return Standing(State.SEEKING, choice=max(standing.choice, fact.choice))
        case RequestEscalated():
            in_hand = standing.acknowledged and fact.why == "overdue"
            return replace(standing, state=State.ESCALATED, rank=fact.rank, acknowledged=in_hand)
        case EscalationAcknowledged():
            return replace(standing, acknowledged=True)
    return replace(standing, state=_ends(fact) or standing.state)


def _ends(fact: Event) -> str | None:
    match fact:
        case RequestConfirmed():
            return State.CONFIRMED
        case RequestWithdrawn():
            return State.WITHDRAWN
        case RequestClosed():
            return fact.outcome
    return None


def standing_by(facts: Iterable[Event]) -> Standing | None:
    """How a request stands after all its facts, in order; None when they do not begin with its entry."""
    standing = None
    for fact in facts:
        if isinstance(fact, CareRequested):
            standing = Standing(State.SEEKING)
        elif standing is not None:
            standing = after(standing, fact)
    return standing


async def facts_and_rows_differ(look: Look) -> list[str]:
    """Replaying the facts of the outbox gives the present state of every request whose entry is still in it."""
    found: list[str] = []
    last = ""
    each = select(REQUEST).order_by(REQUEST.c.id).limit(BATCH)
    while len(found) < AT_MOST:
        batch = (await look.db.execute(each.where(REQUEST.c.id > last))).all()
        if not batch:
            break
        last = batch[-1].id
        said = await _facts_of(look, [row.id for row in batch])
        for row in batch:
            told = standing_by(said.get(row.id, ()))
            if told is not None and told != _standing(row):
                found.append(
                    f"la demande {row.id} est « {row.state} », et ses faits disent « {told.state} »{_why(told, row)}"
                )
    return found


async def _facts_of(look: Look, ids: list[str]) -> dict[str, list[Event]]:
    """The facts of these requests that are still in the outbox, in the order in which they were said."""
    joined = AUDIT.join(OUTBOX, OUTBOX.c.id == AUDIT.c.event_id)
    query = select(AUDIT.c.about, OUTBOX.c.topic, OUTBOX.c.body).select_from(joined)
    query = query.where(AUDIT.c.about.in_(ids), AUDIT.c.subject.in_([fact.subject for fact in TOLD]))
    said: dict[str, list[Event]] = {}
    for row in await look.db.execute(query.order_by(OUTBOX.c.seq)):
        fact = fact_of(row.topic)
        if fact is not None:
            said.setdefault(row.about, []).append(fact.model_validate_json(row.body))
    return said


def _standing(row: Any) -> Standing:
    in_hand = row.acknowledged_at is not None
    return Standing(row.state, row.choice, row.slot_id, row.practitioner_id, row.start, row.rank, in_hand)


def _why(told: Standing, row: Any) -> str:
    """Which of the rest differs, when the state does not."""
    mine = _standing(row)
    names = [name for name in Standing.__slots__ if getattr(told, name) != getattr(mine, name)]
    return f" ({', '.join(names)})" if "state" not in names else ""
