"""Which messages could not be dealt with, and why? Set aside, shown, replayed."""

import traceback
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import PurePath
from typing import Any

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as insert_or_skip
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.event import Event, Order, derived_id
from schemas.sealed import Vault
from schemas.values import NotYet, Value, system_actor
from services.mailbox import Mailbox
from services.storage.ledger import Aside

_ASIDE: Any = Aside.__table__  # type: ignore[attr-defined]  # SQLModel does not type it


@dataclass(frozen=True, slots=True)
class AsideRow:
    """A message set aside: for which reader, why, after how many tries. Its body stays sealed."""

    id: str
    reader: str
    topic: str
    error: str
    tries: int
    at: datetime


async def listing(db: AsyncConnection, limit: int = 100) -> list[AsideRow]:
    """The latest first."""
    rows = await db.execute(select(_ASIDE).order_by(_ASIDE.c.at.desc()).limit(limit))
    return [AsideRow(row.id, row.reader, row.topic, row.error, row.tries, row.at) for row in rows]


async def set_aside(
    mailbox: Mailbox,
    vault: Vault,
    *,
    reader: str,
    topic: str,
    message_id: str,
    body: bytes,
    error: Exception,
    tries: int,
) -> None:
    """Put a message where an operator sees it. Returns when that is committed; the same message counts once."""
    aside_id = derived_id("aside", reader, message_id)
    sealed = await vault.seal(f"aside:{aside_id}", "body", body.decode("utf-8", "backslashreplace"))
    row = {
        "id": aside_id,
        "reader": reader,
        "topic": topic,
        "event_id": message_id,
        "body": sealed.model_dump_json(),
        "error": describe(error),
        "tries": tries,
    }

    async def decide(db: AsyncConnection, now: datetime) -> list[Event]:
        await db.execute(insert_or_skip(Aside).on_conflict_do_nothing(), [row | {"at": now}])
        return []

    actor = system_actor("operations")
    await mailbox.order(Order(id=aside_id, territory="operations", actor=actor), decide)


def describe(error: BaseException) -> str:
    """What went wrong, in words without personal data: the kind of error and where, never the values.

    The text of an error may quote what it stumbled over (a KeyError is nothing but that), so only our own is shown.
    """
    if isinstance(error, ValidationError):
        faults = [f"{_path(fault['loc'])}: {fault['type']}" for fault in error.errors(include_input=False)]
        return "not understood: " + "; ".join(faults[:8])
    words = f": {error}" if isinstance(error, NotYet) else ""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" in {frames[-1].name} ({PurePath(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}{words}{where}"


def _path(loc: tuple[int | str, ...]) -> str:
    """The field at fault. A key that is no field of ours came from outside, and may be a name."""
    return ".".join(str(part) if isinstance(part, int) or part in _fields() else "…" for part in loc)


@cache
def _fields() -> frozenset[str]:
    """The names of all fields that values and facts have, and of the argument that handlers take."""
    found, values = {"event"}, [Value]
    while values:
        value = values.pop()
        found |= value.model_fields.keys()
        values += value.__subclasses__()
    return frozenset(found)
