"""Who can read personal data? A key per subject, wrapped by a versioned master key, in a store of its own."""

import asyncio
import base64
import hashlib
import hmac
import os
import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import LargeBinary, MetaData, select
from sqlalchemy.dialects.postgresql import insert as insert_or_skip
from sqlmodel import Field, SQLModel

from schemas.sealed import Erased, Sealed
from services.clock import Clock
from services.storage.database import Database
from services.storage.migrate import KEYS, migrate

ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
"""31 symbols that nobody confuses: no 0/o, 1/l/i. 12 of them are 59 bits."""

KEPT = 20_000
"""Keys held in memory: about a day of a département."""

ERASED = "—"


class SubjectKey(SQLModel, table=True):
    """A subject's key, wrapped. No row = erased (or never made): every copy of its data is unreadable."""

    __tablename__ = "subject_key"
    subject: str = Field(primary_key=True)
    master_version: int
    wrapped: bytes = Field(sa_type=LargeBinary)
    made_at: datetime


_KEYS: Any = SubjectKey.__table__  # type: ignore[attr-defined]  # SQLModel does not type it
KEYRING_TABLES = MetaData()
_KEYS.to_metadata(KEYRING_TABLES)


class Keyring:
    """Seals and opens under keys that commit before what they seal. Raises `Erased` for a key that is gone."""

    def __init__(self, database: Database, clock: Clock, master: bytes, version: int = 1) -> None:
        self._database = database
        self._clock = clock
        self._version = version
        self._wrap = AESGCM(hashlib.sha256(b"wrap" + master).digest())
        self._mac = hashlib.sha256(b"mac" + master).digest()
        self._known: dict[str, AESGCM] = {}
        self._wanted: set[str] = set()
        self._turn = asyncio.Lock()

    async def create(self) -> None:
        await migrate(self._database, KEYS)

    async def close(self) -> None:
        await self._database.close()

    async def seal(self, subject: str, field: str, text: str) -> Sealed[str]:
        """The text under the subject's key, which is made and committed first when there is none."""
        if subject not in self._known:
            await self.ensure([subject])
        nonce = os.urandom(12)
        box = nonce + self._known[subject].encrypt(nonce, text.encode(), _aad(subject, field, self._version))
        encoded = base64.urlsafe_b64encode(box).decode()
        return Sealed(subject=subject, field=field, key_version=self._version, box=encoded)

    async def open(self, sealed: Sealed[str]) -> str:
        if sealed.subject not in self._known:
            await self._load([sealed.subject])
        key = self._known.get(sealed.subject)
        if key is None:
            raise Erased(f"the key of {sealed.subject} is gone")
        box = base64.urlsafe_b64decode(sealed.box)
        aad = _aad(sealed.subject, sealed.field, sealed.key_version)
        return key.decrypt(box[:12], box[12:], aad).decode()

    async def open_many(self, sealed: Sequence[Sealed[str] | None]) -> list[str | None]:
        """The texts, in order; None stays None, an erased one is shown as a dash."""
        await self._load({one.subject for one in sealed if one is not None} - self._known.keys())
        return [None if one is None else await self._open_or_dash(one) for one in sealed]

    async def ensure(self, subjects: Iterable[str]) -> None:
        """Make and commit a key for each subject that has none. Those who ask at the same time share a commit."""
        wanted = {subject for subject in subjects if subject not in self._known}
        self._wanted |= wanted
        async with self._turn:
            # What we want ourselves counts too: those who made the batch before us may have failed.
            batch, self._wanted = (self._wanted | wanted) - self._known.keys(), set()
            await self._load(batch)  # another process may have made them
            missing = batch - self._known.keys()
            if missing:
                await self._make(missing)

    def token(self, purpose: str, about: str) -> str:
        number = int.from_bytes(hmac.digest(self._mac, f"{purpose}\x1f{about}".encode(), "sha256"))
        letters = []
        for _ in range(12):
            number, letter = divmod(number, len(ALPHABET))
            letters.append(ALPHABET[letter])
        return "".join(letters)

    def digest(self, text: str) -> str:
        return hmac.digest(self._mac, text.encode(), "sha256").hex()[:32]

    async def _open_or_dash(self, sealed: Sealed[str]) -> str:
        try:
            return await self.open(sealed)
        except Erased:
            return ERASED

    async def _make(self, subjects: set[str]) -> None:
        now = self._clock.now()
        rows = []
        for subject in sorted(subjects):
            nonce = os.urandom(12)
            wrapped = nonce + self._wrap.encrypt(nonce, secrets.token_bytes(32), subject.encode())
            rows.append({"subject": subject, "master_version": self._version, "wrapped": wrapped, "made_at": now})
        async with self._database.writing() as db:
            await db.execute(insert_or_skip(SubjectKey).on_conflict_do_nothing(), rows)
        await self._load(subjects)

    async def _load(self, subjects: Iterable[str]) -> None:
        asked = list(subjects)
        if not asked:
            return
        async with self._database.read() as db:
            rows = (await db.execute(select(_KEYS).where(_KEYS.c.subject.in_(asked)))).all()
        while len(self._known) + len(rows) > KEPT and self._known:
            self._known.pop(next(iter(self._known)))
        for row in rows:
            key = self._wrap.decrypt(row.wrapped[:12], row.wrapped[12:], row.subject.encode())
            self._known[row.subject] = AESGCM(key)


def _aad(subject: str, field: str, version: int) -> bytes:
    return f"{subject}\x1f{field}\x1f{version}".encode()


def master_key(data_dir: Path, given: str | None = None) -> bytes:
    """The master key: RELAIS_MASTER_KEY (64 hex digits), else a file of this installation, made once, mode 600."""
    if given:
        return bytes.fromhex(given)
    path = data_dir / "master.key"
    if not path.exists():
        data_dir.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(32))
    return bytes.fromhex(path.read_text().strip())
