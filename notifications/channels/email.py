"""How does a message leave by e-mail? SMTP with STARTTLS or TLS; a client certificate for operators like MSSanté's.

It is known by its Message-ID, which is made of our own key: a mail that comes back names it.
"""

import asyncio
import ssl
from email.message import EmailMessage
from pathlib import Path
from typing import Literal

import aiosmtplib
from pydantic import Field

from notifications.channels.bounces import Bounces, Mailbox
from notifications.outcome import Accepted, Ambiguous, Hear, Letter, NotSent, Outcome, Rejected, Terms


class Config(Terms):
    """`security`: starttls (587), tls (465) or none (a relay on this machine). `certificate` and `key`: who we are, for
    operators that ask (MSSanté). `address` is what mails come from; `bounces` = its mailbox, where they come back to.
    What does not come back may still be lost: there are no receipts, and nothing is sent again for want of one."""

    host: str
    port: int = Field(default=587, ge=1, le=65535)
    security: str = Field(default="starttls", pattern="^(starttls|tls|none)$")
    user: str | None = None
    password: str | None = Field(default=None, repr=False)
    certificate: Path | None = None
    key: Path | None = None
    ca_file: Path | None = None
    address: str
    subject: str = "Message de {sender}"
    answer_within: float = Field(default=20.0, gt=0)
    window: int = Field(default=5, ge=1, le=100)
    receipts: Literal[False] = False
    bounces: Mailbox | None = None


class Channel:
    """One mail server. A connection for each message: volumes are small, and an old connection may be dead."""

    way = "email"

    def __init__(self, config: Config) -> None:
        self.terms = config
        self.name = config.name
        self._domain = config.address.rpartition("@")[2]

    async def run(self, hear: Hear) -> None:
        """Hear of mails that come back, for ever, where a mailbox is named for them."""
        if self.terms.bounces is None:
            await asyncio.get_running_loop().create_future()  # never
        else:
            await Bounces(self.name, self.terms.bounces, self._domain).run(hear)

    async def send(self, letter: Letter) -> Outcome:
        """Before the text leaves a failure is certain; while it leaves, nobody knows."""
        if not letter.to or "@" not in letter.to:
            return Rejected("no address")
        config = self.terms
        smtp = aiosmtplib.SMTP(
            hostname=config.host, port=config.port, timeout=config.answer_within, username=config.user,
            password=config.password, tls_context=self._context() if config.security != "none" else None,
            use_tls=config.security == "tls", start_tls=config.security == "starttls",
        )  # fmt: skip
        try:
            await smtp.connect()
            await smtp.mail(config.address)
            await smtp.rcpt(letter.to)
        except aiosmtplib.SMTPResponseException as refused:
            smtp.close()
            return Rejected(f"smtp {refused.code}", transient=refused.code < 500, dead=refused.code in (550, 551, 553))
        except (aiosmtplib.SMTPException, OSError) as away:
            smtp.close()
            return NotSent(type(away).__name__, link=True)
        try:
            await smtp.data(self._mail(letter).as_bytes())
        except aiosmtplib.SMTPResponseException as refused:
            return Rejected(f"smtp {refused.code}", transient=refused.code < 500)
        except (aiosmtplib.SMTPException, OSError) as cut_off:
            return Ambiguous(type(cut_off).__name__)
        finally:
            smtp.close()
        return Accepted(letter.key)

    def _context(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self.terms.ca_file)
        if self.terms.certificate is not None:
            context.load_cert_chain(self.terms.certificate, self.terms.key)
        return context

    def _mail(self, letter: Letter) -> EmailMessage:
        mail = EmailMessage()
        mail["From"], mail["To"] = self.terms.address, letter.to
        mail["Subject"] = self.terms.subject.format(sender=letter.sender)
        mail["Message-ID"] = f"<{letter.key}@{self._domain}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(letter.text)
        return mail
