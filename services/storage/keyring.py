"""Who can read personal data? A key per subject, wrapped by a versioned master key, in a store of its own."""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import os
import secrets
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from itertools import islice
from pathlib import Path
from time import monotonic
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import LargeBinary, MetaData, delete, select, text
from sqlalchemy.dialects.postgresql import insert as insert_or_skip
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import Field, SQLModel

from schemas.sealed import Erased, Sealed
from services.clock import Clock
from services.storage.database import Database
from services.storage.migrate import KEYS, migrate

ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
"""31 symbols that nobody confuses: no 0/o, 1/l/i. 12 of them are 59 bits."""

KEPT = 20_000
"""Keys held in memory: about a day of a département. As 32 octets each: a cipher made of one takes two kilobytes, and
half a microsecond to make."""

BELIEVED = 60.0
"""Seconds for which a key once read is used without asking again: after an erasure by one process no other opens
anything for longer than that."""

ERASED = "—"


class SubjectKey(SQLModel, table=True):
    """A subject's key, wrapped; empty = erased, and never made anew: every copy of its data is unreadable."""

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
        self._known: dict[str, bytes] = {}
        self._since = monotonic()
        self._wanted: set[str] = set()
        self._turn = asyncio.Lock()

    async def create(self) -> None:
        await migrate(self._database, KEYS)

    async def close(self) -> None:
        await self._database.close()

    async def seal(self, subject: str, field: str, text: str) -> Sealed[str]:
        """The text under the subject's key, which is made and committed first when there is none."""
        self._forget_old()
        if subject not in self._known:
            await self.ensure([subject])
        key = self._known.get(subject)
        if key is None:
            raise Erased(f"the key of {subject} was dropped")
        nonce = os.urandom(12)
        box = nonce + AESGCM(key).encrypt(nonce, text.encode(), _aad(subject, field, self._version))
        encoded = base64.urlsafe_b64encode(box).decode()
        return Sealed(subject=subject, field=field, key_version=self._version, box=encoded)

    async def open(self, sealed: Sealed[str]) -> str:
        self._forget_old()
        if sealed.subject not in self._known:
            await self._load([sealed.subject])
        key = self._known.get(sealed.subject)
        if key is None or not sealed.box:
            raise Erased(f"the key of {sealed.subject} is gone")
        box = base64.urlsafe_b64decode(sealed.box)
        aad = _aad(sealed.subject, sealed.field, sealed.key_version)
        return AESGCM(key).decrypt(box[:12], box[12:], aad).decode()

    async def open_many(self, sealed: Sequence[Sealed[str] | None]) -> list[str | None]:
        """The texts, in order; None stays None, an erased one is shown as a dash."""
        self._forget_old()
        await self._load({one.subject for one in sealed if one is not None} - self._known.keys())
        return [None if one is None else await self._open_or_dash(one) for one in sealed]

    async def ensure(self, subjects: Iterable[str]) -> None:
        """Make and commit a key for each subject that has none. Those who ask at the same time share a commit."""
        wanted = {subject for subject in subjects if subject not in self._known}
        self._wanted |= wanted
        async with self._turn:
            # What we want ourselves counts too: those who made the batch before us may have failed.
            batch, self._wanted = (self._wanted | wanted) - self._known.keys(), set()
            missing = batch - await self._load(batch)  # another process may have made them, or dropped them for good
            if missing:
                await self._make(missing)

    async def erase(self, subjects: Iterable[str]) -> None:
        """Drop the keys, for good: nothing sealed under them is ever readable again, and none is made anew."""
        now = self._clock.now()
        rows: list[dict[str, Any]] = [
            {"subject": one, "master_version": self._version, "wrapped": b"", "made_at": now}
            for one in sorted(set(subjects))
        ]
        if not rows:
            return
        new = insert_or_skip(SubjectKey)
        gone = new.on_conflict_do_update(index_elements=["subject"], set_={"wrapped": b"", "made_at": now})
        async with self._emptying() as db:
            await db.execute(gone, rows)
        await self._forgotten(row["subject"] for row in rows)

    async def discard(self, subjects: Iterable[str]) -> None:
        """Remove keys that sealed nothing that was kept. One may be made anew."""
        asked = list(subjects)
        if not asked:
            return
        async with self._emptying() as db:
            await db.execute(delete(_KEYS).where(_KEYS.c.subject.in_(asked)))
        await self._forgotten(asked)

    async def held(self, subjects: Iterable[str]) -> list[str]:
        """Those of the subjects whose data can be read."""
        query = select(_KEYS.c.subject, _KEYS.c.wrapped).where(_KEYS.c.subject.in_(list(subjects)))
        async with self._database.read() as db:
            return [row.subject for row in await db.execute(query) if row.wrapped]

    async def walk(self, after: str, limit: int) -> tuple[dict[str, datetime], str]:
        """Of the next `limit` subjects in the order of the store, those that have a key, and since when; and where
        to go on ("" = from the beginning)."""
        query = select(_KEYS).where(_KEYS.c.subject > after).order_by(_KEYS.c.subject).limit(limit)
        async with self._database.read() as db:
            rows = (await db.execute(query)).all()
        made = {row.subject: row.made_at for row in rows if row.wrapped}
        return made, rows[-1].subject if len(rows) == limit else ""

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
        rows: list[dict[str, Any]] = []
        for subject in sorted(subjects):
            nonce = os.urandom(12)
            wrapped = nonce + self._wrap.encrypt(nonce, secrets.token_bytes(32), subject.encode())
            rows.append({"subject": subject, "master_version": self._version, "wrapped": wrapped, "made_at": now})
        async with self._database.writing() as db:
            await db.execute(insert_or_skip(SubjectKey).on_conflict_do_nothing(), rows)
        await self._load(subjects)

    async def _load(self, subjects: Iterable[str]) -> set[str]:
        """Read the keys of these subjects into memory; those that have one, or had."""
        asked = list(subjects)
        if not asked:
            return set()
        async with self._database.read() as db:
            rows = (await db.execute(select(_KEYS).where(_KEYS.c.subject.in_(asked)))).all()
        over = len(self._known) + len(rows) - KEPT
        if over > 0:  # some more than must go: each look for the oldest passes over all that went before it
            for subject in list(islice(self._known, over + KEPT // 10)):
                del self._known[subject]
        for row in rows:
            if not row.wrapped:
                continue
            self._known[row.subject] = self._wrap.decrypt(row.wrapped[:12], row.wrapped[12:], row.subject.encode())
        return {row.subject for row in rows}

    def _forget_old(self) -> None:
        if monotonic() - self._since > BELIEVED:
            self._known.clear()
            self._since = monotonic()

    @asynccontextmanager
    async def _emptying(self) -> AsyncIterator[AsyncConnection]:
        """A transaction after which SQLite leaves no trace of what it removed in the file."""
        async with self._database.writing() as db:
            if self._database.dialect == "sqlite":
                await db.execute(text("PRAGMA secure_delete = ON"))
            yield db

    async def _forgotten(self, subjects: Iterable[str]) -> None:
        for subject in subjects:
            self._known.pop(subject, None)
        await self._database.settle()


def _aad(subject: str, field: str, version: int) -> bytes:
    return f"{subject}\x1f{field}\x1f{version}".encode()


def master_key(data_dir: Path, given: str | None = None) -> bytes:
    """The master key: RELAIS_MASTER_KEY (64 hex digits), else a file of this installation, made once, mode 600."""
    if given:
        return bytes.fromhex(given)
    path = data_dir / "master.key"
    if not path.exists():
        data_dir.mkdir(parents=True, exist_ok=True)
        made = data_dir / f"master.{secrets.token_hex(8)}"
        with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(32))
            file.flush()
            os.fsync(file.fileno())
        # Linked when it is whole: of two processes that start at once one wins, and nobody reads half a key.
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(made)
        made.unlink()
    return bytes.fromhex(path.read_text().strip())
