"""What happens around a send? Claimed in one transaction, sent outside any, its outcome written in another."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from notifications import store
from notifications.channels.outcome import Accepted, Ambiguous, NotSent, Outcome, Rejected
from notifications.store import MessageRow
from schemas.event import Event, Order, derived_id
from schemas.message import MessageFailed, MessageSent, Sent
from schemas.values import system_actor

GRACE = timedelta(seconds=90)
"""A message claimed longer ago than this by a sender that died is ambiguous, never « unsent »."""


async def record(
    order: Order, outcomes: Sequence[tuple[MessageRow, Outcome]], db: AsyncConnection, now: datetime
) -> list[Event]:
    """Write what became of claimed messages. Twice is harmless: only a claimed message has a fate to write."""
    fates: dict[str, list[tuple[MessageRow, Outcome]]] = {}
    for message, outcome in outcomes:
        fates.setdefault(_state(outcome), []).append((message, outcome))
    said: list[Event] = []
    for state, those in fates.items():
        words = {message.message_id: _word(outcome) for message, outcome in those}
        settled = await store.settle(db, words, state, now)
        mine = [(message, outcome) for message, outcome in those if message.message_id in settled]
        if state == "sent":
            said += _say_sent(order, [message for message, _ in mine], now)
        else:
            said += [_say_failed(order, message, outcome, now) for message, outcome in mine]
    return said


async def give_up_lost(order: Order, db: AsyncConnection, now: datetime) -> list[Event]:
    """Messages whose sender died between claim and outcome become visible as ambiguous."""
    lost = await store.left_claimed(db, now - GRACE)
    return await record(order, [(message, Ambiguous("the sender died")) for message in lost], db, now)


def expired(message: MessageRow, now: datetime) -> bool:
    """It is no longer worth saying."""
    return message.valid_until <= now


def _say_sent(order: Order, messages: Sequence[MessageRow], now: datetime) -> list[Event]:
    """One fact for those that left together about one request."""
    about: dict[str, list[MessageRow]] = {}
    for message in messages:
        about.setdefault(message.request_id, []).append(message)
    return [
        MessageSent.after(
            _cause(order, those[0]),
            now,
            request_id=request_id,
            messages=tuple(Sent(message_id=one.message_id, kind=one.kind, channel=one.channel) for one in those),
        )
        for request_id, those in about.items()
    ]


def _say_failed(order: Order, message: MessageRow, outcome: Outcome, now: datetime) -> Event:
    return MessageFailed.after(
        _cause(order, message),
        now,
        message_id=message.message_id,
        request_id=message.request_id,
        kind=message.kind,
        channel=message.channel,
        why=_why(outcome),
    )


def _cause(order: Order, message: MessageRow) -> Order:
    """Sending is the house's own act, about one message."""
    return Order(
        id=derived_id(message.message_id, order.id),
        territory=message.territory,
        actor=system_actor(message.territory),
    )


def _state(outcome: Outcome) -> str:
    if isinstance(outcome, Accepted):
        return "sent"
    return "ambiguous" if isinstance(outcome, Ambiguous) else "failed"


def _word(outcome: Outcome) -> str:
    """The provider's word: its id of the message, its code, or what went wrong."""
    if isinstance(outcome, Accepted):
        return outcome.provider_id
    return outcome.code if isinstance(outcome, Rejected) else outcome.why


def _why(outcome: Outcome) -> str:
    if isinstance(outcome, NotSent):
        return "expired" if outcome.why == "expired" else "not_sent"
    return "refused" if isinstance(outcome, Rejected) else "ambiguous"
