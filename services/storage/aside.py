"""Which messages could not be dealt with, and why? Set aside, shown, replayed."""

import json
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import PurePath
from typing import Any
from uuid import uuid4

from pydantic import ValidationError
from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert as insert_or_skip
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatcher import roster
from dispatcher import store as dispatcher
from dispatcher.life import OPEN
from schemas.event import Event, Order, derived_id, durable
from schemas.house import AlarmRaised, AsideDropped, AsideReplayed
from schemas.request import CareRequested
from schemas.sealed import Erased, Sealed, Vault
from schemas.values import Actor, NotYet, Refused, Value, system_actor
from services.mailbox import Mailbox, Reaction
from services.storage.database import Database
from services.storage.ledger import ASIDE, Aside, Inbox
from services.watch import alarms

DROPPED = "dropped:"
"""How the subject begins under which the reason is sealed why a message was dropped."""

ALARM = "aside"
"""The kind of the alarm that a request whose message is set aside raises."""

_ENTRY, _ALARMS = durable("dispatcher", CareRequested), durable("notifications", AlarmRaised)

Readers = Mapping[str, tuple[type[Event], Reaction]]
"""By durable name: the fact that is read, and the reaction to it."""


@dataclass(frozen=True, slots=True)
class AsideRow:
    """A message set aside: for which reader, why, after how many tries. Its body stays sealed."""

    id: str
    reader: str
    topic: str
    error: str
    tries: int
    at: datetime
    event_id: str
    about: str | None
    body: Sealed[str]

    @property
    def territory(self) -> str:
        return self.topic.split(".")[1]


async def listing(db: AsyncConnection, limit: int = 100) -> list[AsideRow]:
    """The latest first."""
    rows = await db.execute(select(ASIDE).order_by(ASIDE.c.at.desc()).limit(limit))
    return [_row(row) for row in rows]


async def find(db: AsyncConnection, aside_id: str) -> AsideRow | None:
    """The one with this id, as long as it is aside."""
    row = (await db.execute(select(ASIDE).where(ASIDE.c.id == aside_id))).one_or_none()
    return None if row is None else _row(row)


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
    """Put a message where an operator sees it, and raise the alarm when a patient may wait for it.

    Returns when that is committed; the same message counts once.
    """
    aside_id = derived_id("aside", reader, message_id)
    text, named = body.decode("utf-8", "backslashreplace"), _request_named(body)
    row = {"id": aside_id, "reader": reader, "topic": topic, "event_id": message_id, "error": describe(error)}

    async def decide(db: AsyncConnection, now: datetime) -> list[Event]:
        request = None if named is None else await dispatcher.request(db, named)
        about, territory, waits = named if request else None, topic.split(".")[1], False
        if request is not None:
            territory, waits = request.territory, request.state in OPEN and reader != _ALARMS
        elif reader == _ENTRY:
            about, waits = f"{reader}.{territory}", True
        sealed = await _seal(vault, about if request else None, aside_id, text)
        full = row | {"body": sealed.model_dump_json(), "tries": tries, "at": now, "about": about}
        new = insert_or_skip(Aside).on_conflict_do_nothing().returning(ASIDE.c.id)
        if (await db.execute(new, full)).first() is None or not waits or about is None:
            return []
        return await _alarm(db, now, aside_id, about, territory, request_id=named if request else None)

    await mailbox.order(_order(aside_id, "operations", system_actor("operations")), decide)


async def replay(
    database: Database, mailbox: Mailbox, vault: Vault, readers: Readers, aside_id: str, actor: Actor
) -> list[Event] | Refused:
    """Let its reader deal with it now, once. When that works it is no longer aside, in the same transaction;
    when it fails it stays, with the new reason, and the answer says which."""
    async with database.read() as db:
        row = await find(db, aside_id)
    if row is None:
        return Refused(code="unknown_aside")
    if row.reader not in readers:
        return Refused(code="aside_no_reader", about={"reader": row.reader})
    fact_class, reaction = readers[row.reader]
    order = _order(uuid4().hex, row.territory, actor)
    said: list[Event] | None = None

    async def react(facts: Sequence[Event], db: AsyncConnection, now: datetime) -> list[list[Event]]:
        nonlocal said
        (answer,) = await reaction(facts, db, now)
        said = [*answer, *await remove(db, now)]
        return [said]

    async def remove(db: AsyncConnection, now: datetime) -> list[Event]:
        gone = await _remove(db, row, now)
        return [AsideReplayed.after(order, now, aside_id=row.id, reader=row.reader)] if gone else []

    try:
        fact = fact_class.model_validate_json(await vault.open(row.body))
        await mailbox.receive(row.reader, fact, react)
    except Erased:
        return Refused(code="aside_erased")
    except Exception as failed:
        error = describe(failed)
        await mailbox.order(order, lambda db, now: _failed_again(db, row, error))
        return Refused(code="aside_failed", about={"error": error})
    if said is None:  # it had been dealt with meanwhile: the inbox knows it
        return await mailbox.order(order, remove)
    return said


async def drop(
    database: Database, mailbox: Mailbox, vault: Vault, aside_id: str, why: str, actor: Actor
) -> list[Event] | Refused:
    """Decide that it is not to be dealt with, also when the stream is said again."""
    async with database.read() as db:
        row = await find(db, aside_id)
    if row is None:
        return Refused(code="unknown_aside")
    order = _order(uuid4().hex, row.territory, actor)
    sealed = await vault.seal(f"{DROPPED}{row.id}", "why", why)

    async def decide(db: AsyncConnection, now: datetime) -> list[Event]:
        seen = [{"reader": row.reader, "event_id": row.event_id, "at": now}]
        await db.execute(insert_or_skip(Inbox).on_conflict_do_nothing(), seen)
        dropped = AsideDropped.after(order, now, aside_id=row.id, reader=row.reader, why=sealed)
        return [dropped] if await _remove(db, row, now) else []

    return await mailbox.order(order, decide)


async def _alarm(
    db: AsyncConnection, now: datetime, aside_id: str, about: str, territory: str, *, request_id: str | None
) -> list[Event]:
    if request_id:
        words = f"La demande {request_id} n'avance peut-être plus"
    else:
        words = f"Une demande reçue pour {territory} n'a pas été comprise"
    words += f" : un message est mis de côté (relais aside show {aside_id}, puis replay ou drop)."
    known = bool(request_id or await roster.people(db, territory))
    order = _order(derived_id("alarm", aside_id, now.isoformat()), territory, system_actor(territory))
    _, facts = await alarms.ring(
        order, db, now, ALARM, about, words, territory if known else None, request_id=request_id
    )
    return facts


async def _remove(db: AsyncConnection, row: AsideRow, now: datetime) -> bool:
    """No longer aside; the alarm ends with the last message about its matter. False when somebody was faster."""
    gone = await db.execute(delete(ASIDE).where(ASIDE.c.id == row.id))
    if not gone.rowcount:
        return False
    if row.about is not None:
        left = await db.execute(select(ASIDE.c.id).where(ASIDE.c.about == row.about).limit(1))
        if left.first() is None:
            await alarms.silence(db, now, ALARM, row.about)
    return True


async def _failed_again(db: AsyncConnection, row: AsideRow, error: str) -> list[Event]:
    again = update(ASIDE).where(ASIDE.c.id == row.id)
    await db.execute(again.values(error=error, tries=ASIDE.c.tries + 1))
    return []


async def _seal(vault: Vault, request_id: str | None, aside_id: str, text: str) -> Sealed[str]:
    """Under the key of its request, so that it is erased with the person; under one of its own when there is none."""
    try:
        if request_id is not None:
            return await vault.seal(request_id, f"aside:{aside_id}", text)
    except Erased:
        pass
    return await vault.seal(f"aside:{aside_id}", "body", text)


def _request_named(body: bytes) -> str | None:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return None
    named = said.get("request_id") if isinstance(said, dict) else None
    return named if isinstance(named, str) and "\0" not in named else None


def _order(id: str, territory: str, actor: Actor) -> Order:
    return Order(id=id, territory=territory, actor=actor)


def _row(row: Any) -> AsideRow:
    return AsideRow(
        row.id, row.reader, row.topic, row.error, row.tries, row.at, row.event_id, row.about,
        Sealed[str].model_validate_json(row.body),
    )  # fmt: skip


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
