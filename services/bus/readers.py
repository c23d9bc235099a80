"""How far has each reader got? What JetStream knows of the durable readers, and which of them stand still."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from nats.js import JetStreamContext, api

from services.bus.streams import STREAM


@dataclass(frozen=True, slots=True)
class Reader:
    """One durable reader: what waits for it, what it has in hand, and the last fact that was delivered to it."""

    name: str
    pending: int
    unacknowledged: int
    redelivered: int
    asking: int
    delivered: int
    acknowledged: int
    most_unacknowledged: int
    last_active: datetime | None


async def readers(js: JetStreamContext) -> list[Reader]:
    """All durable readers, by name. Raises nats.errors.Error or TimeoutError when the server is away."""
    found = [_reader(one) for one in await js.consumers_info(STREAM) if one.config.durable_name]
    return sorted(found, key=lambda reader: reader.name)


def idle(reader: Reader, now: datetime) -> float | None:
    """Seconds since something was delivered to it or acknowledged by it; None: never."""
    return None if reader.last_active is None else max(0.0, (now - reader.last_active).total_seconds())


def standing_still(before: Iterable[Reader], after: Iterable[Reader], wanted: Iterable[str]) -> dict[str, str]:
    """What is wrong, by reader, after two looks some seconds apart: `missing`, `full`, or `dead`.

    Nothing moved between the two, and (full) it may have no more facts in hand, or (dead) facts wait and nobody asks
    for them.
    """
    earlier, now = {one.name: one for one in before}, {one.name: one for one in after}
    wrong = {name: "missing" for name in wanted if name not in now}
    for name, reader in now.items():
        if name not in earlier:
            continue
        if (reader.delivered, reader.acknowledged) != (earlier[name].delivered, earlier[name].acknowledged):
            continue
        if reader.unacknowledged >= reader.most_unacknowledged:
            wrong[name] = "full"
        elif reader.pending and not reader.asking and not earlier[name].asking:
            wrong[name] = "dead"
    return wrong


def _reader(info: api.ConsumerInfo) -> Reader:
    delivered, floor = info.delivered, info.ack_floor
    active = [_aware(one.last_active) for one in (delivered, floor) if one is not None and one.last_active]
    return Reader(
        info.name,
        info.num_pending or 0,
        info.num_ack_pending or 0,
        info.num_redelivered or 0,
        info.num_waiting or 0,
        delivered.consumer_seq if delivered else 0,
        floor.consumer_seq if floor else 0,
        info.config.max_ack_pending or 1000,
        max(active, default=None),
    )


def _aware(moment: Any) -> datetime:
    found: datetime = moment
    return found if found.tzinfo else found.replace(tzinfo=UTC)
