"""Does each checker find what breaks its promise, in a corridor where everything else is well?"""

from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatcher import store
from dispatcher.views import Board
from services.checks import board, ledger, messages, offers, readers, replay, requests, seats, territories, timers
from services.checks.examine import INVARIANTS, examine
from services.checks.look import Check
from tests.checks.conftest import KEYS, Corridor

BY_STREAM = (readers.acknowledged_and_not_dealt_with, readers.published_and_not_waiting)
"""Planted in tests/checks/test_stream.py: without a stream they see nothing."""


@dataclass(frozen=True)
class Planted:
    """A checker, what breaks its promise, and the words it must find for it."""

    check: Check
    statements: tuple[str, ...]
    words: tuple[str, ...]
    later: timedelta = timedelta()


def plant(check: Check, *statements: str, words: str, later: timedelta = timedelta()) -> Planted:
    return Planted(check, statements, tuple(words.split("|")), later)


SEAT_OF_R1 = "(SELECT slot_id FROM care_request WHERE id = 'r-1')"
COPY_BOOKING = (
    "INSERT INTO booking (slot_id, seat, request_id, kind, state, start, minutes, mode, made_at)"
    " SELECT {slot}, {seat}, {request}, 'booking', 'active', start, minutes, mode, made_at"
    " FROM booking WHERE request_id = 'r-1' AND state = 'active'"
)
COPY_MESSAGE = (
    "INSERT INTO message (id, territory, request_id, kind, recipient, recipient_id, channel, lane, state, body,"
    " actor, due_at, send_after, valid_until) SELECT 'm-x', territory, request_id, {kind}, recipient, recipient_id,"
    " channel, lane, 'due', body, actor, due_at, send_after, valid_until FROM message"
    " WHERE request_id = 'r-1' AND kind = 'booked'"
)
OFFER = (
    "INSERT INTO offer (id, request_id, practitioner_id, territory, profession, ring, circle, state, mode, start,"
    " minutes, made_at, until) SELECT '{offer}', id, '{offer}', territory, profession, 0, 'near', '{state}', 'office',"
    " deadline, 15, entered_at, deadline FROM care_request WHERE id = '{request}'"
)
SET = "UPDATE care_request SET {} WHERE id = '{}'"
ENTRY_OF = "(SELECT event_id FROM audit WHERE about = '{}' AND subject = '{}')"

PLANTED = [
    plant(requests.entered_and_gone, "DELETE FROM care_request WHERE id = 'r-2'", words="la demande r-2"),
    plant(
        requests.answered_and_gone,
        "DELETE FROM care_request WHERE id = 'r-2'",
        "DELETE FROM audit WHERE about = 'r-2'",
        words="la demande r-2",
    ),
    plant(seats.seat_taken_twice, COPY_BOOKING.format(slot="slot_id", seat="seat", request="'r-9'"), words="2 fois"),
    plant(
        seats.request_seated_twice,
        COPY_BOOKING.format(slot="slot_id", seat="seat + 1", request="request_id"),
        words="la demande r-1 a 2 places",
    ),
    plant(seats.seat_that_is_none, "UPDATE slot SET capacity = 0 WHERE status = 'open'", words="la demande r-1 a"),
    plant(seats.seat_that_is_none, "UPDATE slot SET status = 'closed'", words="la demande r-1 a une place que"),
    plant(seats.seat_that_is_none, f"DELETE FROM slot WHERE id = {SEAT_OF_R1}", words="la demande r-1 a"),
    plant(
        seats.slots_that_overlap,
        "INSERT INTO slot (id, territory, practitioner_id, profession, commune, start, ends, minutes, capacity, modes,"
        " status, version) SELECT 'twin', territory, practitioner_id, profession, commune, start, ends, minutes,"
        f" capacity, modes, status, version FROM slot WHERE id = {SEAT_OF_R1}",
        words="de gp-1 en chevauche un autre",
    ),
    plant(
        seats.placed_without_seat,
        "UPDATE booking SET state = 'released' WHERE request_id = 'r-1'",
        words="la demande r-1 est dite placée",
    ),
    plant(
        seats.seat_that_nobody_told,
        SET.format("slot_id = NULL, start = NULL, state = 'seeking'", "r-1"),
        words="la demande r-1 a une place que personne",
    ),
    plant(timers.unwatched, "DELETE FROM request_timer WHERE request_id = 'r-1'", words="la demande r-1 (confirmed)"),
    plant(
        timers.unwatched,
        "DELETE FROM request_timer WHERE request_id = 'r-2' AND wake = 'escalate'",
        words="la demande r-2 (seeking)",
    ),
    plant(
        timers.unwatched,
        "DELETE FROM request_timer WHERE request_id = 'r-4' AND wake = 'step_up'",
        words="la demande r-4 (escalated)",
    ),
    plant(timers.unwatched, SET.format("state = 'offering'", "r-2"), words="la demande r-2 (offering)"),
    plant(
        offers.accepted_by_two,
        OFFER.format(offer="gp-1", request="r-2", state="accepted"),
        OFFER.format(offer="gp-2", request="r-2", state="accepted"),
        words="2 praticiens ont accepté la demande r-2",
    ),
    plant(
        offers.asked_in_vain,
        OFFER.format(offer="gp-1", request="r-1", state="made"),
        words="gp-1 est encore sollicité pour r-1",
    ),
    plant(
        timers.watched_after_its_end,
        "INSERT INTO request_timer (request_id, wake, due) SELECT 'r-5', wake, due FROM request_timer"
        " WHERE request_id = 'r-2' AND wake = 'seek'",
        words="la demande r-5 est finie",
    ),
    plant(timers.rung_late, words="attend « seek » depuis", later=timedelta(seconds=125)),
    plant(
        timers.alerted_after_the_miss,
        "UPDATE care_request SET deadline = entered_at WHERE id = 'r-2'",
        words="la demande r-2 n'alertera",
    ),
    plant(messages.heard_too_often, COPY_MESSAGE.format(kind="'moved'"), words="r-1 entend « booked » 2 fois"),
    plant(messages.heard_too_often, COPY_MESSAGE.format(kind="'cancelled'"), words="r-1 entend « cancelled » 1 fois"),
    plant(messages.heard_too_often, COPY_MESSAGE.format(kind="'withdrawn'"), words="r-1 entend « withdrawn » 1 fois"),
    plant(messages.first_booking_heard_twice, COPY_MESSAGE.format(kind="kind"), words="r-1 entend 2 fois"),
    plant(
        messages.waits_unseen,
        COPY_MESSAGE.format(kind="kind"),
        words="le message m-x (booked, due)",
        later=timedelta(seconds=121),
    ),
    plant(
        messages.waits_unseen,
        "UPDATE message SET state = 'claimed', claimed_at = due_at WHERE request_id = 'r-1' AND kind = 'booked'",
        words="(booked, claimed)",
    ),
    plant(
        ledger.said_and_not_audited,
        "DELETE FROM audit WHERE subject = 'request.confirmed.v1'",
        words="request.confirmed.v1) n'est pas dans le journal",
    ),
    plant(
        ledger.audited_twice,
        "ALTER TABLE audit RENAME TO audit_before",
        "CREATE TABLE audit AS SELECT * FROM audit_before",
        "INSERT INTO audit SELECT * FROM audit_before WHERE subject = 'request.confirmed.v1'",
        words="est 2 fois dans le journal",
    ),
    plant(
        ledger.audited_and_never_said,
        f"DELETE FROM outbox WHERE id = {ENTRY_OF.format('r-3', 'escalation.acknowledged.v1')}",
        words="n'est celle d'aucun fait",
    ),
    plant(
        ledger.chain_broken,
        "UPDATE audit SET actor = '{}' WHERE subject = 'request.confirmed.v1'",
        words="tarn-ouest, sceau|a été modifiée",
    ),
    plant(
        ledger.sealed_late,
        "DELETE FROM audit_seal WHERE number > 3",
        words="plus d'une minute",
    ),
    plant(
        replay.facts_and_rows_differ,
        SET.format("state = 'booked'", "r-1"),
        words="la demande r-1 est « booked », et ses faits disent « confirmed »",
    ),
    plant(
        replay.facts_and_rows_differ,
        SET.format("slot_id = 'elsewhere'", "r-6"),
        words="la demande r-6 est « booked »|« booked » (slot_id)",
    ),
    plant(
        replay.facts_and_rows_differ,
        SET.format("acknowledged_at = NULL", "r-3"),
        words="la demande r-3 est « escalated »|(acknowledged)",
    ),
    plant(
        replay.facts_and_rows_differ,
        f"DELETE FROM outbox WHERE id = {ENTRY_OF.format('r-5', 'request.withdrawn.v1')}",
        words="la demande r-5 est « withdrawn », et ses faits disent « booked »",
    ),
    plant(
        territories.of_another_request,
        "UPDATE message SET territory = 'volvestre' WHERE request_id = 'r-1' AND recipient = 'patient'",
        words="le message|est de volvestre, sa demande r-1 de tarn-ouest",
    ),
    plant(
        territories.of_another_request,
        "UPDATE patient_link SET territory = 'volvestre' WHERE request_id = 'r-1'",
        words="le lien r-1 est de volvestre",
    ),
    plant(
        territories.of_another_request,
        "UPDATE audit SET territory = 'volvestre' WHERE subject = 'request.confirmed.v1'",
        words="l'entrée du journal|est de volvestre, sa demande r-1",
    ),
    plant(
        territories.of_another_practitioner,
        "UPDATE practitioner SET territory = 'volvestre' WHERE id = 'gp-2'",
        words="est de tarn-ouest, son praticien de volvestre",
    ),
    plant(
        territories.said_elsewhere,
        "UPDATE outbox SET topic = 'care.volvestre.request.confirmed.v1' WHERE topic LIKE '%.request.confirmed.v1'",
        words="part sur care.volvestre.request.confirmed.v1",
    ),
    plant(
        readers.never_published,
        "UPDATE outbox SET published_at = NULL WHERE topic LIKE '%.request.confirmed.v1'",
        words="(care.tarn-ouest.request.confirmed.v1) n'est pas publié",
    ),
    plant(
        board.board_differs,
        SET.format("need = '{}'", "r-1"),
        words="le tableau de tarn-ouest ne peut être lu",
    ),
]


pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_corridor_without_a_fault_has_none_found(corridor: Corridor) -> None:
    states = "SELECT id || ' ' || state FROM care_request ORDER BY id"
    assert await corridor.ids(states) == [
        "r-1 confirmed", "r-2 seeking", "r-3 escalated", "r-4 escalated", "r-5 withdrawn", "r-6 booked",
    ]  # fmt: skip
    assert await corridor.ids("SELECT count(*) FROM message WHERE state = 'sent'") != [0]
    verdicts = await examine(corridor.database, corridor.clock.now, keys=KEYS)
    assert [one for verdict in verdicts for one in verdict.found] == []
    assert [verdict.name for verdict in verdicts if not verdict.kept] == ["I7"]  # the stream was not asked


@pytest.mark.parametrize("planted", PLANTED, ids=lambda one: f"{one.check.__name__}: {one.words[0]}")
async def test_what_breaks_a_promise_is_found_and_named(corridor: Corridor, planted: Planted) -> None:
    found = await corridor.found(planted.check, *planted.statements, later=planted.later)
    assert any(all(word in one for word in planted.words) for one in found), found


async def test_every_checker_has_something_planted_for_it() -> None:
    all_of_them = {check for invariant in INVARIANTS for check in invariant.checks}
    assert {one.check for one in PLANTED} | set(BY_STREAM) == all_of_them


async def test_a_request_that_was_erased_is_not_missed(corridor: Corridor) -> None:
    erased = (
        "DELETE FROM care_request WHERE id = 'r-2'",
        "INSERT INTO audit (event_id, subject, territory, about, actor, at)"
        " SELECT 'erased', 'request.erased.v1', territory, about, actor, at FROM audit"
        " WHERE about = 'r-2' AND subject = 'request.entered.v1'",
    )
    for check in (requests.entered_and_gone, requests.answered_and_gone):
        assert await corridor.found(check, *erased) == []


async def test_a_request_whose_first_facts_left_the_outbox_is_not_replayed(corridor: Corridor) -> None:
    entered = f"DELETE FROM outbox WHERE id = {ENTRY_OF.format('r-1', 'request.entered.v1')}"
    assert await corridor.found(replay.facts_and_rows_differ, entered) == []


async def test_a_board_that_misses_a_request_is_found(corridor: Corridor, monkeypatch: pytest.MonkeyPatch) -> None:
    real = store.board

    async def short(db: AsyncConnection, territory: str, limit: int) -> Board:
        shown = await real(db, territory, limit)
        return Board(shown.rows[1:], shown.total_open - 1)

    monkeypatch.setattr(store, "board", short)
    found = await corridor.found(board.board_differs)
    assert len(found) == 2
    assert "un autre nombre" in found[0]
    assert "montre mal la demande r-" in found[1]


async def test_a_suspicion_that_mends_itself_within_the_grace_does_not_count(
    corridor: Corridor, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with corridor.database.writing() as db:
        await db.execute(text("UPDATE outbox SET published_at = NULL WHERE topic LIKE '%.request.%'"))

    async def meanwhile(_: float) -> None:
        async with corridor.database.writing() as db:
            await db.execute(text("UPDATE outbox SET published_at = recorded_at WHERE topic NOT LIKE '%.entered.v1'"))

    with monkeypatch.context() as patched:
        patched.setattr("services.checks.examine.asyncio.sleep", meanwhile)
        verdicts = await examine(corridor.database, corridor.clock.now, keys=KEYS, grace=10)
    await corridor.settle()  # published, for the tests that follow
    found = [one for verdict in verdicts for one in verdict.found]
    assert len(found) == 6
    assert all("request.entered.v1" in one for one in found)
