"""Which invariants are kept? Every checker asked in one moment of the database; what is suspected, asked twice."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from nats.js import JetStreamContext
from sqlalchemy.ext.asyncio import AsyncConnection

from services.checks import board, ledger, messages, offers, readers, replay, requests, seats, territories, timers
from services.checks.look import Check, Look
from services.storage.database import Database


@dataclass(frozen=True, slots=True)
class Invariant:
    """A promise, and the checkers that together prove it. `needs_stream`: some of them ask the stream."""

    name: str
    promise: str
    checks: tuple[Check, ...]
    needs_stream: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found of one invariant: nothing, or a sentence for each violation. `seen` False = not all was asked."""

    name: str
    promise: str
    found: tuple[str, ...]
    seen: bool = True

    @property
    def kept(self) -> bool:
        return self.seen and not self.found


INVARIANTS = (
    Invariant("I1", "Toute demande enregistrée existe", (requests.entered_and_gone, requests.answered_and_gone)),
    Invariant(
        "I2",
        "Une place par patient, un patient par place",
        (
            seats.seat_taken_twice,
            seats.request_seated_twice,
            seats.seat_that_is_none,
            seats.slots_that_overlap,
            seats.placed_without_seat,
            seats.seat_that_nobody_told,
            offers.accepted_by_two,
        ),
    ),
    Invariant(
        "I3",
        "Toute demande ouverte est surveillée, à l'heure",
        (
            timers.unwatched,
            timers.watched_after_its_end,
            timers.rung_late,
            timers.alerted_after_the_miss,
            offers.asked_in_vain,
        ),
    ),
    Invariant(
        "I4",
        "Chaque message une fois, remis ou dit en échec",
        (messages.heard_too_often, messages.first_booking_heard_twice, messages.waits_unseen),
    ),
    Invariant(
        "I5",
        "Chaque fait au journal, intact, et les faits redonnent l'état",
        (
            ledger.said_and_not_audited,
            ledger.audited_twice,
            ledger.audited_and_never_said,
            ledger.chain_broken,
            ledger.sealed_late,
            replay.facts_and_rows_differ,
        ),
    ),
    Invariant(
        "I6",
        "Rien ne sort de son territoire",
        (territories.of_another_request, territories.of_another_practitioner, territories.said_elsewhere),
    ),
    Invariant(
        "I7",
        "Tout fait est traité, mis de côté ou en attente",
        (readers.never_published, readers.acknowledged_and_not_dealt_with, readers.published_and_not_waiting),
        needs_stream=True,
    ),
    Invariant("I8", "Le tableau du régulateur montre la base", (board.board_differs,)),
)


async def examine(
    database: Database,
    now: Callable[[], datetime],
    js: JetStreamContext | None = None,
    keys: Sequence[str] | None = None,
    grace: float = 0,
) -> list[Verdict]:
    """A verdict for each invariant. The rooms agree a moment after a change, not at once: a suspicion counts when it
    is still there `grace` seconds later (0 = nothing moves)."""
    first = [(check, invariant) for invariant in INVARIANTS for check in invariant.checks]
    suspected = await _suspicions(database, now, js, keys, [check for check, _ in first])
    if grace and any(suspected.values()):
        await asyncio.sleep(grace)
        again = await _suspicions(database, now, js, keys, [check for check, found in suspected.items() if found])
        suspected |= {check: [one for one in suspected[check] if one in set(found)] for check, found in again.items()}
    return [
        Verdict(
            invariant.name,
            invariant.promise,
            tuple(one for check in invariant.checks for one in suspected[check]),
            seen=js is not None or not invariant.needs_stream,
        )
        for invariant in INVARIANTS
    ]


async def _suspicions(
    database: Database,
    now: Callable[[], datetime],
    js: JetStreamContext | None,
    keys: Sequence[str] | None,
    checks: Sequence[Check],
) -> dict[Check, list[str]]:
    """What each of these checkers finds in one moment of the database."""
    floors = await readers.readers_of(js) if js is not None else {}
    async with snapshot(database) as db:
        look = Look(db, database.dialect, now(), keys, js, floors)
        return {check: await check(look) for check in checks}


@asynccontextmanager
async def snapshot(database: Database) -> AsyncIterator[AsyncConnection]:
    """A connection on which everything is as it was at the first question; nothing can be written through it."""
    async with database.read() as db:
        if database.dialect == "postgresql":  # SQLite's readers are so by themselves
            await db.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        yield db
