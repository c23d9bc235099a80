"""How does one message have one effect? Inbox, handler, outbox, audit in one transaction: the only commit.

Messages that arrive while a commit is under way share the next one (group commit). The first pass runs them all in
one transaction; if one of them fails, the group is run again with a savepoint around each, so that a bad message
costs only itself.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import insert, select
from sqlalchemy.dialects.postgresql import insert as insert_or_skip
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.event import FACTS, Event, Order
from schemas.values import Refused
from services.clock import Clock
from services.storage.database import Database
from services.storage.ledger import INBOX, RECEIPT, Audit, Inbox, Outbox, Receipt, audit_row, outbox_row

log = logging.getLogger("relais.mailbox")

Outcome = list[Event] | Refused
Decide = Callable[[AsyncConnection, datetime], Awaitable[Outcome]]
Reaction = Callable[[Sequence[Any], AsyncConnection, datetime], Awaitable[list[list[Event]]]]
"""What a room says to facts of one kind: a list for each, in order. It gets those of a group together, so that it can
ask the database once for all."""

DOOR = "door"
"""The reader's name under which orders with a receipt are remembered."""

GROUP = 128
"""Most messages in one transaction: enough to share an fsync, few enough to answer a person in time."""


class KeyReused(Exception):
    """The same idempotency key came again with other content."""


@dataclass(slots=True)
class Post:
    """Letters that were put in together: `done` when all of them are settled."""

    left: int
    done: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


@dataclass(slots=True, eq=False)
class Letter:
    """One message on its way through the mailbox, and what came of it."""

    reader: str
    id: str
    decide: Decide | None = None
    fact: Event | None = None
    react: Reaction | None = None
    remembered: bool = True
    fingerprint: str | None = None
    post: Post = field(init=False)
    outcome: Outcome | Exception = field(init=False)


class Mailbox:
    """`receive` for facts, `order` for what people ask; both return when it is committed, or raise."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._waiting: list[Letter] = []
        self._bell = asyncio.Event()
        self._listeners: list[Callable[[Sequence[Event]], None]] = []

    def on_commit(self, listener: Callable[[Sequence[Event]], None]) -> None:
        """`listener` hears the facts of each transaction right after its commit. It must not block."""
        self._listeners.append(listener)

    async def receive(self, reader: str, fact: Event, react: Reaction) -> None:
        """React to a fact once, however often it is delivered."""
        (failed,) = await self.receive_all(reader, [fact], react)
        if failed is not None:
            raise failed

    async def receive_all(self, reader: str, facts: Sequence[Event], react: Reaction) -> list[Exception | None]:
        """React to each fact once; what went wrong with each, None = done. Returns when that is committed."""
        letters = [Letter(reader, fact.id, fact=fact, react=react) for fact in facts]
        await self._settled(letters)
        return [letter.outcome if isinstance(letter.outcome, Exception) else None for letter in letters]

    async def order(self, order: Order, decide: Decide, *, fingerprint: str | None = None) -> Outcome:
        """Carry out what a person or a timer asks: the facts, or why not (and then nothing was changed).

        With a `fingerprint` of its content (keyed, so that it tells nothing) the order is remembered: the same
        again answers the same facts and does nothing; with another fingerprint it raises KeyReused.
        """
        letter = Letter(DOOR, order.id, decide, remembered=fingerprint is not None, fingerprint=fingerprint)
        await self._settled([letter])
        if isinstance(letter.outcome, Exception):
            raise letter.outcome
        return letter.outcome

    async def run(self) -> None:
        """Commit what waits, for ever."""
        while True:
            await self._bell.wait()
            self._bell.clear()
            while self._waiting:
                group, self._waiting = self._waiting[:GROUP], self._waiting[GROUP:]
                await self._settle(group)

    async def _settled(self, letters: Sequence[Letter]) -> None:
        """Put them in, and wait until each has its outcome."""
        post = Post(len(letters))
        for letter in letters:
            letter.post = post
        self._waiting += letters
        self._bell.set()
        await post.done

    async def _settle(self, group: list[Letter]) -> None:
        try:
            outcomes = await self._together(group)
        except Exception:
            outcomes = await self._apart(group)
        # From here on it is committed: whatever fails now must not run anything again.
        self._tell(outcomes)
        for letter in group:
            letter.outcome = outcomes[letter] if letter in outcomes else await self._earlier(letter)
            letter.post.left -= 1
            if not letter.post.left and not letter.post.done.done():  # who waited may have been cancelled
                letter.post.done.set_result(None)

    async def _together(self, group: list[Letter]) -> dict[Letter, Outcome | Exception]:
        """One transaction, no savepoints. Raises when any letter fails: then nothing happened.

        Letters that had been dealt with before are not among the outcomes.
        """
        now = self._clock.now()
        outcomes: dict[Letter, Outcome | Exception] = {}
        async with self._database.writing() as db:
            for letters in _of_one_kind(await self._claim(db, group, now)):
                for letter, outcome in zip(letters, await _work(letters, db, now), strict=True):
                    outcomes[letter] = outcome
                    if isinstance(outcome, Refused):
                        raise _Refusal
            await self._write(db, outcomes, now)
        return outcomes

    async def _apart(self, group: list[Letter]) -> dict[Letter, Outcome | Exception]:
        """One transaction, a savepoint for each letter: the ones that fail leave no trace."""
        now = self._clock.now()
        outcomes: dict[Letter, Outcome | Exception] = {}
        try:
            async with self._database.writing() as db:
                for letter in group:
                    outcome = await self._alone(db, letter, now)
                    if outcome is not None:
                        outcomes[letter] = outcome
        except Exception as lost:  # the database itself failed: nobody's letter was done
            return dict.fromkeys(group, lost)
        return outcomes

    async def _alone(self, db: AsyncConnection, letter: Letter, now: datetime) -> Outcome | Exception | None:
        """The letter in its own savepoint; None when it had been dealt with before.

        When the database refuses a row, somebody else was faster by a moment: the letter is worked on once more, and
        now sees what they did.
        """
        try:
            try:
                return await self._in_savepoint(db, letter, now)
            except IntegrityError:
                return await self._in_savepoint(db, letter, now)
        except Exception as failed:
            return failed

    async def _in_savepoint(self, db: AsyncConnection, letter: Letter, now: datetime) -> Outcome | None:
        savepoint = await db.begin_nested()
        try:
            claimed = await self._claim(db, [letter], now)
            outcome = (await _work(claimed, db, now))[0] if claimed else None
            if isinstance(outcome, list):
                await self._write(db, {letter: outcome}, now)
                await savepoint.commit()
            else:
                await savepoint.rollback()
            return outcome
        except Exception:
            with contextlib.suppress(Exception):
                await savepoint.rollback()
            raise

    async def _claim(self, db: AsyncConnection, group: list[Letter], now: datetime) -> list[Letter]:
        """Those of the group that nobody has dealt with yet, in order."""
        remembered = [letter for letter in group if letter.remembered]
        if not remembered:
            return group
        rows = [{"reader": letter.reader, "event_id": letter.id, "at": now} for letter in remembered]
        fresh = {(reader, event_id) for reader, event_id in await db.execute(_CLAIM, rows)}
        claimed: list[Letter] = []
        for letter in group:
            if not letter.remembered or (letter.reader, letter.id) in fresh:
                fresh.discard((letter.reader, letter.id))
                claimed.append(letter)
        return claimed

    async def _write(self, db: AsyncConnection, outcomes: dict[Letter, Any], now: datetime) -> None:
        """Facts to the outbox and to the audit, receipts for orders that were remembered."""
        facts = _facts(outcomes.values())
        if facts:
            await db.execute(_SAY, [outbox_row(fact, now) for fact in facts])
            await db.execute(_AUDIT, [audit_row(fact) for fact in facts])
        receipts = [
            {
                "order_id": letter.id,
                "fingerprint": letter.fingerprint,
                "facts": _said(facts_),
            }
            for letter, facts_ in outcomes.items()
            if letter.fingerprint is not None and isinstance(facts_, list)
        ]
        if receipts:
            await db.execute(insert(Receipt), receipts)

    async def _earlier(self, letter: Letter) -> Outcome | Exception:
        """What was answered when this letter came the first time."""
        if letter.fingerprint is None:
            return []
        try:
            async with self._database.read() as db:
                found = await db.execute(select(Receipt).where(RECEIPT.c.order_id == letter.id))
                row = found.one_or_none()
        except Exception as lost:
            return lost
        if row is None:
            return []
        if row.fingerprint != letter.fingerprint:
            return KeyReused()
        return [FACTS[said["subject"]].model_validate(said["fact"]) for said in _FACTS_JSON.validate_json(row.facts)]

    def _tell(self, outcomes: dict[Letter, Outcome | Exception]) -> None:
        facts = _facts(outcomes.values())
        for listener in self._listeners if facts else ():
            try:
                listener(facts)
            except Exception as failed:
                log.error("a listener failed: %s", type(failed).__name__)


async def _work(letters: Sequence[Letter], db: AsyncConnection, now: datetime) -> Sequence[Outcome]:
    """What comes of letters of one kind: a single order, or facts for one reader."""
    first = letters[0]
    if first.decide is not None:
        return [await first.decide(db, now)]
    assert first.react is not None
    return await first.react([letter.fact for letter in letters], db, now)


def _of_one_kind(letters: Iterable[Letter]) -> list[list[Letter]]:
    """Orders each on their own, facts by reader: no order is promised between them."""
    kinds: dict[object, list[Letter]] = {}
    for letter in letters:
        kinds.setdefault(letter if letter.fact is None else (letter.reader, letter.react), []).append(letter)
    return list(kinds.values())


class _Refusal(Exception):
    """A letter of the group was refused: run the group again, each on its own."""


_CLAIM = (
    insert_or_skip(Inbox)
    .on_conflict_do_nothing()
    .returning(INBOX.c.reader, INBOX.c.event_id)
    .execution_options(in_one=True)
)
_SAY = insert_or_skip(Outbox).on_conflict_do_nothing().execution_options(later="id")
_AUDIT = insert_or_skip(Audit).on_conflict_do_nothing().execution_options(later="event_id")
_FACTS_JSON: TypeAdapter[list[dict[str, Any]]] = TypeAdapter(list[dict[str, Any]])


def _said(facts: Iterable[Event]) -> bytes:
    """The facts of an answer, to be said again: JSON of [{subject, fact}]."""
    return b"[" + b",".join(b'{"subject":"%s","fact":%s}' % (one.subject.encode(), one.body) for one in facts) + b"]"


def _facts(outcomes: Iterable[Any]) -> list[Event]:
    return [fact for outcome in outcomes if isinstance(outcome, list) for fact in outcome]
