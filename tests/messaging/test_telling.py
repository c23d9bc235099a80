"""What is a provider told, exactly: its signature, its fields, its encryption?"""

import hashlib
import json
from contextlib import AsyncExitStack
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from notifications.channels import email
from notifications.outcome import Accepted, Ambiguous, Receipt, Rejected, Reply
from tests.messaging.test_contract import Browser, MailSide, closing, from_b64, letter, mail_server, over_http
from tests.messaging.web_side import WebSide

__all__ = ["closing"]

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
        assert said["senderForResponse"] is False
        channel.terms = channel.terms.model_copy(update={"two_way": True})
        await channel.send(letter(to))
        assert (side.json["senderForResponse"], "sender" in side.json) == (True, False)
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
        assert await channel.send(letter("zoe@cabinet.example")) == Accepted("k" * 32)
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
