"""What does an operator's SMSC do on a bad day? One of our own, whose faults the number's last two digits choose.

It shares no code with the client but the names of the octets: it packs and unpacks by itself.
"""

import asyncio
import ssl
import struct
from collections import Counter, defaultdict
from dataclasses import dataclass, field

UNDELIVERABLE, THROTTLED, SILENT, CUT, RECEIPT_FIRST, TWICE, HEX, HOLE = [
    "90",
    "91",
    "92",
    "93",
    "94",
    "95",
    "96",
    "97",
]
"""Undeliverable · throttled once · on the phone without a response · cut before the response · the receipt before the
response · the receipt twice · an id in hexadecimal, in the receipt in decimal · taken and never heard of again."""
ONCE = {THROTTLED, SILENT, CUT, HOLE}
"""Faults that strike a number only once: the next try goes well."""


@dataclass
class Phones:
    """All phones: what each was shown, by number; how often each number was submitted, at which SMSC."""

    shown: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    submitted: Counter[str] = field(default_factory=Counter)
    parts: dict[tuple[str, int], dict[int, bytes]] = field(default_factory=dict)
    at: dict[str, float] = field(default_factory=dict)


class Smsc:
    """One SMSC on a port of this machine. `echo` = receipts carry our reference."""

    def __init__(
        self,
        phones: Phones,
        name: str,
        *,
        echo: bool = True,
        delay: float = 0.05,
        by_text: bool = False,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._tls = tls
        self.phones, self.name, self.echo, self.delay, self.by_text = phones, name, echo, delay, by_text
        self.port = 0
        self.binds = self.submits = 0
        self.pending: dict[int, bytes] = {}
        """Receipts and replies that nobody has acknowledged, by our sequence number."""
        self.refused: list[int] = []
        self.validity: list[str] = []
        self.senders: list[str] = []
        self._ids = 0x0BEEF000
        self._sequence = 0
        self._writers: list[asyncio.StreamWriter] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "Smsc":
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.shut()

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def shut(self) -> None:
        """Away: connections are cut, new ones refused."""
        for task in self._tasks:
            task.cancel()
        for writer in self._writers:
            writer.transport.abort()
        self._server.close()

    def say(self, source: str, text: str, *, coding: int = 0, udh: bytes = b"") -> None:
        """Somebody writes to us."""
        octets = udh + (text.encode("utf-16-be") if coding == 8 else text.encode("latin-1"))
        self._queue(_short(source.lstrip("+"), "38000", 0x40 if udh else 0, coding, octets, b""))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        try:
            while True:
                length, command, status, sequence = struct.unpack(">IIII", await reader.readexactly(16))
                body = await reader.readexactly(length - 16)
                self._take(writer, command, status, sequence, body)
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            self._writers.remove(writer)
            writer.close()

    def _take(self, writer: asyncio.StreamWriter, command: int, status: int, sequence: int, body: bytes) -> None:
        if command == 0x9:  # bind_transceiver
            self.binds += 1
            _write(writer, 0x80000009, sequence, self.name.encode() + b"\0")
            self._after(0.02, self._flush)
        elif command == 0x15:
            _write(writer, 0x80000015, sequence)
        elif command == 0x4:
            self.submits += 1
            self._submitted(writer, sequence, body)
        elif command == 0x80000005:  # deliver_sm_resp
            if status:
                self.refused.append(status)
                self._after(0.2, self._flush)
            else:
                self.pending.pop(sequence, None)

    def _submitted(self, writer: asyncio.StreamWriter, sequence: int, body: bytes) -> None:
        number, octets, udh, coding, reference = self._read(body)
        fault, nth = number[-2:], self.phones.submitted[number]
        self.phones.submitted[number] += 1
        if fault in ONCE and nth > 0:
            fault = ""
        self._ids += 1
        if fault == THROTTLED:
            _write(writer, 0x80000004, sequence, status=0x58)
            return
        if fault == HOLE:
            return
        if fault != UNDELIVERABLE:
            self._show(number, octets, udh, coding)
        answer = f"{self._ids:x}" if fault == HEX else str(self._ids)
        receipt = self._receipt(number, str(self._ids), fault, reference)
        if fault == CUT:
            self._after(self.delay, lambda: self._queue(receipt))
            writer.transport.abort()
            return
        if fault == RECEIPT_FIRST:
            self._queue(receipt)
            self._after(0.2, lambda: _write(writer, 0x80000004, sequence, answer.encode() + b"\0"))
            return
        if fault != SILENT:
            _write(writer, 0x80000004, sequence, answer.encode() + b"\0")
        self._after(self.delay, lambda: self._queue(receipt))
        if fault == TWICE:
            self._after(self.delay * 2, lambda: self._queue(receipt))

    def _read(self, body: bytes) -> tuple[str, bytes, bytes, int, int | None]:
        _, _, rest = body.partition(b"\0")
        source, _, rest = rest[2:].partition(b"\0")
        number, _, rest = rest[2:].partition(b"\0")
        esm, rest = rest[0], rest[3:]
        _, _, rest = rest.partition(b"\0")
        validity, _, rest = rest.partition(b"\0")
        self.validity.append(validity.decode())
        self.senders.append(source.decode())
        coding, size = rest[2], rest[4]
        octets, options = rest[5 : 5 + size], rest[5 + size :]
        udh = octets[: octets[0] + 1] if esm & 0x40 else b""
        reference = struct.unpack(">H", options[4:6])[0] if options[:4] == b"\x02\x04\x00\x02" else None
        return number.decode(), octets[len(udh) :], udh, coding, reference

    def _show(self, number: str, octets: bytes, udh: bytes, coding: int) -> None:
        """On the phone, when all parts are there."""
        if udh:
            parts = self.phones.parts.setdefault((number, udh[3]), {})
            parts[udh[5]] = octets
            if len(parts) < udh[4]:
                return
            del self.phones.parts[number, udh[3]]
            octets = b"".join(parts[one] for one in sorted(parts))
        text = octets.decode("utf-16-be") if coding == 8 else octets.decode("latin-1")
        self.phones.shown[number].append(text)
        self.phones.at.setdefault(number, asyncio.get_running_loop().time())

    def _receipt(self, number: str, id_: str, fault: str, reference: int | None) -> bytes:
        bad = fault == UNDELIVERABLE
        text = (
            f"id:{id_} sub:001 dlvrd:{0 if bad else 1:03} submit date:2601050800 done date:2601050801"
            f" stat:{'UNDELIV' if bad else 'DELIVRD'} err:{'001' if bad else '000'} text:..."
        )
        options = b"" if self.by_text else _tlv(0x1E, id_.encode() + b"\0") + _tlv(0x427, b"\x05" if bad else b"\x02")
        if self.echo and reference is not None:
            options += _tlv(0x204, struct.pack(">H", reference))
        return _short(number, "relais", 0x04, 0, text.encode(), options)

    def _queue(self, body: bytes) -> None:
        self._sequence += 1
        self.pending[self._sequence] = body
        for writer in self._writers[-1:]:
            _write(writer, 0x5, self._sequence, body)

    def _flush(self) -> None:
        """Say again what was not acknowledged."""
        for sequence, body in list(self.pending.items()):
            for writer in self._writers[-1:]:
                _write(writer, 0x5, sequence, body)

    def _after(self, seconds: float, act: object) -> None:
        async def wait() -> None:
            await asyncio.sleep(seconds)
            act()  # type: ignore[operator]

        task = asyncio.get_running_loop().create_task(wait())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _write(writer: asyncio.StreamWriter, command: int, sequence: int, body: bytes = b"", status: int = 0) -> None:
    if not writer.is_closing():
        writer.write(struct.pack(">IIII", 16 + len(body), command, status, sequence) + body)


def _tlv(tag: int, value: bytes) -> bytes:
    return struct.pack(">HH", tag, len(value)) + value


def _short(source: str, to: str, esm: int, coding: int, octets: bytes, options: bytes) -> bytes:
    head = b"\0\x01\x01" + source.encode() + b"\0\x05\0" + to.encode() + b"\0" + bytes((esm, 0, 0))
    return head + b"\0\0\0\0" + bytes((coding, 0, len(octets))) + octets + options
