"""Does the sender choose well: the most urgent first, the right number, within the budget, by whom it is told to?"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, update

from availability.tables import PRACTITIONER
from dispatcher import roster
from dispatcher.views import OnCall
from notifications import store
from notifications.outcome import Accepted, Letter, NotSent, Outcome, Receipt, Terms
from notifications.tables import ATTEMPT, MESSAGE
from services.addresses import sender_of
from services.build import build_house
from services.house import House
from services.providers import read_providers
from services.sender import Sender
from services.settings import Settings, SettingsError
from services.taking_in import take_in
from services.traffic import standing
from services.watch.alarms import open_alarms
from tests.builders import a_practitioner

A_NOON = datetime(2026, 1, 5, 11, tzinfo=UTC)


class Sms:
    """A provider that keeps what it was handed."""

    way = "sms"

    def __init__(self, name: str = "a", **terms: Any) -> None:
        self.name, self.terms = name, Terms(name=name, **terms)
        self.handed = list[Letter]()
        self.says: Outcome | None = None

    async def send(self, letter: Letter) -> Outcome:
        self.handed.append(letter)
        return self.says or Accepted(letter.key)


@asynccontextmanager
async def house(folder: Path, url: str, channels: Sequence[Sms], **said: Any) -> AsyncIterator[House]:
    made = await build_house(Settings(data_dir=folder, database_url=url, **said))
    made.channels.clear()
    made.channels.update({one.name: one for one in channels})
    work = asyncio.create_task(made.mailbox.run())
    yield made
    work.cancel()
    await made.database.close()
    await made.vault.close()


async def write(made: House, *ids: str, **said: Any) -> None:
    """Messages that are due now."""
    now = made.clock.now()
    rows = []
    for message_id in ids:
        body = await made.vault.seal("req-1", f"message:{message_id}", "Bonjour")
        to = await made.vault.seal("req-1", "phone", "+33639980001")
        row = {
            "id": message_id, "territory": "tarn-ouest", "request_id": "req-1", "kind": "booked",
            "recipient": "patient",
            "recipient_id": "req-1", "channel": "sms", "then": "", "lane": 1, "state": "due", "why": None,
            "body": body.model_dump_json(), "to": to.model_dump_json(), "segments": 1, "actor": "system", "due_at": now,
            "to_digest": None, "send_after": now, "valid_until": now + timedelta(hours=1),
        }  # fmt: skip
        rows.append(row | said)
    async with made.database.writing() as db:
        await store.write(db, rows)


async def test_a_practitioner_is_reached_at_the_number_that_is_kept_for_him(tmp_path: Path, database_url: str) -> None:
    sms = Sms()
    async with house(tmp_path, database_url, [sms]) as made:
        phone = await made.vault.seal("practitioner:gp-1", "phone", "+33639980009")
        async with made.database.writing() as db:
            row = a_practitioner().model_dump(exclude={"phone", "terms"}) | {"territory": "tarn-ouest"}
            await db.execute(insert(PRACTITIONER), row | {"phone": phone.model_dump_json()})
        await write(made, "m-1", recipient="practitioner", recipient_id="gp-1", to=None)
        await sender_of(made).send_due()
    (letter,) = sms.handed
    assert (letter.to, letter.sender) == ("+33639980009", "CPTS Tarn O")
    assert letter.seconds_left is not None
    assert 3500 < letter.seconds_left <= 3600


class Mail(Sms):
    way = "email"


async def test_a_human_of_the_roster_is_reached_at_what_is_kept_for_her(tmp_path: Path, database_url: str) -> None:
    sms, mail = Sms(), Mail("m")
    async with house(tmp_path, database_url, [sms, mail]) as made:
        phone = await made.vault.seal("to:anne", "phone", "+33639980007")
        email = await made.vault.seal("to:bruno", "email", "bruno@cpts.example")
        async with made.database.writing() as db:
            people = [OnCall("anne", 0, "Anne", phone=phone), OnCall("bruno", 1, "Bruno", email=email)]
            await roster.put(db, "tarn-ouest", people)
        await write(made, "m-1", recipient="human", recipient_id="anne", to=None)
        await write(made, "m-2", recipient="human", recipient_id="bruno", to=None, channel="email")
        await write(made, "m-3", recipient="human", recipient_id="anne", to=None, territory="volvestre")
        await sender_of(made).send_due()
    assert {one.key: one.to for one in sms.handed} == {"m-1": "+33639980007", "m-3": None}
    assert [one.to for one in mail.handed] == ["bruno@cpts.example"]


async def test_what_nobody_could_look_up_an_address_for_is_tried_again(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sms, tries = Sms(), 0
    async with house(tmp_path, database_url, [sms]) as made:
        await write(made, "m-1", recipient="practitioner", recipient_id="gp-1", to=None)
        sender = sender_of(made)
        found = sender._addresses

        async def away_once(messages: Any) -> Any:
            nonlocal tries
            tries += 1
            if tries == 1:
                raise OSError("the database is away")
            assert found is not None
            return await found(messages)

        monkeypatch.setattr(sender, "_addresses", away_once)
        running = asyncio.create_task(sender.run())
        try:
            async with asyncio.timeout(60):
                while not sms.handed:
                    made.clock._start += timedelta(seconds=1)
                    await asyncio.sleep(0.05)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


async def test_a_discreet_message_has_a_sender_that_names_nobody(tmp_path: Path, database_url: str) -> None:
    sms = Sms()
    async with house(tmp_path, database_url, [sms]) as made:
        await write(made, "m-1", discreet=True)
        await write(made, "m-2")
        await sender_of(made).send_due()
    assert {one.key: one.sender for one in sms.handed} == {"m-1": "Relais", "m-2": "CPTS Tarn O"}


async def test_when_one_provider_is_down_the_other_carries_everything(tmp_path: Path, database_url: str) -> None:
    down, up = Sms("a"), Sms("b")
    down.says = NotSent("ConnectError", link=True)
    async with house(tmp_path, database_url, [down, up]) as made:
        await write(made, *(f"m-{number}" for number in range(20)))
        sender = sender_of(made)
        running = asyncio.create_task(sender.run())
        try:
            async with asyncio.timeout(60):
                while len({one.key for one in up.handed}) < 20:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
        assert len(up.handed) == 20


async def test_urgent_alerts_do_not_wait_behind_reminders(tmp_path: Path, database_url: str) -> None:
    sms = Sms(rate=20)
    async with house(tmp_path, database_url, [sms]) as made:
        await write(made, *(f"r-{number}" for number in range(100)), lane=1)
        running = asyncio.create_task(sender_of(made).run())
        try:
            await asyncio.sleep(1.5)
            await write(made, "urgent", lane=0)
            before = len(sms.handed)
            async with asyncio.timeout(60):
                while "urgent" not in {one.key for one in sms.handed}:  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
    place = [one.key for one in sms.handed].index("urgent")
    assert place - before <= 22  # within a second's worth


async def test_the_budget_warns_first_then_reminders_wait_and_alerts_do_not(tmp_path: Path, database_url: str) -> None:
    sms = Sms()
    async with house(tmp_path, database_url, [sms], sms_budget_a_day=10, start=A_NOON) as made:
        sender = sender_of(made)
        await spent(made, 8)
        await look(sender)
        await write(made, "reminder", lane=2)
        await sender.send_due()
        assert sms.handed.pop().key == "reminder"
        async with made.database.read() as db:
            assert [one.kind for one in await open_alarms(db)] == ["sms_budget"]
        await spent(made, 2)
        await look(sender)
        await look(sender)
        await write(made, "later", lane=2)
        await write(made, "now", lane=1)
        await write(made, "urgent", lane=0)
        await sender.send_due()
        assert {one.key for one in sms.handed} == {"now", "urgent"}


async def test_what_an_operator_sees_is_what_happened(tmp_path: Path, database_url: str) -> None:
    sms = Sms(price=0.05)
    async with house(tmp_path, database_url, [sms]) as made:
        await write(made, "m-1", "m-2", segments=2)
        await sender_of(made).send_due()
        await write(made, "m-3", "m-4")
        async with made.database.writing() as db:
            await db.execute(update(MESSAGE).where(MESSAGE.c.id == "m-4").values(state="ambiguous"))
        found = await standing(made)
    assert found["days"][0] | {"day": ""} == {"day": "", "segments": 4, "euros": 0.2}
    assert [one["segments"] for one in found["days"][1:]] == [0] * 6
    assert [(one["state"], one["messages"]) for one in found["queues"]] == [("due", 1), ("ambiguous", 1)]
    assert [one["message_id"] for one in found["ambiguous"]] == ["m-4"]
    (provider,) = found["providers"]
    assert (provider["open"], provider["weight"], provider["today"]) == (True, 100, {"accepted": 2})


async def spent(made: House, segments: int) -> None:
    row = {"message_id": "x", "territory": "t", "channel": "sms", "provider": "a", "lane": 1, "state": "late"}
    row |= {"reference": 1, "segments": segments, "claimed_at": made.clock.now(), "id": f"spent-{segments}"}
    async with made.database.writing() as db:
        await db.execute(insert(ATTEMPT), row)


async def look(sender: Sender) -> None:
    await sender._look_back()


# --- by whom --------------------------------------------------------------------------------------------


def test_providers_are_read_from_a_file_with_secrets_from_outside(tmp_path: Path) -> None:
    file = tmp_path / "providers.toml"
    file.write_text(
        '[[provider]]\nname = "a"\nkind = "sms_smpp"\nhost = "smsc.example"\nsystem_id = "relais"\n'
        'password = "${SMSC_PASSWORD}"\nrate = 10\nweight = 60\n'
        '[[provider]]\nname = "v"\nkind = "voice"\nurl = "https://v.example"\nsecret = "0123456789abcdef"\n'
        'caller = "+33536490081"\ncallback = "https://r.example/hooks"\n'
    )
    made = read_providers(file, {"SMSC_PASSWORD": "geheim"})
    assert [(name, one.way) for name, one in made.items()] == [("a", "sms"), ("v", "voice")]
    assert made["a"].terms.password == "geheim"  # type: ignore[attr-defined]
    assert "geheim" not in repr(made["a"].terms)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "names no [[provider]]"),
        ("[[provider]\n", "cannot be read"),
        ('[[provider]]\nname = "a"\nkind = "pigeon"\n', "a kind out of sms_smpp"),
        ('[[provider]]\nname = "a"\nkind = "sms_smpp"\nhost = "h"\nsystem_id = "r"\n', "password: Field required"),
        ('[[provider]]\nname = "a"\nkind = "sms_smpp"\npassword = "${NOT_THERE}"\n', "NOT_THERE"),
        ('[[provider]]\nname = "a"\nkind = "email"\nhost = "h"\naddress = "a@b"\ncolour = "red"\n', "colour: Extra"),
    ],
)
def test_a_file_that_cannot_work_says_what_to_write(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "providers.toml"
    file.write_text(text)
    with pytest.raises(SettingsError) as said:
        read_providers(file, {})
    assert words in str(said.value)


async def test_a_sender_that_is_stopped_while_it_is_woken_stops(tmp_path: Path, database_url: str) -> None:
    async with house(tmp_path, database_url, [Sms()]) as made:
        bell = asyncio.Event()
        napping = asyncio.create_task(sender_of(made)._nap("sms", bell))
        await asyncio.sleep(0.05)
        bell.set()
        napping.cancel()
        await asyncio.gather(napping, return_exceptions=True)
    assert napping.cancelled()


async def test_what_comes_back_of_a_message_nobody_knows_is_put_away_after_days(
    tmp_path: Path, database_url: str
) -> None:
    async with house(tmp_path, database_url, [Mail("m")]) as made:
        unknown = Receipt("f" * 32, "undelivered", "dsn 5.1.1")
        await take_in(made.mailbox, made.vault, made.clock, made.channels, made.territories, "m", [unknown])
        await look(sender_of(made))
        assert (await standing(made))["unexplained_receipts"] == 1
        made.clock._start += timedelta(days=4)
        await look(sender_of(made))
        assert (await standing(made))["unexplained_receipts"] == 0
