"""Does what a patient writes reach the request it is about, whatever the number, and is it read by nobody else?"""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from notifications import questions, store
from notifications.outcome import Reply
from notifications.tables import INBOUND, MESSAGE
from services.addresses import sender_of
from services.house import House
from services.storage.ledger import OUTBOX
from services.taking_in import take_in
from tests.messaging.test_sender import Sms, house, write

NUMBER = "+33639980001"


async def asked(made: House, message_id: str, request_id: str) -> None:
    """A message about the request was sent to the number."""
    await write(made, message_id, request_id=request_id, recipient_id=request_id, to_digest=made.vault.digest(NUMBER))
    await sender_of(made).send_due()


async def writes(made: House, text: str, number: str = NUMBER) -> None:
    reply = Reply(number=number, text=text, id=f"in-{text[:9]}")
    await take_in(made.mailbox, made.vault, made.clock, made.channels, made.territories, "a", [reply])


async def told(made: House) -> list[Any]:
    async with made.database.read() as db:
        return [
            row.body.decode()
            for row in await db.execute(select(OUTBOX).where(OUTBOX.c.topic.like("%.patient.wrote.%")))
        ]


async def test_the_latest_question_is_answered_once(tmp_path: Path, database_url: str) -> None:
    async with house(tmp_path, database_url, [Sms()]) as made:
        await asked(made, "m-1", "req-before")
        await asked(made, "m-2", "req-now")
        await writes(made, "OUI merci")
        await writes(made, "OUI merci")
        (fact,) = await told(made)
        assert '"request_id":"req-now"' in fact
        assert '"meaning":"yes"' in fact
        assert "merci" not in fact
        async with made.database.read() as db:
            ((_, body),) = await questions.written_about(db, "req-now")
            assert await questions.written_about(db, "req-before") == []
        assert body is not None
        assert "merci" not in body


async def test_after_stop_what_was_still_to_be_said_is_not(tmp_path: Path, database_url: str) -> None:
    sms = Sms()
    async with house(tmp_path, database_url, [sms]) as made:
        await asked(made, "m-1", "req-1")
        await write(made, "m-2", request_id="req-1", recipient_id="req-1", lane=2)
        await write(made, "m-3", request_id="req-1", recipient="practitioner", recipient_id="gp-1", to=None)
        await write(made, "m-4", request_id="req-1", recipient_id="req-1", state="claimed")
        await writes(made, "STOP")
        (fact,) = await told(made)
        assert '"meaning":"stop"' in fact
        async with made.database.read() as db:
            rows = list(await db.execute(select(MESSAGE)))
    states = {row.id: row.state for row in rows}
    assert states == {"m-1": "sent", "m-2": "superseded", "m-3": "due", "m-4": "claimed"}
    assert {row.id for row in rows if row.outdated} == {"m-1", "m-2", "m-4"}, "what failed on its way was tried again"


@pytest.mark.parametrize(("text", "meaning"), [("annuler", "other"), ("STOP", "stop"), ("je respire mal", "alarm")])
async def test_what_comes_days_later_is_read_by_a_human_whatever_it_says(
    tmp_path: Path, database_url: str, text: str, meaning: str
) -> None:
    async with house(tmp_path, database_url, [Sms()]) as made:
        await asked(made, "m-1", "req-1")
        made.clock._start += timedelta(days=4)
        await writes(made, text)
        (fact,) = await told(made)
    assert f'"meaning":"{meaning}"' in fact


async def test_who_is_forgotten_leaves_no_word_of_hers(tmp_path: Path, database_url: str) -> None:
    async with house(tmp_path, database_url, [Sms()]) as made:
        await asked(made, "m-1", "req-1")
        await writes(made, "je viens avec ma fille")
        async with made.database.writing() as db:
            await store.forget_request(db, "req-1")
        async with made.database.read() as db:
            (row,) = (await db.execute(select(INBOUND))).all()
    assert (row.body, row.digest, row.code) == (None, None, "other")


async def test_a_number_nobody_wrote_to_is_kept_and_not_guessed(tmp_path: Path, database_url: str) -> None:
    async with house(tmp_path, database_url, [Sms()]) as made:
        await asked(made, "m-1", "req-1")
        await writes(made, "annuler", "+33639980002")
        assert await told(made) == []
        async with made.database.read() as db:
            (row,) = (await db.execute(select(INBOUND))).all()
        assert (row.state, row.code) == ("new", "cancel")
