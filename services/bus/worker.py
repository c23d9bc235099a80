"""Who reads the facts? A FastStream subscriber per reaction: acknowledged after commit, retried, set aside."""

import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from faststream import AckPolicy, BaseMiddleware
from faststream.nats import JStream, NatsBroker, PullSub

from schemas.event import Event, durable
from schemas.sealed import Vault
from schemas.values import NotYet
from services.bus.streams import STREAM, TRIES
from services.mailbox import Mailbox, Reaction
from services.storage.aside import describe, set_aside

log = logging.getLogger("relais.worker")

PULL = PullSub(batch_size=64, timeout=1.0)
"""64 share a commit. The time-out bounds how long a pull that died in a reconnect goes unnoticed."""

FIRST_DELAY, LONGEST_DELAY = 0.2, 30.0

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
        apply_types=False,  # the decoder gives the fact itself: nothing is left to inject
        **extra,
    )


def subscribe(broker: NatsBroker, room: str, reactions: Reactions, mailbox: Mailbox) -> None:
    """Let the room hear its facts. The durable readers must have been prepared (services/bus/streams.py)."""
    for fact, reaction in reactions.items():
        # A JStream remembers that it was declared: one of its own for each subscriber.
        subscriber = broker.subscriber(
            f"care.*.{fact.subject}",
            durable=durable(room, fact),
            stream=JStream(STREAM, declare=False),
            pull_sub=PULL,
            ack_policy=AckPolicy.MANUAL,
            decoder=_reader_of(fact),
            no_reply=True,
            title=f"{room}:{fact.subject}",
            description=fact.__doc__ or "",
        )
        subscriber(_listener(broker, durable(room, fact), fact, reaction, mailbox))


def _reader_of(fact: type[Event]) -> Callable[[Any], Awaitable[Event]]:
    """From bytes to the fact in one step; a body that is not it raises ValidationError, and is set aside."""

    async def read(message: Any) -> Event:
        return fact.model_validate_json(message.body)

    return read


def _listener(
    broker: NatsBroker, reader: str, fact: type[Event], reaction: Reaction, mailbox: Mailbox
) -> Callable[[Any], Awaitable[None]]:
    async def hear(event: Any) -> None:
        started = time.perf_counter()
        await mailbox.receive(reader, event, reaction)
        # Injected parameters cost a thread hop a message; the context does not.
        message = broker.context.get_local("message")
        await message.ack()
        log.debug(
            "%s %s %s done in %.1f ms",
            reader,
            event.id,
            event.territory,
            (time.perf_counter() - started) * 1000,
        )

    hear.__annotations__["event"] = fact
    hear.__name__ = reader
    return hear


def retry_middleware(mailbox: Mailbox, vault: Vault) -> type[BaseMiddleware]:
    """What to do with a message that failed: later again, longer each time; then aside, where an operator sees it."""

    class Retry(BaseMiddleware):
        async def consume_scope(self, call_next: Any, msg: Any) -> Any:
            try:
                return await call_next(msg)
            except Exception as failed:
                await _after_failure(mailbox, vault, msg.raw_message, failed)
                return None

    return Retry


async def _after_failure(mailbox: Mailbox, vault: Vault, raw: Any, failed: Exception) -> None:
    tries, reader = raw.metadata.num_delivered, raw.metadata.consumer
    if tries < TRIES and not _hopeless(failed):
        delay = min(LONGEST_DELAY, FIRST_DELAY * 2 ** (tries - 1))
        level = logging.DEBUG if isinstance(failed, NotYet) else logging.WARNING
        log.log(level, "%s will try again in %.1f s: %s", reader, delay, describe(failed))
        await raw.nak(delay=delay)
        return
    log.error("%s sets a message aside after %d tries: %s", reader, tries, describe(failed))
    message_id = (raw.headers or {}).get("Nats-Msg-Id") or f"{raw.metadata.sequence.stream}"
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
    await raw.ack()


def _hopeless(failed: Exception) -> bool:
    """Nobody will ever understand it: the text is not JSON, or not the fact its subject says."""
    return isinstance(failed, ValueError)  # pydantic's ValidationError and JSON errors are ValueErrors
