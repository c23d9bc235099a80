"""Does the judge see what it is there to see?"""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from availability.tables import SLOT
from dispatcher.tables import REQUEST
from notifications.tables import MESSAGE
from services.storage.database import Database
from services.storage.ledger import AUDIT
from tests.chaos import judge
from tests.chaos.faults import Faults, Kill
from tests.chaos.people import Attempt, Entered, Journal, now
from tests.chaos.report import DOOR, entry_while_away, recovery

THEN = now()
SECOND = timedelta(seconds=1)


async def write(database: Database, table: Any, **row: Any) -> None:
    async with database.writing() as db:
        await db.execute(insert(table), [row])


async def request(database: Database, one: str, **said: Any) -> None:
    usual = {"territory": "t", "state": "seeking", "profession": "10", "need": "{}", "patient": "{}", "deadline": THEN,
             "entered_at": THEN, "entered_by": "reg", "interactive": False, "choice": 0, "unmatched": False,
             "lost": "[]", "reasons": "[]", "others": "[]", "counts": "{}", "moved": False, "rank": -1}  # fmt: skip
    await write(database, REQUEST, id=one, **(usual | said))


async def fact(database: Database, subject: str, about: str, n: int = 0) -> None:
    await write(database, AUDIT, event_id=f"{subject}-{about}-{n}", subject=subject, territory="t", about=about,
                actor="{}", at=THEN)  # fmt: skip


async def message(database: Database, name: str, about: str, kind: str) -> None:
    await write(database, MESSAGE, id=name, territory="t", request_id=about, kind=kind, recipient="patient",
                recipient_id=about, channel="console", lane=1, state="sent", body="{}", actor="reg", due_at=THEN,
                send_after=THEN, valid_until=THEN)  # fmt: skip


def promised(*requests: str) -> Journal:
    return Journal(requests={one: Entered(one, "plain", THEN, THEN) for one in requests})


async def test_a_promise_that_is_gone_is_seen_and_one_made_after_the_cut_does_not_count(database: Database) -> None:
    await request(database, "r-1")
    await fact(database, "request.entered.v1", "r-1")
    await request(database, "r-2")
    journal = promised("r-1", "r-2", "r-3")
    journal.withdrawn["r-1"] = THEN
    journal.slots["s-1"] = THEN
    async with database.read() as db:
        assert await judge.lost(db, journal, before=None) == [
            "request r-3 was acknowledged and is gone",
            "request r-2 was acknowledged and never said",
            "request r-3 was acknowledged and never said",
            "request r-1 was withdrawn and is seeking",
            "slot s-1 was published and is gone",
        ]
        assert await judge.lost(db, journal, before=THEN) == []


async def test_a_slot_that_was_taken_back_and_is_open_is_seen(database: Database) -> None:
    await write(database, SLOT, id="s-1", territory="t", practitioner_id="p", profession="10", commune="81105",
                start=THEN, ends=THEN + SECOND, minutes=10, capacity=1, modes="[]",
                status="open", version=1)  # fmt: skip
    async with database.read() as db:
        found = await judge.lost(db, Journal(slots={"s-1": THEN}, closed_slots={"s-1": THEN}), before=None)
    assert found == ["slot s-1 was taken back and is open"]


async def test_two_patients_told_to_come_to_the_same_person_at_once_are_seen(database: Database) -> None:
    for one in ("r-1", "r-2"):
        await request(database, one, state="booked", practitioner_id="p", start=THEN, slot_id="s-1")
    async with database.read() as db:
        [found] = await judge.double_booked(db)
    assert found.startswith("p sees two patients at")


async def test_a_second_message_about_one_booking_is_seen_and_one_about_a_second_booking_is_right(
    database: Database,
) -> None:
    for one, bookings in (("r-1", 1), ("r-2", 2)):
        for n in range(bookings):
            await fact(database, "request.booked.v1", one, n)
        for n, kind in enumerate(("moved", "moved")):
            await message(database, f"{one}-{n}", one, kind)
    async with database.read() as db:
        assert await judge.double_messaged(db) == ["the patient of r-1 was told 'moved' 2 times"]


async def test_a_proposal_that_nobody_will_answer_is_seen(database: Database) -> None:
    await request(database, "r-1", pending="s-1")
    await request(database, "r-2")
    async with database.read() as db:
        assert await judge.stuck(db) == ["request r-1 waits for the answer to a proposal, for ever"]


async def test_an_alert_hours_too_early_is_seen(database: Database) -> None:
    for one in ("r-1", "r-2"):
        await fact(database, "request.escalated.v1", one)
    journal = Journal(requests={n: Entered(n, kind, THEN, THEN) for n, kind in (("r-1", "waiting"), ("r-2", "urgent"))})
    async with database.read() as db:
        assert await judge.too_early(db, journal) == ["request r-1 alerted somebody hours too early"]


def test_entry_counts_only_what_began_while_nats_was_away() -> None:
    def tried(second: int, status: int) -> Attempt:
        return Attempt(DOOR, THEN + second * SECOND, THEN + second * SECOND, status)

    journal = Journal(attempts=[tried(0, 500), tried(2, 201), tried(3, 0), tried(9, 0)])
    assert entry_while_away(journal, Faults(away=[(THEN + SECOND, THEN + 5 * SECOND)])) == (1, 2)


@pytest.mark.parametrize(("name", "seconds"), [("web", 2.0), ("notifications", 4.0), ("clock", None)])
def test_recovery_is_felt_by_what_was_begun_after_the_death(name: str, seconds: float | None) -> None:
    journal = promised()
    for second, status in ((-1, 201), (1, 0), (2, 201)):
        journal.attempts.append(Attempt(DOOR, THEN + second * SECOND, THEN + second * SECOND, status))
    journal.requests = {
        "early": Entered("early", "plain", THEN - SECOND, THEN),
        "late": Entered("late", "plain", THEN + SECOND, THEN + SECOND),
    }
    marks = {"early": THEN + SECOND, "late": THEN + 4 * SECOND}
    assert recovery(Kill(name, THEN, alone=True), journal, marks) == seconds
