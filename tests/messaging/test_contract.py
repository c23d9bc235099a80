"""Does every channel tell the four outcomes apart? One contract; what happens is made to happen by a counterpart."""

import asyncio
import base64
import json
import os
import pkgutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any

import http_ece
import pytest
from aiosmtpd.smtp import SMTP
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

import notifications.channels
from notifications.channels import console, email, null, sms_http, sms_smpp, voice, web_push
from notifications.outcome import Accepted, Ambiguous, Letter, NotSent, Outcome, Rejected
from services.ports import free_port
from services.providers import KINDS
from tests.messaging.smsc import CUT, SILENT, THROTTLED, Phones, Smsc
from tests.messaging.web_side import WebSide

EVERY = ("take", "closed", "busy", "refuse", "silent", "cut")
SOON = 1.0
KEYS: Any = {"application_key": "app", "application_secret": "secret-a", "consumer_key": "consumer"}
BODY = {"messages": [{"dest": "{to}", "body": "{text}", "from": "{sender}", "client_ref": "{key}", "ttl": "{minutes}"}]}


def letter(to: str | None, **said: Any) -> Letter:
    return Letter("k" * 32, "booked", "req-1", to, "Rendez-vous à 9h30", 4711, "CPTS Tarn O", seconds_left=3600, **said)


def vapid_key() -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


class Browser:
    """A browser that subscribed: its keys, and what only it can read."""

    def __init__(self) -> None:
        self._key, self._auth = ec.generate_private_key(ec.SECP256R1()), os.urandom(16)

    def subscription(self, url: str) -> str:
        point = self._key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        keys = {"p256dh": b64(point), "auth": b64(self._auth)}
        return json.dumps({"endpoint": f"{url}/push/abc", "keys": keys})

    def read(self, body: bytes) -> Any:
        return json.loads(http_ece.decrypt(body, private_key=self._key, auth_secret=self._auth, version="aes128gcm"))


def b64(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def from_b64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class MailSide:
    """A mail server's day."""

    def __init__(self, mode: str) -> None:
        self.mode, self.mails = mode, list[Any]()

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if self.mode in ("busy", "refuse"):
            return "451 later" if self.mode == "busy" else "550 nobody here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.mails.append(envelope)
        if self.mode == "silent":
            await asyncio.sleep(3)
        if self.mode == "cut":
            server.transport.abort()
        return "250 taken as m-1"


@asynccontextmanager
async def mail_server(side: MailSide) -> AsyncIterator[int]:
    """The port of a mail server on this machine."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(side, loop=loop), "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


@asynccontextmanager
async def the_day(kind: str, mode: str) -> AsyncIterator[tuple[Any, str]]:
    """A channel of this kind whose provider has such a day, and an address of somebody."""
    async with AsyncExitStack() as stack:
        if kind == "sms_smpp":
            yield await _smpp(stack, mode)
            return
        if kind == "email":
            port = free_port()
            if mode != "closed":
                port = await stack.enter_async_context(mail_server(MailSide(mode)))
            config = email.Config(
                name="m", host="127.0.0.1", port=port, security="none", address="relais@cpts.example",
                answer_within=SOON,
            )  # fmt: skip
            yield email.Channel(config), "zoe@cabinet.example"
            return
        side_ = WebSide(mode="take" if mode == "closed" else mode)
        if kind != "closed" and mode != "closed":
            await stack.enter_async_context(side_)
        else:
            side_.port = free_port()
        channel, to = _over_http(kind, side_)
        stack.push_async_callback(channel.close)
        yield channel, to


def _over_http(kind: str, side: WebSide) -> tuple[Any, str]:
    if kind == "sms_http json":
        side.says = {"messages": [{"id": "p-1"}]}
        config = sms_http.Config(name="j", url=side.url, body=BODY, id_at="messages.0.id", answer_within=SOON)
        return sms_http.Channel(config), "+33639980001"
    if kind == "sms_http ovh":
        side.says = {"ids": [77], "validReceivers": ["+33639980001"], "invalidReceivers": [], "totalCreditsRemoved": 1}
        config = sms_http.Config(name="o", style="ovh", url=side.url, account="sms-1", answer_within=SOON, **KEYS)
        return sms_http.Channel(config), "+33639980001"
    if kind == "voice":
        said: Any = {
            "url": f"{side.url}/calls",
            "secret": "s" * 16,
            "caller": "+33536490081",
            "callback": "https://x/hooks",
        }
        return voice.Channel(voice.Config(name="v", answer_within=SOON, **said)), "+33539980001"
    side.mode = {"take": "created", "refuse": "gone"}.get(side.mode, side.mode)
    config_ = web_push.Config(name="p", private_key=vapid_key(), contact="mailto:a@b.example", answer_within=SOON)
    return web_push.Channel(config_), Browser().subscription(side.url)


async def _smpp(stack: AsyncExitStack, mode: str) -> tuple[Any, str]:
    server = await stack.enter_async_context(Smsc(Phones(), "a"))
    config = sms_smpp.Config(
        name="a", host="127.0.0.1", port=server.port, system_id="r", password="s", answer_within=SOON
    )
    channel = sms_smpp.Channel(config)
    running = asyncio.create_task(channel.run(lambda heard: asyncio.sleep(0)))
    stack.callback(running.cancel)
    while channel.heard_for() == timedelta():  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    if mode == "closed":
        await server.shut()
        await asyncio.sleep(0.1)
    digits = {"busy": THROTTLED, "silent": SILENT, "cut": CUT}.get(mode, "00")
    return channel, "" if mode == "refuse" else f"+336399800{digits}"


async def over_http(closing: AsyncExitStack, kind: str, side: WebSide) -> tuple[Any, str]:
    """A channel that is closed when the test ends."""
    channel, to = _over_http(kind, side)
    closing.push_async_callback(channel.close)
    return channel, to


@pytest.fixture
async def closing() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


KINDS_HERE = ("sms_smpp", "sms_http json", "sms_http ovh", "email", "voice", "web_push")


@pytest.mark.parametrize("mode", EVERY)
@pytest.mark.parametrize("kind", KINDS_HERE)
async def test_what_happened_is_one_of_four(kind: str, mode: str) -> None:
    async with the_day(kind, mode) as (channel, to):
        outcome: Outcome = await channel.send(letter(to or None))
    expected: dict[str, type] = {
        "take": Accepted, "closed": NotSent, "busy": Rejected, "refuse": Rejected, "silent": Ambiguous,
        "cut": Ambiguous,
    }  # fmt: skip
    assert type(outcome) is expected[mode], outcome
    if isinstance(outcome, Rejected):
        assert outcome.transient is (mode == "busy")
    if isinstance(outcome, NotSent):
        assert outcome.link
    assert to not in repr(outcome) or not to


@pytest.mark.parametrize("kind", ["sms_http json", "sms_http ovh", "voice"])
async def test_a_gateway_that_fails_may_have_passed_it_on(kind: str) -> None:
    async with the_day(kind, "gateway") as (channel, to):
        assert await channel.send(letter(to)) == Ambiguous("http 502")


@pytest.mark.parametrize("channel", [console.Channel(), null.Channel()])
async def test_the_channels_of_the_demonstration_take_everything(channel: Any) -> None:
    assert isinstance(await channel.send(letter(None)), Accepted)


def test_every_channel_of_the_house_is_held_to_the_contract() -> None:
    modules = {one.name for one in pkgutil.iter_modules(notifications.channels.__path__)} - {"smpp", "http", "bounces"}
    assert modules == {kind.split()[0] for kind in KINDS_HERE} | {"console", "null"}
    assert set(KINDS) == modules - {"console", "null"}
