"""How does an entry of the audit become unchangeable? Digests, a seal over them, each seal over the one before."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

WIDTH = 16
"""Bytes of a digest: nobody finds another entry with the same one (2^128 tries), and a million cost 16 MB."""

BEGINNING = "0" * 64
"""What the first seal of a territory follows."""


@dataclass(frozen=True, slots=True)
class Seal:
    """A row of `audit_seal`: these entries of the territory, in this order, after everything `previous` stands for."""

    territory: str
    number: int
    first_seq: int
    last_seq: int
    entries: int
    digests: bytes
    previous: str
    sealed_at: datetime
    hash: str = ""
    key: str = ""
    signature: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """What the next seal of a territory follows: the number and the hash of the last one."""

    number: int = 0
    hash: str = BEGINNING


def digest(entry: str) -> bytes:
    """What is left of an entry in its seal."""
    return hashlib.blake2b(entry.encode(), digest_size=WIDTH, person=b"relais audit").digest()


def digests_of(seal: Seal) -> list[bytes]:
    """The digests, one an entry, in order."""
    return [seal.digests[start : start + WIDTH] for start in range(0, len(seal.digests), WIDTH)]


def hash_of(seal: Seal) -> str:
    """The hash a seal must have: over everything else in it but the signature."""
    said = [seal.territory, seal.number, seal.first_seq, seal.last_seq, seal.entries, seal.previous]
    head = json.dumps(["relais audit seal v1", *said, seal.sealed_at.astimezone(UTC).isoformat()])
    return hashlib.sha256(head.encode() + b"\n" + seal.digests).hexdigest()


def seals_for(
    entries: Iterable[tuple[int, str, str]], links: Mapping[str, Link], now: datetime, key: Ed25519PrivateKey
) -> list[Seal]:
    """One seal for each territory of these entries (seq, territory, entry), which are in the order of `seq`."""
    of_each: dict[str, list[tuple[int, bytes]]] = {}
    for seq, territory, entry in entries:
        of_each.setdefault(territory, []).append((seq, digest(entry)))
    return [_seal(territory, rows, links.get(territory, Link()), now, key) for territory, rows in of_each.items()]


def audit_key(master: bytes) -> Ed25519PrivateKey:
    """The key the seals are signed with: made from the master key, and of no use for anything else."""
    return Ed25519PrivateKey.from_private_bytes(HKDF(SHA256(), 32, None, b"relais audit signature v1").derive(master))


def public_key(key: Ed25519PrivateKey) -> str:
    """The half that may be given away, in hexadecimal."""
    return key.public_key().public_bytes_raw().hex()


def is_signed(seal: Seal | Mapping[str, Any]) -> bool:
    """Whether the signature is that of the hash, by the key the seal names. Whose key it is, is another question."""
    said = seal if isinstance(seal, Mapping) else {"key": seal.key, "signature": seal.signature, "hash": seal.hash}
    try:
        known = Ed25519PublicKey.from_public_bytes(bytes.fromhex(said["key"]))
        known.verify(bytes.fromhex(said["signature"]), said["hash"].encode())
    except (InvalidSignature, ValueError):
        return False
    return True


def _seal(
    territory: str, rows: Sequence[tuple[int, bytes]], after: Link, now: datetime, key: Ed25519PrivateKey
) -> Seal:
    digests = b"".join(one for _, one in rows)
    seal = Seal(territory, after.number + 1, rows[0][0], rows[-1][0], len(rows), digests, after.hash, now)
    seal = replace(seal, hash=hash_of(seal), key=public_key(key))
    return replace(seal, signature=key.sign(seal.hash.encode()).hex())
