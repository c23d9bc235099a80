"""Which mails came back? A mailbox is looked into now and then; reports about mails of ours (RFC 3464) are heard.

A report is marked as read when it is written down, never deleted: whoever runs the mailbox can still look at it. What
is no report about a mail of ours stays unread, as it was.
"""

import asyncio
import imaplib
import logging
import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import suppress
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field

from notifications.outcome import Fate, Hear, Receipt, Terms

log = logging.getLogger("relais.bounces")

FATES: dict[str, Fate] = {"failed": "undelivered", "delivered": "delivered"}
"""What a report's action says of a mail; delayed, relayed and expanded say nothing yet."""
MOST = 100_000
"""Octets read of a mail: a report says what matters before the mail that it returns."""
STATUS = re.compile(r"(?<![\w.])[245]\.\d{1,3}\.\d{1,3}(?![\w.]?\d)")


class Mailbox(BaseModel):
    """The mailbox of the address that mails come from; nobody else reads it (what somebody opened first is not seen).
    `security`: tls (993) or none (a server on this machine). Seconds: `every` between two looks, `answer_within` for
    each answer of the server."""

    model_config = Terms.model_config

    host: str
    port: int = Field(default=993, ge=1, le=65535)
    security: str = Field(default="tls", pattern="^(tls|none)$")
    user: str = Field(pattern=r"^[!-~]+$")
    password: str = Field(pattern=r"^[ -~]+$", repr=False)
    folder: str = Field(default="INBOX", pattern=r"^[ !#-\[\]-~]+$")
    ca_file: Path | None = None
    every: float = Field(default=60.0, gt=0)
    answer_within: float = Field(default=10.0, gt=0)


class Refused(Exception):
    """The mailbox cannot be looked into; says why, without a secret."""


class Bounces:
    """One mailbox, for mails whose Message-ID ends in `domain`."""

    def __init__(self, name: str, config: Mailbox, domain: str) -> None:
        self._name, self._config, self._domain = name, config, domain
        self._left: set[tuple[str, bytes]] = set()

    async def run(self, hear: Hear) -> None:
        """Look, for ever. A mailbox that cannot be looked into is logged, and looked into again."""
        while True:
            try:
                await self._look(hear)
            except Refused as refused:
                log.warning("%s: mails that came back are not read: %s", self._name, refused)
            except Exception as away:  # the words of a server may hold anything
                log.warning("%s: mails that came back are not read: %s", self._name, type(away).__name__)
            await asyncio.sleep(self._config.every)

    async def _look(self, hear: Hear) -> None:
        imap = await self._opened()
        try:
            unseen = await asyncio.to_thread(_unseen, imap)
            self._left.intersection_update(unseen)
            for mail in unseen:
                if mail in self._left:
                    continue
                heard = await asyncio.to_thread(self._read, imap, mail[1])
                if heard is None:  # not fetched again
                    self._left.add(mail)
                    continue
                try:
                    if heard:
                        await hear(heard)
                except Exception as failed:
                    log.error("%s: a report is not written down: %s", self._name, type(failed).__name__)
                    continue
                await asyncio.to_thread(imap.uid, "STORE", mail[1].decode(), "+FLAGS.SILENT", r"(\Seen)")
        finally:
            _hang_up(imap)

    async def _opened(self) -> imaplib.IMAP4:
        """Who is stopped meanwhile leaves no connection behind."""
        opening = asyncio.ensure_future(asyncio.to_thread(self._open))
        try:
            return await asyncio.shield(opening)
        except asyncio.CancelledError:
            with suppress(Exception):
                _hang_up(await opening)
            raise

    def _open(self) -> imaplib.IMAP4:
        """Raises Refused, OSError or imaplib's errors."""
        config = self._config
        if config.security == "tls":
            context = ssl.create_default_context(cafile=config.ca_file)
            imap: imaplib.IMAP4 = imaplib.IMAP4_SSL(
                config.host, config.port, ssl_context=context, timeout=config.answer_within
            )
        else:
            imap = imaplib.IMAP4(config.host, config.port, timeout=config.answer_within)
        try:
            _enter(imap, config)
        except BaseException:
            _hang_up(imap)
            raise
        return imap

    def _read(self, imap: imaplib.IMAP4, uid: bytes) -> list[Receipt] | None:
        """What a mail says (see `read_report`); None also when it cannot be read, which stops no other."""
        _, parts = imap.uid("FETCH", uid.decode(), f"(BODY.PEEK[]<0.{MOST}>)")
        octets = next((part[1] for part in parts if isinstance(part, tuple)), b"")
        try:
            return read_report(octets, self._domain)
        except Exception as broken:
            log.warning("%s: mail %s cannot be read: %s", self._name, uid.decode(), type(broken).__name__)
            return None


def read_report(octets: bytes, domain: str) -> list[Receipt] | None:
    """What a report says of the mail of ours with that Message-ID, for each recipient of whom something is certain.
    None = no report, or about somebody else's mail."""
    mail = message_from_bytes(octets)
    if mail.get_content_type() != "multipart/report" or not mail.is_multipart():
        return None
    parts: list[Any] = mail.get_payload()  # type: ignore[assignment]
    reports = [part for part in parts if part.get_content_type() == "message/delivery-status" and part.is_multipart()]
    ours = re.compile(rf"<([\w.-]{{1,64}})@{re.escape(domain)}>", re.IGNORECASE | re.ASCII)
    key = next((found[1] for word in _named(mail, parts) if (found := ours.search(word))), None)
    if key is None or not reports:
        return None
    blocks = [block for report in reports for block in report.get_payload()]
    said = [(FATES.get(_word(block, "Action")), _status(block)) for block in blocks]
    return [Receipt(key, fate, f"dsn {status}" if fate == "undelivered" else "") for fate, status in said if fate]


def _named(mail: Message, parts: list[Any]) -> Iterator[str]:
    """Where a report may name the mail it is about: in what it returns of it, or in its own headers."""
    for part in parts:
        if part.get_content_type() == "text/rfc822-headers":
            yield str(message_from_bytes(part.get_payload(decode=True))["Message-ID"])
        elif part.get_content_maintype() == "message" and part.is_multipart():
            yield str(part.get_payload(0)["Message-ID"])
    yield str(mail["In-Reply-To"])
    yield str(mail["References"])


def _word(block: Message, name: str) -> str:
    return str(block[name] or "").strip().lower()


def _status(block: Message) -> str:
    """The report's status (RFC 3463); where it says nothing, what the other server said."""
    found = [one[0] for name in ("Status", "Diagnostic-Code") if (one := STATUS.search(_word(block, name)))]
    return next((one for one in found if not one.endswith(".0.0")), found[0] if found else "")


def _enter(imap: imaplib.IMAP4, config: Mailbox) -> None:
    try:
        imap.login(config.user, config.password)
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error:
        raise Refused("the mail server does not take user and password") from None
    answer, _ = imap.select(f'"{config.folder}"')
    if answer != "OK":
        raise Refused(f"there is no folder {config.folder}")


def _unseen(imap: imaplib.IMAP4) -> list[tuple[str, bytes]]:
    """(validity, uid) of the mails nobody has read: a uid is a mail's for ever as long as its validity is the same."""
    _, validity = imap.response("UIDVALIDITY")
    _, found = imap.uid("SEARCH", "UNSEEN")
    return [(str(validity[-1]), uid) for uid in (found[0] or b"").split()]


def _hang_up(imap: imaplib.IMAP4) -> None:
    """Ends what waits for an answer in another thread, too."""
    with suppress(OSError):
        imap.sock.shutdown(socket.SHUT_RDWR)
    with suppress(OSError):
        imap.shutdown()
