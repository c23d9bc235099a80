"""Does every channel tell the four outcomes apart? One contract; what happens is made to happen by a counterpart."""

import asyncio
import base64
import hashlib
import json
import os
import pkgutil
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any

import http_ece
import pytest
from aiosmtpd.smtp import SMTP
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

import notifications.channels
from notifications.channels import console, email, null, sms_http, sms_smpp, voice, web_push
from notifications.outcome import Accepted, Ambiguous, Letter, NotSent, Outcome, Receipt, Rejected, Reply
from services.providers import KINDS
from tests.messaging.smsc import CUT, SILENT, THROTTLED, Phones, Smsc
from tests.messaging.web_side import WebSide

EVERY = ("take", "closed", "busy", "refuse", "silent", "cut")
SOON = 0.4
KEYS: Any = {"application_key": "app", "application_secret": "secret-a", "consumer_key": "consumer"}
BODY = {"messages": [{"dest": "{to}", "body": "{text}", "from": "{sender}", "client_ref": "{key}", "ttl": "{minutes}"}]}


def letter(to: str | None, **said: Any) -> Letter:
    return Letter("k" * 32, "booked", "req-1", to, "Rendez-vous à 9h30", 4711, "CPTS Tarn O", seconds_left=3600, **said)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


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
            await asyncio.sleep(2)
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
    modules = {one.name for one in pkgutil.iter_modules(notifications.channels.__path__)} - {"smpp", "http"}
    assert modules == {kind.split()[0] for kind in KINDS_HERE} | {"console", "null"}
    assert set(KINDS) == modules - {"console", "null"}


# --- what providers are told ------------------------------------------------------------------------------


async def test_ovh_is_told_with_its_signature_and_without_a_stop_clause(closing: AsyncExitStack) -> None:
    async with WebSide() as side:
        channel, to = await over_http(closing, "sms_http ovh", side)
        assert await channel.send(letter(to)) == Accepted("77")
        method, path, headers, body = side.told[0]
        assert (method, path) == ("POST", "/sms/sms-1/jobs")
        signed = "+".join(
            ("secret-a", "consumer", "POST", f"{side.url}{path}", body.decode(), headers["x-ovh-timestamp"])
        )
        assert headers["x-ovh-signature"] == "$1$" + hashlib.sha1(signed.encode()).hexdigest()
        assert abs(int(headers["x-ovh-timestamp"]) - 1767600000) <= 1
        said = side.json
        assert (said["noStopClause"], said["receivers"], said["sender"]) == (True, ["+33639980001"], "CPTS Tarn O")
        assert (said["message"], said["validityPeriod"]) == ("Rendez-vous à 9h30", 60)
        side.says = {"ids": [], "invalidReceivers": ["+33639980001"], "validReceivers": []}
        assert await channel.send(letter(to)) == Rejected("invalid receiver", dead=True)


async def test_any_json_api_is_spoken_to_by_its_description(closing: AsyncExitStack) -> None:
    async with WebSide() as side:
        channel, to = await over_http(closing, "sms_http json", side)
        assert await channel.send(letter(to)) == Accepted("p-1")
        assert side.json == {
            "messages": [
                {"dest": to, "body": "Rendez-vous à 9h30", "from": "CPTS Tarn O", "client_ref": "k" * 32, "ttl": "60"}
            ]
        }
        side.says = {"status": "queued"}
        assert await channel.send(letter(to)) == Ambiguous("an answer without an id")


async def test_a_mail_says_who_writes_and_that_a_machine_did() -> None:
    side = MailSide("take")
    async with mail_server(side) as port:
        said: Any = {"security": "none", "address": "relais@cpts.example", "port": port}
        channel = email.Channel(email.Config(name="m", host="127.0.0.1", **said))
        assert await channel.send(letter("zoe@cabinet.example")) == Accepted("taken as m-1")
    (mail,) = side.mails
    text = mail.content.decode()
    assert mail.rcpt_tos == ["zoe@cabinet.example"]
    assert "Subject: Message de CPTS Tarn O" in text
    assert "Auto-Submitted: auto-generated" in text


async def test_a_call_asks_for_a_key_and_the_key_acknowledges(closing: AsyncExitStack) -> None:
    async with WebSide() as side:
        channel, to = await over_http(closing, "voice", side)
        assert await channel.send(letter(to)) == Accepted("p-1")
        assert "appuyez sur 1" in side.json["text"]
        assert side.told[0][2]["idempotency-key"] == "k" * 32
    said = {"id": "p-1", "status": "answered", "digit": "1", "key": "k" * 32}
    assert channel.read({**said, "secret": "wrong"}) is None
    assert channel.read({**said, "secret": "s" * 16}) == [
        Receipt("p-1", "delivered"), Reply(None, "1", acknowledges="k" * 32, id="p-1")
    ]  # fmt: skip
    busy = {"id": "p-1", "status": "busy", "secret": "s" * 16}
    assert channel.read(busy) == [Receipt("p-1", "undelivered", "busy")]


async def test_a_push_is_signed_encrypted_for_one_browser_and_hurries(closing: AsyncExitStack) -> None:
    browser = Browser()
    async with WebSide(mode="created") as side:
        channel, _ = await over_http(closing, "web_push", side)
        assert isinstance(await channel.send(letter(browser.subscription(side.url), lane=0)), Accepted)
        _, path, headers, body = side.told[0]
        assert path == "/push/abc"
        assert (headers["urgency"], headers["ttl"], headers["topic"]) == ("high", "3600", "k" * 32)
        assert browser.read(body) == {"id": "k" * 32, "kind": "booked", "text": "Rendez-vous à 9h30"}
        assert b"Rendez-vous" not in body
        _check_vapid(headers["authorization"], side.url)
        side.mode = "gone"
        assert await channel.send(letter(browser.subscription(side.url))) == Rejected("http 410", dead=True)


def _check_vapid(authorization: str, audience: str) -> None:
    said = dict(one.strip().split("=", 1) for one in authorization.removeprefix("vapid ").split(","))
    head, claims, signed = said["t"].split(".")
    point = from_b64(said["k"])
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    raw = from_b64(signed)
    der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    key.verify(der, f"{head}.{claims}".encode(), ec.ECDSA(SHA256()))
    assert json.loads(from_b64(claims))["aud"] == audience
