"""What do the octets of SMPP 3.4 say? Protocol data units in and out, nothing of a connection."""

import re
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from notifications.outcome import Fate, Receipt, international
from notifications.segments import cut, from_septets, septets

GENERIC_NACK, SUBMIT, DELIVER, UNBIND, BIND, ENQUIRE = (
    0x80000000, 0x00000004, 0x00000005, 0x00000006, 0x00000009, 0x00000015,
)  # fmt: skip
RESPONSE = 0x80000000
REFERENCE, RECEIPTED_ID, MESSAGE_STATE, PAYLOAD, SAR_NUMBER = 0x0204, 0x001E, 0x0427, 0x0424, 0x020C
OK, THROTTLED, QUEUE_FULL, SYSTEM_ERROR, SUBMIT_FAILED = 0x00, 0x58, 0x14, 0x08, 0x45
BAD_DESTINATION = 0x0B
TRANSIENT = frozenset({THROTTLED, QUEUE_FULL, SYSTEM_ERROR, 0x61, 0x62, 0x64, 0xFE})
"""Command statuses after which the same message may be tried elsewhere (5.1.3 of the specification)."""
HEAD = struct.Struct(">IIII")
LONGEST = 70_000
"""Octets: no unit is longer; what says so is not SMPP."""
_STATES: Mapping[int, Fate] = {1: "buffered", 2: "delivered", 3: "undelivered", 4: "undelivered", 5: "undelivered",
                               6: "buffered", 7: "buffered", 8: "undelivered"}  # fmt: skip
"""5.2.28: enroute, delivered, expired, deleted, undeliverable, accepted, unknown, rejected."""
_WORDS: Mapping[str, Fate] = {
    "DELIVRD": "delivered", "EXPIRED": "undelivered", "DELETED": "undelivered", "UNDELIV": "undelivered",
    "REJECTD": "undelivered", "ENROUTE": "buffered", "ACCEPTD": "buffered", "UNKNOWN": "buffered",
}  # fmt: skip
_TEXT = re.compile(r"\bid:\s*(?P<id>\S+).*?\bstat:\s*(?P<stat>[A-Z]{3,7})(?:.*?\berr:\s*(?P<err>\S+))?", re.S | re.I)
_UDH = 0x40
_RECEIPT = 0x04


class Malformed(ValueError):
    """These octets are no unit of SMPP."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One protocol data unit."""

    command: int
    status: int
    sequence: int
    body: bytes = field(default=b"", repr=False)


def pack(command: int, sequence: int, body: bytes = b"", status: int = OK) -> bytes:
    return HEAD.pack(HEAD.size + len(body), command, status, sequence) + body


def head(octets: bytes | bytearray) -> tuple[int, int, int, int]:
    """Length, command, status, sequence. Raises Malformed for a length no unit has."""
    length, command, status, sequence = HEAD.unpack(octets)
    if not HEAD.size <= length <= LONGEST:
        raise Malformed(f"a unit of {length} octets")
    return length, command, status, sequence


class Cutter:
    """Cuts a stream of octets into units."""

    def __init__(self) -> None:
        self._octets = bytearray()

    def feed(self, data: bytes) -> Iterator[Unit]:
        """The units that are whole by now. Raises Malformed."""
        octets, at = self._octets, 0
        octets += data
        while len(octets) - at >= HEAD.size:
            length, command, status, sequence = head(octets[at : at + HEAD.size])
            if len(octets) - at < length:
                break
            yield Unit(command, status, sequence, bytes(octets[at + HEAD.size : at + length]))
            at += length
        del octets[:at]


def bind(system_id: str, password: str, system_type: str) -> bytes:
    """The body of bind_transceiver."""
    return b"".join((_c(system_id, 15), _c(password, 8), _c(system_type, 12), b"\x34\x00\x00\x00"))


def submits(sender: str, to: str, text: str, reference: int, valid_until: datetime | None) -> list[bytes]:
    """The bodies of submit_sm, one for each part of the text, with a receipt asked for."""
    said = cut(text)
    bodies = []
    for number, part in enumerate(said.parts, 1):
        octets = septets(part) if said.alphabet == "gsm7" else part.encode("utf-16-be")
        several = len(said.parts) > 1
        if several:  # 6 octets of header: reference, how many, which (3GPP TS 23.040 9.2.3.24.1)
            octets = bytes((5, 0, 3, reference & 0xFF, len(said.parts), number)) + octets
        short = sender.isdecimal() and len(sender) <= 6
        source = bytes((3, 0) if short else (1, 1) if sender.lstrip("+").isdecimal() else (5, 0))
        bodies.append(
            b"".join((
                _c("", 5), source, _c(sender.lstrip("+"), 20), b"\x01\x01", _c(to.lstrip("+"), 20),
                bytes((_UDH if several else 0, 0, 1)), _c("", 16), _c(_absolute(valid_until), 16), b"\x01\x00",
                bytes((0 if said.alphabet == "gsm7" else 8, 0, len(octets))), octets,
                struct.pack(">HHH", REFERENCE, 2, reference),
            ))
        )  # fmt: skip
    return bodies


@dataclass(frozen=True, slots=True)
class Short:
    """The fields of a submit_sm or deliver_sm that are used."""

    source: str
    to: str
    esm_class: int
    coding: int
    octets: bytes = field(repr=False)
    options: Mapping[int, bytes] = field(repr=False)

    @property
    def is_receipt(self) -> bool:
        return bool(self.esm_class & 0x3C & _RECEIPT) or RECEIPTED_ID in self.options

    @property
    def part(self) -> tuple[int, int, int] | None:
        """Of a concatenated message: its reference, how many parts, which."""
        if not self.esm_class & _UDH or not self.octets:
            return None
        udh = self.octets[1 : 1 + self.octets[0]]
        while len(udh) >= 2:
            kind, size = udh[0], udh[1]
            if kind == 0 and size == 3 and len(udh) >= 5:
                return udh[2], udh[3], udh[4]
            if kind == 8 and size == 4 and len(udh) >= 6:
                return int.from_bytes(udh[2:4], "big"), udh[4], udh[5]
            udh = udh[2 + size :]
        return None

    @property
    def text(self) -> str:
        octets = self.octets
        if self.esm_class & _UDH and octets:
            octets = octets[1 + octets[0] :]
        if self.coding == 8:
            return octets.decode("utf-16-be", "replace")
        if self.coding in (1, 3):
            return octets.decode("latin-1")
        return from_septets(octets)


def read_short(body: bytes) -> Short:
    """A submit_sm or deliver_sm. Raises Malformed."""
    try:
        at = body.index(0, 0) + 1  # service type
        source, at = _string(body, at + 2)
        to, at = _string(body, at + 2)
        esm_class, at = body[at], at + 3
        at = body.index(0, at) + 1  # scheduled
        at = body.index(0, at) + 1  # validity
        coding, length = body[at + 2], body[at + 4]
        at += 5
        octets, options = body[at : at + length], read_options(body[at + length :])
    except (ValueError, IndexError) as cut_off:
        raise Malformed("a short message that ends too soon") from cut_off
    return Short(source, to, esm_class, coding, octets or options.get(PAYLOAD, b""), options)


def read_options(octets: bytes) -> dict[int, bytes]:
    """The optional parameters; what is cut off is left out."""
    found, at = dict[int, bytes](), 0
    while at + 4 <= len(octets):
        tag, length = struct.unpack_from(">HH", octets, at)
        found[tag] = octets[at + 4 : at + 4 + length]
        at += 4 + length
    return found


def first_string(body: bytes) -> str:
    """The message id of a response, the system id of a bind."""
    return body.split(b"\0", 1)[0].decode("ascii", "replace")


def read_receipt(short: Short) -> Receipt:
    """What a receipt says: by its parameters where they are there, else by its text (appendix B)."""
    said = _TEXT.search(short.text)
    provider_id = short.options.get(RECEIPTED_ID, b"").rstrip(b"\0").decode("ascii", "replace")
    state = short.options.get(MESSAGE_STATE, b"")
    fate = _STATES.get(state[0], "buffered") if state else None
    if fate is None:
        fate = _WORDS.get(said["stat"].upper(), "buffered") if said else "buffered"
    code = (said["err"] or "") if said else ""
    reference = short.options.get(REFERENCE, b"")
    return Receipt(
        provider_id or (said["id"] if said else None) or None,
        fate,
        "" if code in ("", "000", "0") else code,
        int.from_bytes(reference, "big") if len(reference) == 2 else None,
        international(short.source),
    )


def _absolute(moment: datetime | None) -> str:
    """YYMMDDhhmmsstnnp in UTC (7.1.1)."""
    return "" if moment is None else f"{moment.astimezone(UTC):%y%m%d%H%M%S}000+"


def _c(text: str, most: int) -> bytes:
    return text.encode("ascii", "replace")[:most] + b"\0"


def _string(body: bytes, at: int) -> tuple[str, int]:
    end = body.index(0, at)
    return body[at:end].decode("ascii", "replace"), end + 1
