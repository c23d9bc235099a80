"""What does a checker see? One moment of the database, and how far every reader had got just before."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from nats.js import JetStreamContext
from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncConnection

AT_MOST = 1_000
"""Violations a checker names: with more, the oldest say enough."""

LATE = timedelta(seconds=60)
"""What should have happened longer ago than this has not happened in time."""


@dataclass(frozen=True, slots=True)
class Reader:
    """A durable reader: the fact it reads, and the stream's sequence up to which it acknowledged everything."""

    name: str
    subject: str
    floor: int


@dataclass(frozen=True, slots=True)
class Look:
    """What is looked at. `keys` are the audit's public keys (None = whichever signed last); `js` None = no stream."""

    db: AsyncConnection
    dialect: str
    now: datetime
    keys: Sequence[str] | None = None
    js: JetStreamContext | None = None
    readers: Mapping[str, Reader] = field(default_factory=dict)


Check = Callable[[Look], Awaitable[list[str]]]
"""Gives a sentence for each violation, the oldest first. A sentence says the same at a second look."""


async def rows(look: Look, query: Select[Any]) -> Sequence[Any]:
    """The first rows of what should have none."""
    found: Sequence[Any] = (await look.db.execute(query.limit(AT_MOST))).all()
    return found
