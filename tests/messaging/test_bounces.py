"""Is a mail that comes back heard, once, and whatever else lies in its mailbox left alone?"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import select

from dispatcher import roster
from dispatcher.views import OnCall
from notifications.channels import email
from notifications.channels.bounces import read_report
from notifications.outcome import Heard, Receipt
from notifications.tables import ATTEMPT, INBOUND, MESSAGE
from services import reaching
from services.addresses import sender_of
from tests.messaging import reports
from tests.messaging.dovecot import PASSWORD, Dovecot, dovecot
from tests.messaging.reports import MARK, report
from tests.messaging.test_contract import MailSide, mail_server
from tests.messaging.test_sender import Sms, house, write

DOMAIN = "cpts.example.org"
NAMES = count()


@pytest.fixture(scope="module")
def server() -> Iterator[Dovecot]:
    with dovecot() as made:
        yield made


@pytest.fixture
def user() -> str:
    """A mailbox of this test's own."""
    return f"relais-{next(NAMES)}"


def config(server: Dovecot, user: str, **said: Any) -> email.Config:
    bounces = {"host": "127.0.0.1", "port": server.port, "security": "none", "user": user, "password": PASSWORD}
    address = {"name": "m", "host": "127.0.0.1", "port": 9, "security": "none", "address": f"relais@{DOMAIN}"}
    return email.Config(**address, bounces=bounces | {"every": 0.05} | said)  # type: ignore[arg-type]


class Ear:
    """What was heard; `fails` = so often it cannot be written down."""

    def __init__(self) -> None:
        self.heard, self.fails = list[Heard](), 0

    async def hear(self, heard: Sequence[Heard]) -> None:
        assert heard
        if self.fails:
            self.fails -= 1
            raise ConnectionError
        self.heard += heard


@asynccontextmanager
async def listening(configured: email.Config) -> AsyncIterator[Ear]:
    ear = Ear()
    running = asyncio.create_task(email.Channel(configured).run(ear.hear))
    try:
        yield ear
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def until(what: Callable[[], Any], seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while not what():  # noqa: ASYNC110  # nobody rings here
            await asyncio.sleep(0.02)


# --- the mailbox --------------------------------------------------------------------------------------------


async def test_a_report_is_heard_once_then_read_and_kept_and_the_rest_stays_unread(server: Dovecot, user: str) -> None:
    broken = b'Subject: broken\r\nContent-Type: multipart/report; boundary="\xff\r\nContent-Type: message/x\r\n\r\n\xff'
    late, other, reply = (
        report(text, subject=said)
        for text, said in ((reports.DELAYED, "late"), (reports.OF_ANOTHER, "other"), (reports.NO_REPORT, "reply"))
    )
    server.put(user, broken, other, reply, late, report(reports.POSTFIX))
    async with listening(config(server, user)) as ear:
        await until(lambda: server.unread(user) == ["broken", "other", "reply"])
        await asyncio.sleep(0.2)
        assert ear.heard == [Receipt(MARK, "undelivered", "dsn 5.1.1")]
    assert server.kept(user) == 5


async def test_what_was_not_written_down_stays_unread_and_stops_no_other(server: Dovecot, user: str) -> None:
    server.put(user, report(reports.POSTFIX, "first", "first"), report(reports.GMAIL, "second", "second"))
    async with listening(config(server, user, every=0.3)) as ear:
        ear.fails = 1
        await until(lambda: len(ear.heard) == 1)
        assert "first" in server.unread(user)
        await until(lambda: not server.unread(user))
    assert [one.provider_id for one in ear.heard if isinstance(one, Receipt)] == ["second", "first"]


async def test_a_mail_that_makes_the_reader_stumble_is_left_and_logged(
    server: Dovecot, user: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumbles(octets: bytes, domain: str) -> Any:
        if b"bad" in octets:
            raise RecursionError("zoe@cabinet.example.org")
        return read_report(octets, domain)

    monkeypatch.setattr("notifications.channels.bounces.read_report", stumbles)
    server.put(user, report(reports.POSTFIX, "bad", "bad"), report(reports.POSTFIX))
    async with listening(config(server, user)) as ear:
        await until(lambda: ear.heard)
        await until(lambda: server.unread(user) == ["bad"])
        await asyncio.sleep(0.2)
    assert caplog.text.count("RecursionError") == 1
    assert "zoe" not in caplog.text


async def test_a_server_that_was_gone_is_looked_into_again(
    server: Dovecot, user: str, caplog: pytest.LogCaptureFixture
) -> None:
    server.put(user, report(reports.POSTFIX, "before"))
    async with listening(config(server, user)) as ear:
        await until(lambda: ear.heard)
        server.stop()
        try:
            await until(lambda: "not read" in caplog.text)
        finally:
            server.start()
        server.put(user, report(reports.POSTFIX, "after"))
        await until(lambda: len(ear.heard) == 2)
    assert "ConnectionRefusedError" in caplog.text


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"password": "not this one"}, "does not take user and password"),
        ({"folder": "Not There"}, "there is no folder Not There"),
    ],
)
async def test_a_mailbox_that_cannot_be_looked_into_is_a_clear_line_without_a_secret(
    server: Dovecot, user: str, said: dict[str, str], words: str, caplog: pytest.LogCaptureFixture
) -> None:
    configured = config(server, user, **said)
    async with listening(configured):
        await until(lambda: words in caplog.text)
    assert "not this one" not in caplog.text + repr(configured)
    assert PASSWORD not in caplog.text + repr(configured)


async def test_another_folder_through_tls_and_only_with_the_right_certificate(
    server: Dovecot, user: str, caplog: pytest.LogCaptureFixture
) -> None:
    server.put(user, report(reports.EXCHANGE), folder='"Mails perdus"')
    said = {"port": server.port_tls, "security": "tls", "folder": "Mails perdus"}
    async with listening(config(server, user, **said)) as ear:
        await until(lambda: "SSLCertVerificationError" in caplog.text)
        assert ear.heard == []
    async with listening(config(server, user, **said, ca_file=server.authority.file)) as ear:
        await until(lambda: ear.heard)
        await until(lambda: not server.unread(user, '"Mails perdus"'))


async def test_a_silent_server_is_given_up_and_leaving_does_not_wait_for_it(caplog: pytest.LogCaptureFixture) -> None:
    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"* OK [CAPABILITY IMAP4rev1] ready\r\n")
        await reader.read()
        writer.close()

    silent = await asyncio.start_server(mute, "127.0.0.1", 0)
    bounces: Any = {"host": "127.0.0.1", "port": silent.sockets[0].getsockname()[1], "security": "none", "user": "u"}
    bounces |= {"password": PASSWORD, "every": 0.05, "answer_within": 0.2}
    async with listening(email.Config(host="127.0.0.1", address=f"relais@{DOMAIN}", bounces=bounces)):
        await until(lambda: "TimeoutError" in caplog.text)
    silent.close()


async def test_without_a_mailbox_nothing_is_looked_into() -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await email.Channel(email.Config(host="127.0.0.1", address="a@b.example")).run(Ear().hear)


@pytest.mark.parametrize(
    "said", [{"receipts": True}, {"bounces": {"host": "h", "user": "u", "password": "a\r\nb LOGOUT"}}]
)
def test_settings_that_cannot_work_are_refused(said: Any) -> None:
    with pytest.raises(ValidationError) as refused:
        email.Config(host="127.0.0.1", address="a@b.example", **said)
    assert "LOGOUT" not in str(refused.value)


# --- the whole way ------------------------------------------------------------------------------------------


@asynccontextmanager
async def at_work(made: Any) -> AsyncIterator[None]:
    running = asyncio.create_task(sender_of(made).run())
    try:
        yield
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_mail_that_comes_back_goes_on_by_sms_and_its_address_is_known_dead(
    server: Dovecot, user: str, tmp_path: Path, database_url: str
) -> None:
    side, sms = MailSide("take"), Sms()
    async with mail_server(side) as port:
        mail = email.Channel(config(server, user).model_copy(update={"port": port}))
        async with house(tmp_path, database_url, [mail, sms]) as made:  # type: ignore[list-item]
            await known(made, "bruno", reports.ADDRESS)
            await write(made, MARK, recipient="human", recipient_id="bruno", to=None, channel="email", then="sms")
            async with at_work(made):
                await until(lambda: side.mails)
                sent = side.mails[0].content.decode()
                assert f"Message-ID: <{MARK}@{DOMAIN}>" in sent
                server.put(user, *[report(reports.POSTFIX)] * 2)
                await until(lambda: sms.handed)
                await until(lambda: not server.unread(user))
                while (found := await state(made)) != "sent":
                    assert found in ("due", "claimed")
                    await asyncio.sleep(0.02)
            async with made.database.read() as db:
                rows = (await db.execute(select(ATTEMPT).order_by(ATTEMPT.c.claimed_at))).all()
                inbound = (await db.execute(select(INBOUND.c.state))).all()
                people = await reaching.on_the_roster(db, "tarn-ouest")
                ((_, reach),) = await reaching.reached(made, db, "tarn-ouest", people)
    assert [one.key for one in sms.handed] == [MARK]
    assert [(row.channel, row.state) for row in rows] == [("email", "undelivered"), ("sms", "accepted")]
    assert inbound == [("matched",)]
    assert reach.faults == (("email", "dead"),)


async def test_mails_leave_while_their_mailbox_cannot_be_looked_into(
    server: Dovecot, user: str, tmp_path: Path, database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    side = MailSide("take")
    async with mail_server(side) as port:
        wrong = config(server, user, password="not this one").model_copy(update={"port": port})
        async with house(tmp_path, database_url, [email.Channel(wrong)]) as made:  # type: ignore[list-item]
            await known(made, "bruno", reports.ADDRESS)
            async with at_work(made):
                await until(lambda: "does not take" in caplog.text)
                await write(made, MARK, recipient="human", recipient_id="bruno", to=None, channel="email")
                await until(lambda: side.mails)
    assert "sending paused" not in caplog.text


async def state(made: Any) -> str:
    async with made.database.read() as db:
        return str((await db.execute(select(MESSAGE.c.state))).scalar_one())


async def known(made: Any, person: str, address: str) -> None:
    sealed = await made.vault.seal(f"to:{person}", "email", address)
    async with made.database.writing() as db:
        await roster.put(db, "tarn-ouest", [OnCall(person, 0, person.title(), email=sealed)])
