"""How many SMS is a text, and where is it cut? GSM-7 (3GPP TS 23.038) where it fits, else UCS-2."""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

GSM7_TABLE = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""By septet; 0x1B announces a sign of the extension table."""
EXTENSION = {"\f": 10, "^": 20, "{": 40, "}": 41, "\\": 47, "[": 60, "~": 61, "]": 62, "|": 64, "€": 101}
GSM7 = frozenset(GSM7_TABLE) - {"\x1b"}
GSM7_ESCAPED = frozenset(EXTENSION)
"""Those count for two, and the two are never parted."""
_ALL = GSM7 | GSM7_ESCAPED
_SEPTETS = str.maketrans(
    {letter: chr(septet) for septet, letter in enumerate(GSM7_TABLE)}
    | {letter: "\x1b" + chr(septet) for letter, septet in EXTENSION.items()}
)

ONE, EACH = 160, 153
"""Septets of a single SMS; of each of several, which carry a header of 6 octets (TS 23.040 9.2.3.24.1)."""
ONE_UCS2, EACH_UCS2 = 70, 67
"""The same in UTF-16 units."""

DOWNGRADE = {
    "’": "'", "‘": "'", "“": '"', "”": '"', "«": '"', "»": '"', "œ": "oe", "Œ": "OE", "…": "...", "–": "-", "—": "-",
    "\u00a0": " ", "\u202f": " ", "\u2009": " ", "\t": " ", "ç": "c", "ı": "i", "\x1b": "",
}  # fmt: skip
_DOWNGRADE = str.maketrans(DOWNGRADE)

Alphabet = Literal["gsm7", "ucs2"]


@dataclass(frozen=True, slots=True)
class Cut:
    """A text in its parts: one part, one SMS."""

    alphabet: Alphabet
    parts: tuple[str, ...]


def to_gsm7(text: str) -> str:
    """The text with nothing outside GSM-7: one ê would make 160 characters 70 (é, è, à, ù are inside)."""
    said = text.translate(_DOWNGRADE)
    return said if is_gsm7(said) else "".join(letter if letter in _ALL else _plain(letter) for letter in said)


def is_gsm7(text: str) -> bool:
    return _ALL.issuperset(text)


def cut(text: str) -> Cut:
    """The text as it travels. Neither an escape pair nor a surrogate pair is split: 152 a + € + 152 b are 3 parts."""
    if is_gsm7(text):
        if len(text) <= (ONE if GSM7_ESCAPED.isdisjoint(text) else ONE // 2):
            return Cut("gsm7", (text,))
        return Cut("gsm7", _parts(text, lambda letter: 2 if letter in GSM7_ESCAPED else 1, ONE, EACH))
    return Cut("ucs2", _parts(text, lambda letter: 2 if ord(letter) > 0xFFFF else 1, ONE_UCS2, EACH_UCS2))


def segments(text: str) -> int:
    """How many SMS the text is; an empty one is one."""
    return len(cut(text).parts)


def septets(text: str) -> bytes:
    """A GSM-7 text, one septet an octet, as SMPP carries it in the SMSC's default alphabet."""
    return text.translate(_SEPTETS).encode("latin-1")


def from_septets(octets: bytes) -> str:
    """What such octets say; a sign nobody knows is « ? »."""
    letters, escaped = [], False
    back = {septet: letter for letter, septet in EXTENSION.items()}
    for octet in octets:
        if escaped:
            letters.append(back.get(octet, "?"))
            escaped = False
        elif octet == 0x1B:
            escaped = True
        else:
            letters.append(GSM7_TABLE[octet] if octet < 128 else "?")
    return "".join(letters)


def _parts(text: str, size: Callable[[str], int], one: int, each: int) -> tuple[str, ...]:
    sizes = [size(letter) for letter in text]
    if sum(sizes) <= one:
        return (text,)
    parts, begin, filled = [], 0, 0
    for at, needed in enumerate(sizes):
        if filled + needed > each:
            parts.append(text[begin:at])
            begin, filled = at, 0
        filled += needed
    return (*parts, text[begin:])


def _plain(letter: str) -> str:
    stripped = "".join(c for c in unicodedata.normalize("NFD", letter) if not unicodedata.combining(c))
    return stripped if stripped and all(c in GSM7 for c in stripped) else "?"
