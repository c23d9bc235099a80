"""Does the judge see what it is there to see?"""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from availability.tables import BOOKING, PRACTITIONER, SLOT
from dispatcher.tables import OFFER, REQUEST
from notifications.tables import MESSAGE
from services.storage.database import Database
from services.storage.ledger import AUDIT
from tests.chaos import judge, promises
from tests.chaos.faults import Faults, Kill
from tests.chaos.people import Attempt, Entered, Journal, Taken, Yes, now
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


async def slot(database: Database, one: str, who: str = "p", **said: Any) -> None:
    usual = {"territory": "t", "practitioner_id": who, "profession": "10", "commune": "81105", "start": THEN,
             "ends": THEN + SECOND, "minutes": 10, "capacity": 9, "modes": "[]", "status": "open",
             "version": 1}  # fmt: skip
    await write(database, SLOT, id=one, **(usual | said))


async def seat(database: Database, request_id: str, slot_id: str, number: int = 0, **said: Any) -> None:
    usual = {"slot_id": slot_id, "seat": number, "request_id": request_id, "kind": "booking", "state": "active",
             "start": THEN, "minutes": 10, "mode": "office", "made_at": THEN, "counted": True}  # fmt: skip
    await write(database, BOOKING, **(usual | said))


async def offer(database: Database, one: str, about: str, who: str, state: str, why: str | None = None) -> None:
    await write(database, OFFER, id=one, request_id=about, practitioner_id=who, territory="t", profession="95", ring=1,
                circle="near", state=state, why=why, mode="office", start=THEN, minutes=15, made_at=THEN,
                until=THEN)  # fmt: skip


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
    await slot(database, "s-1")
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
    await request(database, "r-3", pending="s-2", state="booked", practitioner_id="p", start=THEN, slot_id="s-1")
    async with database.read() as db:
        assert await judge.stuck(db) == [
            f"request {one} waits for the answer to a proposal, for ever" for one in ("r-1", "r-3")
        ]


async def test_an_alert_hours_too_early_is_seen(database: Database) -> None:
    for one in ("r-1", "r-2"):
        await fact(database, "request.escalated.v1", one)
    journal = Journal(requests={n: Entered(n, kind, THEN, THEN) for n, kind in (("r-1", "waiting"), ("r-2", "urgent"))})
    async with database.read() as db:
        assert await judge.too_early(db, journal) == ["request r-1 alerted somebody hours too early"]


async def test_a_yes_that_is_nobodys_booking_is_seen(database: Database) -> None:
    journal = Journal(yeses={f"o-{n}": Yes("p", THEN) for n in (*range(1, 8), 9)})
    await slot(database, "s-1")
    for n, (state, of_offer, why) in enumerate(
        [
            ("booked", "accepted", None),  # as it should be
            ("offering", "accepted", None),  # accepted, and nobody booked the time
            ("offering", "declined", None),  # the yes was taken for a no
            ("offering", "ended", "lost"),  # the time was not free after all: said so
            ("offering", "ended", "withdrawn"),  # nobody withdrew anything
            ("withdrawn", "ended", "withdrawn"),
            ("offering", "undone", None),  # nobody took it back
        ],
        1,
    ):
        await request(database, f"r-{n}", state=state, practitioner_id="p" if state == "booked" else None)
        await offer(database, f"o-{n}", f"r-{n}", "p", of_offer, why)
    await seat(database, "r-1", "s-1")
    async with database.read() as db:
        found = await promises.forgotten(db, journal, before=None)
        assert await promises.forgotten(db, journal, before=THEN) == []
    assert [one.split(":")[0] for one in found] == [
        *(f"p said yes to r-{n}" for n in (2, 3, 5, 7)),
        "p said yes to o-9, which is gone",
    ]


async def test_a_patient_who_is_two_practitioners_is_seen(database: Database) -> None:
    # The database itself refuses two accepted offers, and two active seats: so one of each is planted beside the other.
    await request(database, "r-1", state="booked", practitioner_id="p")
    await offer(database, "o-1", "r-1", "p", "accepted")
    await offer(database, "o-2", "r-1", "q", "ended", "taken")
    async with database.read() as db:
        found = await promises.two_yeses(db, Journal(yeses={"o-1": Yes("p", THEN), "o-2": Yes("q", THEN)}))
    assert found == ["p, q were both told that r-1 is theirs"]


async def test_a_second_place_and_a_confirmation_that_are_forgotten_are_seen(database: Database) -> None:
    for one, has in (("r-1", "s-1"), ("r-2", "s-2"), ("r-3", "s-1")):
        await request(database, one, state="booked", practitioner_id="p", slot_id=has, start=THEN)
    await fact(database, "request.reopened.v1", "r-3")
    await fact(database, "request.confirmed.v1", "r-2")
    journal = Journal(moved={f"r-{n}": ("s-2", THEN) for n in (1, 2, 3)}, confirmed={"r-1": THEN, "r-2": THEN})
    async with database.read() as db:
        assert await promises.forgotten(db, journal, before=None) == [
            "the patient of r-1 said that she comes, and nobody knows",
            "request r-1 was given the slot s-2 and has s-1",
        ]


async def test_a_promise_without_a_seat_or_an_alert_is_seen(database: Database) -> None:
    await slot(database, "s-1")
    for n, state in enumerate(("seeking", "promised", "promised", "escalated", "withdrawn"), 1):
        await request(database, f"r-{n}", state=state)
        await fact(database, "request.promised.v1", f"r-{n}")
    await seat(database, "r-3", "s-1", kind="guarantee")
    async with database.read() as db:
        assert await promises.silent(db) == [
            f"request r-{n} was promised a place, has none ({state}) and nobody was alerted"
            for n, state in ((1, "seeking"), (2, "promised"))
        ]


async def test_a_seat_given_in_a_time_that_an_agenda_takes_is_seen(database: Database) -> None:
    await slot(database, "s-1")
    for n, second in enumerate((1, 3, 5)):
        await seat(database, f"r-{n}", "s-1", n, made_at=THEN + second * SECOND)
    told = Taken("p", THEN - SECOND, THEN + SECOND, since=THEN + 2 * SECOND, until=THEN + 4 * SECOND)
    others = Taken("q", told.start, told.ends, since=THEN)
    async with database.read() as db:
        [found] = await promises.booked_though_taken(db, Journal(taken=[told, others]))
    assert found.endswith("was given r-1 afterwards")


async def test_what_an_agenda_says_no_more_and_is_open_is_seen(database: Database) -> None:
    said, unsaid, closed, full = (THEN + n * 3600 * SECOND for n in (1, 2, 3, 4))
    for one, at in (("s-1", said), ("s-2", unsaid), ("s-4", full)):
        await slot(database, one, start=at, ends=at + SECOND, feed="f", capacity=1)
    await seat(database, "r-1", "s-4", start=full)
    async with database.read() as db:
        found = await promises.unlike_the_agenda(db, Journal(told_open={"f": {said, closed}}))
    assert found == [
        f"the slot at {unsaid:%H:%M} is open, though its agenda says so no more",
        f"the agenda opens {closed:%H:%M}, and Relais does not",
    ]


async def test_one_visit_more_than_the_terms_allow_is_seen(database: Database) -> None:
    noon = THEN.replace(hour=12)
    for who, terms, acts in (
        ("p", '{"offers": false, "per_day": 1}', 1),
        ("q", '{"offers": false, "per_week": 1}', 1),
        ("r", '{"offers": false, "per_week": 1}', 2),
    ):
        of = {"id": who, "territory": "t", "name": "N", "profession": "10", "commune": "81105", "terms": terms}
        await write(database, PRACTITIONER, **of)
        await slot(database, f"s-{who}", who)
        for n, state in enumerate(("active", "active", "released")):
            await seat(database, f"r-{who}-{n}", f"s-{who}", n, start=noon, counted=n < acts, state=state)
    async with database.read() as db:
        assert await promises.over_the_cap(db) == [
            "p has 2 visits on one day, of 1 at most",
            "r has 2 regulated acts in one week, of 1 at most",
        ]
        assert await promises.at_the_cap(db) == 1


async def test_it_is_counted_who_had_a_seat(database: Database) -> None:
    for subject, one in (("promised", "r-1"), ("booked", "r-1"), ("booked", "r-2"), ("entered", "r-3")):
        await fact(database, f"request.{subject}.v1", one)
    async with database.read() as db:
        assert await judge.had_seats(db, promised("r-1", "r-2", "r-3")) == ({"plain": 2}, 1)


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
