"""Is an encrypted provider believed only with the right certificate, and does it learn who we are?"""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP

from notifications.channels import email
from notifications.channels.sms_smpp import Channel, Config
from notifications.outcome import Accepted, NotSent
from tests.messaging.authority import Authority
from tests.messaging.smsc import Phones, Smsc
from tests.messaging.test_contract import MailSide, letter
from tests.messaging.test_smpp import bound

# --- SMPP ---------------------------------------------------------------------------------------------------


async def test_an_sms_goes_through_tls_to_who_the_authority_vouches_for(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    async with Smsc(Phones(), "a", tls=authority.server()) as server:
        async with bound(server, tls=True, ca_file=authority.file) as line:
            assert isinstance(await line.send(), Accepted)
            await line.until(lambda: line.heard)
        assert server.phones.shown["33639980000"] == ["Bonjour"]


@pytest.mark.parametrize("wrong", ["another authority", "another address", "no authority of ours", "no tls at all"])
async def test_an_smsc_with_a_wrong_certificate_is_told_nothing(
    wrong: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    authority, other = Authority(tmp_path), Authority(tmp_path, "other")
    contexts = {
        "another authority": other.server(),
        "another address": authority.server("127.0.0.2"),
        "no authority of ours": authority.server(),
        "no tls at all": None,
    }
    async with Smsc(Phones(), "a", tls=contexts[wrong]) as server:
        config = Config(
            name="a", host="127.0.0.1", port=server.port, system_id="relais", password="secret", tls=True,
            ca_file=None if wrong == "no authority of ours" else authority.file, answer_within=1,
        )  # fmt: skip
        channel = Channel(config)
        with caplog.at_level(logging.WARNING, "relais.smpp"):
            running = asyncio.create_task(channel.run(lambda heard: asyncio.sleep(0)))
            async with asyncio.timeout(5):
                while "not bound" not in caplog.text:  # noqa: ASYNC110  # nobody rings here
                    await asyncio.sleep(0.01)
        assert await channel.send(letter("+33639980000")) == NotSent("not bound", link=True)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        assert server.binds == 0
    assert "secret" not in caplog.text


# --- e-mail -------------------------------------------------------------------------------------------------


@asynccontextmanager
async def secured(side: MailSide, security: str, context: ssl.SSLContext) -> AsyncIterator[int]:
    """The port of a mail server that asks for a client certificate, at once or after STARTTLS."""
    loop, later = asyncio.get_running_loop(), security == "starttls"
    said: dict[str, Any] = {"tls_context": context, "require_starttls": True} if later else {}
    server = await loop.create_server(
        lambda: SMTP(side, loop=loop, **said), "127.0.0.1", 0, ssl=None if later else context
    )
    yield server.sockets[0].getsockname()[1]
    server.close()


def writes_to(port: int, security: str, ca: Path, pair: tuple[Path, Path] | None) -> email.Channel:
    certificate, key = pair or (None, None)
    return email.Channel(
        email.Config(
            name="m", host="127.0.0.1", port=port, security=security, address="relais@cpts.example", ca_file=ca,
            certificate=certificate, key=key, answer_within=3,
        )
    )  # fmt: skip


@pytest.mark.parametrize("security", ["tls", "starttls"])
async def test_a_mail_server_that_asks_who_we_are_is_shown_our_certificate(security: str, tmp_path: Path) -> None:
    authority, other, side = Authority(tmp_path), Authority(tmp_path, "other"), MailSide("take")
    ours, strangers = authority.signs("relais"), other.signs("stranger")
    async with secured(side, security, authority.server(asks=authority)) as port:
        sent = await writes_to(port, security, authority.file, ours).send(letter("zoe@cabinet.example"))
        assert sent == Accepted("k" * 32)
        for pair in (None, strangers):
            refused = await writes_to(port, security, authority.file, pair).send(letter("zoe@cabinet.example"))
            assert isinstance(refused, NotSent)
        unknown = await writes_to(port, security, other.file, ours).send(letter("zoe@cabinet.example"))
        assert isinstance(unknown, NotSent)
    assert len(side.mails) == 1
