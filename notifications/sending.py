"""What happens around a send? Claimed in one transaction, sent outside any, its outcome written in another."""

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from notifications import store
from notifications.channels.outcome import Accepted, Ambiguous, NotSent, Outcome, Rejected
from notifications.store import MessageRow
from schemas.event import Event, Order, derived_id
from schemas.message import MessageFailed, MessageSent
from schemas.values import system_actor

GRACE = timedelta(seconds=90)
"""A message claimed longer ago than this by a sender that died is ambiguous, never « unsent »."""


async def record(
    order: Order, message: MessageRow, outcome: Outcome, db: AsyncConnection, now: datetime
) -> list[Event]:
    """Write what became of a claimed message. Twice is harmless: only a claimed message has a fate to write."""
    cause = Order(
        id=derived_id(order.id, message.message_id),
        territory=message.territory,
        actor=system_actor(message.territory),
    )
    said = {"message_id": message.message_id, "request_id": message.request_id, "kind": message.kind}
    if isinstance(outcome, Accepted):
        if await store.settle(db, message.message_id, "sent", now, provider_id=outcome.provider_id):
            return [MessageSent.after(cause, now, channel=message.channel, **said)]
        return []
    state = "ambiguous" if isinstance(outcome, Ambiguous) else "failed"
    if await store.settle(db, message.message_id, state, now, why=_code(outcome)):
        return [MessageFailed.after(cause, now, channel=message.channel, why=_why(outcome), **said)]
    return []


async def give_up_lost(order: Order, db: AsyncConnection, now: datetime) -> list[Event]:
    """Messages whose sender died between claim and outcome become visible as ambiguous."""
    said: list[Event] = []
    for message in await store.left_claimed(db, now - GRACE):
        said += await record(order, message, Ambiguous("the sender died"), db, now)
    return said


def expired(message: MessageRow, now: datetime) -> bool:
    """It is no longer worth saying."""
    return message.valid_until <= now


def _code(outcome: Rejected | NotSent | Ambiguous) -> str:
    return outcome.code if isinstance(outcome, Rejected) else outcome.why


def _why(outcome: Rejected | NotSent | Ambiguous) -> str:
    if isinstance(outcome, NotSent):
        return "expired" if outcome.why == "expired" else "not_sent"
    return "refused" if isinstance(outcome, Rejected) else "ambiguous"
