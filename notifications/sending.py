"""What happens around a send? Claimed in one transaction, sent outside any, its outcome written in another."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from notifications import attempts, rule, subscriptions
from notifications.attempts import Claimed
from notifications.outcome import BROKEN, Accepted, Ambiguous, NotSent, Outcome, Rejected
from notifications.rule import Stand, Step
from notifications.store import MessageRow
from schemas.event import Event, Order, derived_id
from schemas.message import MessageFailed, MessageSent, Sent
from schemas.values import system_actor

GRACE = timedelta(seconds=90)
"""A message claimed longer ago than this by a sender that died is ambiguous, never « unsent »."""
LISTEN = timedelta(seconds=30)
"""After an absence receipts that waited come first: nothing is given up as lost before so long."""
DIED = "the sender died"
MOST_A_DAY = 20
"""Messages to one number in 24 h, urgent ones not counted: more is a mistake of ours."""
BY_NUMBER = ("sms", "voice")


@dataclass(frozen=True, slots=True)
class Carrier:
    """A provider as the rule sees it: the channel it serves, and whether it says later what became of a message."""

    way: str
    receipts: bool


Carriers = Mapping[str, Carrier]
"""By provider's name."""
NotNow = Callable[[MessageRow], datetime | None]
"""Until when a message must wait (quiet hours, the budget), None = it may leave."""


async def take(
    order: Order, provider: str, tokens: tuple[int, int], carriers: Carriers, not_now: NotNow,
    db: AsyncConnection, now: datetime,
) -> tuple[list[Claimed], list[Event]]:  # fmt: skip
    """The most urgent messages for this provider, claimed: at most `tokens` (for lane 0, of these for any lane)."""
    way = carriers[provider].way
    not_here = provider if _others(provider, carriers) else ""
    found = await attempts.due(db, now, way, (0, 0), tokens[0], not_here)
    room = min(tokens[1], tokens[0] - len(found))
    if room > 0:
        found += await attempts.due(db, now, way, (1, 3), room, not_here)
    said: list[Event] = []
    leaving = []
    for message in found:
        until = not_now(message)
        if until is None:
            leaving.append(message)
        else:
            await attempts.put_off(db, message.message_id, until)
    if way in BY_NUMBER:
        leaving, said = await _within_limits(order, leaving, db, now)
    return await attempts.claim(db, leaving, provider, now), said


async def record(
    order: Order, outcomes: Sequence[tuple[Claimed, Outcome]], carriers: Carriers, db: AsyncConnection, now: datetime
) -> list[Event]:
    """Write what became of claimed messages. Twice is harmless: only an attempt that waits has a fate to write."""
    await attempts.went_to(db, [one for one, _ in outcomes if one.digest])
    accepted = [(one, outcome) for one, outcome in outcomes if isinstance(outcome, Accepted)]
    said = await _accepted(order, accepted, carriers, db, now) if accepted else []
    for one, outcome in outcomes:
        if not isinstance(outcome, Accepted):
            said += await _not_accepted(order, one, outcome, carriers, db, now)
    return said


async def give_up_lost(order: Order, carriers: Carriers, db: AsyncConnection, now: datetime) -> list[Event]:
    """Messages whose sender died between claim and outcome are ambiguous: they may have left."""
    said: list[Event] = []
    for one in await attempts.left_claimed(db, now - GRACE):
        said += await _not_accepted(order, one, Ambiguous(DIED), carriers, db, now)
    return said


async def end_graces(
    order: Order, listening: Collection[str], carriers: Carriers, db: AsyncConnection, now: datetime
) -> list[Event]:
    """Receipts that did not come in time, from providers that could be heard: lost, one more attempt elsewhere. A
    provider that cannot be heard is waited for three times as long again."""
    said: list[Event] = []
    for one, until in await attempts.past_grace(db, now):
        heard = one.provider in listening or now - until > 3 * rule.GRACE[one.message.lane]
        if heard and await attempts.answered(db, one.attempt_id, "ambiguous", "lost", "no receipt", now):
            step = rule.given_up(stand(one, carriers), now, cut=(one.why or "").startswith((DIED, BROKEN)))
            said += await follow(order, one.message, step, db, now, from_=("ambiguous",))
    return said


def stand(one: Claimed, carriers: Carriers, grace: timedelta = timedelta()) -> Stand:
    """How the message stood when it was handed over."""
    carrier, message = carriers.get(one.provider), one.message
    return Stand(
        lane=message.lane,
        way=message.channel,
        then=message.then,
        provider=one.provider,
        alone=not _others(one.provider, carriers),
        receipts=carrier is not None and carrier.receipts,
        tries=message.tries,
        lost=message.lost,
        valid_until=message.valid_until,
        grace=grace,
    )


async def follow(
    order: Order, message: MessageRow, step: Step, db: AsyncConnection, now: datetime, *, from_: Sequence[str]
) -> list[Event]:
    """Write the step, and say what a person should hear of it."""
    if step.state != "sent":
        others = await attempts.others(db, message.message_id)
        enough = any(_enough(message, step, *other) for other in others)
        if enough or await attempts.acknowledged(db, message.message_id):
            step = Step("sent", step.way, ())
        elif step.state == "failed" and "ambiguous" in {state for _, state in others}:
            step = Step("ambiguous", step.way, (), at=now + rule.GRACE[message.lane], why=step.why, end="ambiguous")
    if await attempts.take_step(db, message.message_id, step, now, from_=from_) in (None, "superseded"):
        return []
    if step.state == "failed" or (step.state == "ambiguous" and step.at is None):
        return [_say_failed(order, message, step, now)]
    return []


def expired(message: MessageRow, now: datetime) -> bool:
    """It is no longer worth saying."""
    return message.valid_until <= now


def say_sent(order: Order, messages: Sequence[MessageRow], now: datetime) -> list[Event]:
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


async def _accepted(
    order: Order, accepted: Sequence[tuple[Claimed, Accepted]], carriers: Carriers, db: AsyncConnection, now: datetime
) -> list[Event]:
    await attempts.accept(db, [(one, outcome.provider_id) for one, outcome in accepted], now)
    steps = [(one, rule.after(outcome, stand(one, carriers), now)) for one, outcome in accepted]
    done = await attempts.mark_sent(db, [one.message.message_id for one, step in steps if step.state == "sent"], now)
    for one, step in steps:
        if step.state != "sent" and await attempts.take_step(db, one.message.message_id, step, now, from_=("claimed",)):
            await attempts.handed_over(db, one.message.message_id, now)
            done.add(one.message.message_id)
    first = [one.message for one, _ in steps if one.message.message_id in done and one.message.sent_at is None]
    return say_sent(order, first, now)


async def _not_accepted(
    order: Order, one: Claimed, outcome: Outcome, carriers: Carriers, db: AsyncConnection, now: datetime
) -> list[Event]:
    state, word = _word(outcome)
    if one.attempt_id and not await attempts.answered(db, one.attempt_id, "claimed", state, word, now):
        return []
    if isinstance(outcome, Rejected) and outcome.dead:
        if one.message.channel == "push":
            await subscriptions.forget_latest(db, one.message.recipient_id)
        await attempts.mark_dead(db, one.message, word, now)
    grace = timedelta()
    if isinstance(outcome, Ambiguous):
        learned = rule.learned(one.message.lane, await attempts.delays(db, one.provider, one.message.lane))
        grace = max(one.claimed_at + learned - now, LISTEN)
    step = rule.after(outcome, stand(one, carriers, grace), now)
    return await follow(order, one.message, step, db, now, from_=("claimed",))


async def _within_limits(
    order: Order, messages: Sequence[MessageRow], db: AsyncConnection, now: datetime
) -> tuple[list[MessageRow], list[Event]]:
    """Those whose number did not hear too often of us today; the others are seen as failed."""
    numbers = {message.to_digest for message in messages if message.to_digest and message.lane > 0}
    heard = await attempts.heard_of(db, numbers, now - timedelta(hours=24)) if numbers else {}
    leaving, said = list[MessageRow](), list[Event]()
    for message in messages:
        if message.lane > 0 and heard.get(message.to_digest or "", 0) >= MOST_A_DAY:
            step = Step("failed", message.channel, (), why="too many to this number today", end="not_sent")
            said += await follow(order, message, step, db, now, from_=("due",))
        else:
            leaving.append(message)
    return leaving, said


def _enough(message: MessageRow, step: Step, way: str, state: str) -> bool:
    """Whether another attempt, by this channel and in this state, is a reason to leave out the step. A push that was
    taken is none to leave out the next channel, and an urgent alert goes on until a human says so."""
    if state not in ("accepted", "delivered", "late"):
        return False
    if step.state != "due" or way == step.way:
        return True
    return message.lane > 0 and (way, state) != ("push", "accepted")


def _say_failed(order: Order, message: MessageRow, step: Step, now: datetime) -> Event:
    return MessageFailed.after(
        _cause(order, message),
        now,
        message_id=message.message_id,
        request_id=message.request_id,
        kind=message.kind,
        channel=message.channel,
        why=step.end,
    )


def _cause(order: Order, message: MessageRow) -> Order:
    """Sending is the house's own act, about one message."""
    return Order(
        id=derived_id(message.message_id, order.id),
        territory=message.territory,
        actor=system_actor(message.territory),
    )


def _others(provider: str, carriers: Carriers) -> bool:
    """Whether somebody else serves the same channel."""
    mine = carriers.get(provider)
    return any(name != provider and mine is not None and one.way == mine.way for name, one in carriers.items())


def _word(outcome: Outcome) -> tuple[str, str]:
    """The attempt's state and the provider's word for it."""
    if isinstance(outcome, Rejected):
        return "dead" if outcome.dead else "refused", outcome.code
    if isinstance(outcome, NotSent):
        return "not_sent", outcome.why
    assert isinstance(outcome, Ambiguous)
    return "ambiguous", outcome.why
