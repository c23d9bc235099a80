"""What does JetStream keep, and for whom? The stream and its readers, made and updated here and nowhere else."""

from collections.abc import Iterable

from nats.js import JetStreamContext, api
from nats.js.errors import NotFoundError

from schemas.event import FACTS, Event, durable

STREAM = "CARE"

ACK_WAIT = 10.0
"""Seconds after which an unacknowledged message comes again: far above the slowest transaction seen, and as long as a
patient may wait at most for what a process that died had in hand."""

TRIES = 12
"""After this many failures of its own a message is set aside (services/bus/worker.py). The server itself never gives
one up: it would do so in silence, and a database that is away for ten minutes costs as many deliveries."""


FIRST_DELAY, LONGEST_DELAY = 0.2, 30.0


def retry_delay(tries: int, luck: float) -> float:
    """Seconds until the next delivery after so many: twice as long each time, with a quarter more or less by `luck`
    (0 to 1), so that what failed together does not come back together."""
    return min(LONGEST_DELAY, FIRST_DELAY * 2.0 ** min(tries - 1, 30)) * (0.75 + luck / 2)


async def prepare_stream(js: JetStreamContext, max_bytes: int | None = None, replicas: int = 1) -> None:
    """Create the stream, or bring it up to date. Unread facts are never dropped: no age, full = publishing waits.

    Only subjects somebody understands are accepted; those of older releases stay accepted until they are drained.
    """
    known = {f"care.*.{subject}" for subject in FACTS}
    try:
        known |= set((await js.stream_info(STREAM)).config.subjects or [])
        change = js.update_stream
    except NotFoundError:
        change = js.add_stream
    await change(
        api.StreamConfig(
            name=STREAM,
            subjects=sorted(known),
            retention=api.RetentionPolicy.LIMITS,
            discard=api.DiscardPolicy.NEW,
            storage=api.StorageType.FILE,
            max_age=0,
            max_bytes=max_bytes or -1,
            num_replicas=replicas,
            duplicate_window=120,
            allow_atomic=True,  # the relay publishes in batches
        )
    )


async def prepare_readers(js: JetStreamContext, room: str, facts: Iterable[type[Event]]) -> None:
    """One durable pull consumer per fact the room reacts to, named from the contract."""
    for fact in facts:
        await js.add_consumer(
            STREAM,
            api.ConsumerConfig(
                durable_name=durable(room, fact),
                filter_subject=f"care.*.{fact.subject}",
                ack_policy=api.AckPolicy.EXPLICIT,
                ack_wait=ACK_WAIT,
                max_deliver=-1,
                max_ack_pending=2000,
            ),
        )
