"""How does an SMS reach an operator's SMSC? Our own SMPP 3.4 client: one bound connection, a window, receipts.

A receipt or a reply is answered only when it is written down and committed; otherwise the SMSC says it again.
"""

import asyncio
import logging
import ssl
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

from pydantic import Field

from notifications.channels import smpp
from notifications.channels.smpp import Malformed, Short, Unit
from notifications.outcome import (
    BROKEN,
    Accepted,
    Ambiguous,
    Hear,
    Heard,
    Letter,
    NotSent,
    Outcome,
    Rejected,
    Reply,
    Terms,
    international,
)

log = logging.getLogger("relais.smpp")

SOON, LATEST = 0.5, 30.0
"""Seconds between two tries to bind: doubled each time, from the first to the last."""
PARTS_KEPT = 100
"""Long replies whose parts are still coming: beyond, the oldest is passed on as it is."""


class Config(Terms):
    """Where the SMSC is and who we are. `answer_within` = seconds for a response, after which nobody knows; `tls` =
    an encrypted connection, checked against `ca_file` or the system's authorities; `sender` replaces the territory's
    name (a short code that can receive)."""

    host: str
    port: int = Field(default=2775, ge=1, le=65535)
    system_id: str = Field(max_length=15)
    password: str = Field(max_length=8, repr=False)
    system_type: str = Field(default="", max_length=12)
    sender: str | None = None
    tls: bool = False
    ca_file: Path | None = None
    answer_within: float = Field(default=15.0, gt=0)
    enquire_every: float = Field(default=20.0, gt=0)
    window: int = Field(default=20, ge=1, le=1000)
    receipts: bool = True


class Gone(Exception):
    """The connection ended."""


class Channel:
    """One bind to one SMSC. `run` keeps it; `send` uses it."""

    way = "sms"

    def __init__(self, config: Config) -> None:
        self.terms = config
        self.name = config.name
        self._wire: asyncio.Transport | None = None
        self._inbox: asyncio.Queue[Unit] = asyncio.Queue()
        self._sequence = 0
        self._waiting: dict[int, asyncio.Future[Unit]] = {}
        self._bound_at: float | None = None
        self._parts: dict[tuple[str, int], dict[int, str]] = {}

    def heard_for(self) -> timedelta:
        """How long receipts could be heard without a break."""
        if self._bound_at is None:
            return timedelta()
        return timedelta(seconds=asyncio.get_running_loop().time() - self._bound_at)

    async def send(self, letter: Letter) -> Outcome:
        """All parts of the text. Not one of them left: NotSent; some, and not all answered well: Ambiguous."""
        if not letter.to:
            return Rejected("no number")
        if self._bound_at is None:
            return NotSent("not bound", link=True)
        sender = self.terms.sender or letter.sender
        bodies = smpp.submits(sender, letter.to, letter.text, letter.reference, letter.valid_until)
        try:
            answers = [self._ask(smpp.SUBMIT, body) for body in bodies]
        except Unwritten:
            return NotSent("not connected", link=True)
        try:
            async with asyncio.timeout(self.terms.answer_within):
                units = [await answer for answer in answers]
        except TimeoutError:
            return Ambiguous("no answer in time")
        except Gone as gone:
            return Ambiguous(f"{BROKEN}: {gone}")
        finally:
            for answer in answers:
                answer.cancel()
        return _outcome(units)

    async def run(self, hear: Hear) -> None:
        """Keep the bind, for ever: again after each break, ever more slowly while the SMSC is away."""
        wait = SOON
        while True:
            try:
                ended = await self._bind()
                wait = SOON
                await self._stay(ended, hear)
            except (OSError, Gone, TimeoutError) as broken:
                log.warning("%s: not bound: %s", self.name, broken or type(broken).__name__)
            finally:
                self._drop()
            await asyncio.sleep(wait)
            wait = min(LATEST, wait * 2)

    # --- the connection ---------------------------------------------------------------------------------

    async def _bind(self) -> "asyncio.Future[None]":
        """Connect and bind. What ends when the connection does."""
        config, loop = self.terms, asyncio.get_running_loop()
        context = ssl.create_default_context(cafile=config.ca_file) if config.tls else None
        ended: asyncio.Future[None] = loop.create_future()
        ended.add_done_callback(lambda _: self._forsake())
        async with asyncio.timeout(config.answer_within):
            self._wire, _ = await loop.create_connection(
                lambda: Link(self._take, ended), config.host, config.port, ssl=context
            )
            unit = await self._ask(smpp.BIND, smpp.bind(config.system_id, config.password, config.system_type))
        if unit.status != smpp.OK:
            raise Gone(f"the SMSC refuses to bind (status 0x{unit.status:02X})")
        self._bound_at = loop.time()
        log.info("%s: bound", self.name)
        return ended

    async def _stay(self, ended: "asyncio.Future[None]", hear: Hear) -> None:
        """Until the connection ends, nobody answers, or the SMSC says goodbye."""
        helpers = [asyncio.ensure_future(self._enquire()), asyncio.ensure_future(self._write_down(hear))]
        try:
            await asyncio.wait([ended, *helpers], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for helper in helpers:
                helper.cancel()
            await asyncio.gather(*helpers, return_exceptions=True)
        raise Gone("the connection ended" if ended.done() else "the SMSC is silent")

    def _take(self, unit: Unit) -> None:
        if unit.command & smpp.RESPONSE:
            waiting = self._waiting.pop(unit.sequence, None)
            if waiting is not None and not waiting.done():
                waiting.set_result(unit)
        elif unit.command == smpp.DELIVER:
            self._inbox.put_nowait(unit)
        elif unit.command in (smpp.ENQUIRE, smpp.UNBIND):
            self._answer(unit)
            if unit.command == smpp.UNBIND and self._wire is not None:
                self._wire.close()
        else:
            self._write(smpp.pack(smpp.GENERIC_NACK, unit.sequence, status=0x03))

    async def _enquire(self) -> None:
        """Ask now and then whether somebody is there; ends when nobody answers."""
        while True:
            await asyncio.sleep(self.terms.enquire_every)
            try:
                async with asyncio.timeout(self.terms.answer_within):
                    await self._ask(smpp.ENQUIRE, b"")
            except (TimeoutError, Gone, OSError):
                return

    async def _write_down(self, hear: Hear) -> None:
        """Pass on what came in, all that waits at once; answer when it is committed. What cannot be read is answered,
        too: said again it would be no clearer."""
        inbox = self._inbox
        while True:
            units = [await inbox.get()]
            while not inbox.empty():
                units.append(inbox.get_nowait())
            heard = [one for unit in units for one in self._heard(unit)]
            if heard:
                try:
                    await hear(heard)
                except Exception as failed:
                    log.error("%s: %d units not written down: %s", self.name, len(units), type(failed).__name__)
                    for unit in units:
                        self._answer(unit, smpp.SYSTEM_ERROR)
                    continue
            for unit in units:
                self._answer(unit)

    def _heard(self, unit: Unit) -> Sequence[Heard]:
        try:
            short = smpp.read_short(unit.body)
        except Malformed as unreadable:
            log.warning("%s: %s", self.name, unreadable)
            return []
        if short.is_receipt:
            return [smpp.read_receipt(short)]
        text = self._whole(short)
        return [] if text is None else [Reply(international(short.source), text)]

    def _whole(self, short: Short) -> str | None:
        """The text; None while parts of it are missing. Parts are kept in memory: a restart passes on the rest."""
        part = short.part
        if part is None:
            return short.text
        reference, number, which = part
        key = (short.source, reference)
        parts = self._parts.setdefault(key, {})
        parts[which] = short.text
        if len(parts) < number:
            if len(self._parts) > PARTS_KEPT:
                self._parts.pop(next(iter(self._parts)))
            return None
        del self._parts[key]
        return "".join(parts[one] for one in sorted(parts))

    def _ask(self, command: int, body: bytes) -> asyncio.Future[Unit]:
        """Write a unit; its answer comes later, or Gone. Raises Unwritten when no octet left."""
        if self._wire is None or self._wire.is_closing():
            raise Unwritten("not connected")
        self._sequence = self._sequence % 0x7FFFFFFF + 1
        answer: asyncio.Future[Unit] = asyncio.get_running_loop().create_future()
        self._waiting[self._sequence] = answer
        self._wire.write(smpp.pack(command, self._sequence, body))
        return answer

    def _answer(self, unit: Unit, status: int = smpp.OK) -> None:
        body = b"\0" if unit.command == smpp.DELIVER else b""
        self._write(smpp.pack(unit.command | smpp.RESPONSE, unit.sequence, body, status))

    def _write(self, octets: bytes) -> None:
        if self._wire is not None and not self._wire.is_closing():
            self._wire.write(octets)

    def _drop(self) -> None:
        """Nobody hears any more: who waits for an answer does not get one."""
        self._forsake()
        self._inbox = asyncio.Queue()  # what was not answered is said again
        if self._wire is not None:
            self._wire.abort()
            self._wire = None

    def _forsake(self) -> None:
        self._bound_at = None
        waiting, self._waiting = self._waiting, {}
        for answer in waiting.values():
            if not answer.done():
                answer.set_exception(Gone("before the answer"))
                answer.exception()  # looked at: nobody may be waiting for it any more


class Unwritten(OSError):
    """No octet left."""


class Link(asyncio.Protocol):
    """Passes on the units that come, until the connection ends."""

    def __init__(self, take: Callable[[Unit], None], ended: "asyncio.Future[None]") -> None:
        self._take = take
        self._ended = ended
        self._cutter = smpp.Cutter()
        self._wire: asyncio.BaseTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._wire = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._ended.done():
            self._ended.set_result(None)

    def data_received(self, data: bytes) -> None:
        try:
            for unit in self._cutter.feed(data):
                self._take(unit)
        except Malformed:
            assert self._wire is not None
            self._wire.close()


def _outcome(units: Sequence[Unit]) -> Outcome:
    """All parts answered. A refusal of all is one; of some, nobody can say what the person reads."""
    bad = [unit.status for unit in units if unit.status != smpp.OK]
    if not bad:
        return Accepted(smpp.first_string(units[0].body))
    if len(bad) < len(units):
        return Ambiguous(f"{len(bad)} of {len(units)} parts refused")
    code = f"smpp 0x{bad[0]:02X}"
    return Rejected(code, transient=bad[0] in smpp.TRANSIENT, dead=bad[0] == smpp.BAD_DESTINATION)
