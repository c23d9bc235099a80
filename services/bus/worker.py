"""Who reads the facts? A FastStream subscriber per reaction: acknowledged after commit, retried, set aside."""

import logging
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from faststream import AckPolicy
from faststream.nats import JStream, NatsBroker, PullSub
from nats.aio.client import Client
from nats.aio.msg import Msg

from schemas.event import Event, durable
from schemas.sealed import Vault
from schemas.values import NotYet
from services.bus.pull import EagerStream
from services.bus.streams import STREAM, TRIES, retry_delay
from services.mailbox import Mailbox, Reaction
from services.storage.aside import describe, set_aside
from services.storage.away import is_away

log = logging.getLogger("relais.worker")

PULL = PullSub(batch_size=128, timeout=1.0, batch=True)
"""Those that are there share a commit (services/bus/pull.py waits for no more). The time-out bounds how long a pull
that died in a reconnect goes unnoticed."""

Reactions = Mapping[type[Event], Reaction]


def make_broker(url: str, **extra: Any) -> NatsBroker:
    """A broker that notices a cut within 6 s and reconnects for ever; logs are ours."""
    return NatsBroker(
        url,
        name="relais",
        connect_timeout=5,
        ping_interval=2,
        max_outstanding_pings=2,
        reconnect_time_wait=1,
        max_reconnect_attempts=-1,
        logger=None,
        apply_types=False,  # the decoder gives the messages themselves: nothing is left to inject
        **extra,
    )


async def connect(broker: NatsBroker) -> Client:
    """Connect, with pulls that give what is there."""
    client = await broker.connect()
    broker.config.broker_config.connection_state.connect(client, EagerStream(client))
    return client


def subscribe(broker: NatsBroker, room: str, reactions: Reactions, mailbox: Mailbox, vault: Vault) -> None:
    """Let the room hear its facts. The durable readers must have been prepared (services/bus/streams.py)."""
    for fact, reaction in reactions.items():
        # A JStream remembers that it was declared: one of its own for each subscriber.
        subscriber = broker.subscriber(
            f"care.*.{fact.subject}",
            durable=durable(room, fact),
            stream=JStream(STREAM, declare=False),
            pull_sub=PULL,
            ack_policy=AckPolicy.MANUAL,
            decoder=_as_it_came,
            no_reply=True,
            title=f"{room}:{fact.subject}",
            description=fact.__doc__ or "",
        )
        subscriber(_listener(durable(room, fact), fact, reaction, mailbox, vault))


async def _as_it_came(batch: Any) -> list[Msg]:
    """The messages themselves: each is read on its own, so that a bad one costs only itself."""
    messages: list[Msg] = batch.raw_message
    return messages


def _listener(
    reader: str, fact: type[Event], reaction: Reaction, mailbox: Mailbox, vault: Vault
) -> Callable[[list[Msg]], Awaitable[None]]:
    tries: Counter[int] = Counter()
    """By place in the stream: how often it failed by itself. Deliveries in vain, as a process died or the database was
    away, say nothing about a message."""

    async def hear(messages: list[Msg]) -> None:
        """React to all; acknowledge what is committed, put off or set aside what failed. Never raises."""
        started = time.perf_counter()
        read: list[tuple[Msg, Event]] = []
        failures: list[tuple[Msg, Exception]] = []
        for message in messages:
            try:
                read.append((message, fact.model_validate_json(message.data)))
            except ValueError as nobody_understands:
                failures.append((message, nobody_understands))
        if read:
            outcomes = await mailbox.receive_all(reader, [event for _, event in read], reaction)
            for (message, event), failed in zip(read, outcomes, strict=True):
                if failed is not None:
                    failures.append((message, failed))
                else:
                    if tries:
                        tries.pop(message.metadata.sequence.stream, None)
                    await message.ack()
                    log.debug("%s %s %s done", reader, event.id, event.territory)
        for message, failed in failures:
            place = message.metadata.sequence.stream
            tries[place] += not is_away(failed)
            if await _after_failure(mailbox, vault, message, failed, tries[place]):
                tries.pop(place)
        log.debug("%s heard %d in %.1f ms", reader, len(messages), (time.perf_counter() - started) * 1000)

    hear.__name__ = reader
    return hear


async def _after_failure(mailbox: Mailbox, vault: Vault, raw: Any, failed: Exception, tries: int) -> bool:
    """Put it off, longer each time; or set it aside, at last. Whether it was set aside."""
    reader, delivered = raw.metadata.consumer, raw.metadata.num_delivered
    delay = retry_delay(delivered, random.random())
    if is_away(failed) or (tries < TRIES and not _hopeless(failed)):
        level = logging.DEBUG if isinstance(failed, NotYet) else logging.WARNING
        log.log(level, "%s will try again in %.1f s: %s", reader, delay, describe(failed))
        await raw.nak(delay=delay)
        return False
    log.error("%s sets a message aside after %d tries: %s", reader, tries, describe(failed))
    message_id = (raw.headers or {}).get("Nats-Msg-Id") or f"{raw.metadata.sequence.stream}"
    try:
        await set_aside(
            mailbox,
            vault,
            reader=reader,
            topic=raw.subject,
            message_id=message_id,
            body=raw.data,
            error=failed,
            tries=tries,
        )
    except Exception as nowhere:
        log.error("%s could not set it aside: %s", reader, describe(nowhere))
        await raw.nak(delay=delay)
        return False
    await raw.ack()
    return True


def _hopeless(failed: Exception) -> bool:
    """Nobody will ever understand it: the text is not JSON, or not the fact its subject says."""
    return isinstance(failed, ValueError)  # pydantic's ValidationError and JSON errors are ValueErrors
