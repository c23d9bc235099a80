"""Was anything in the audit changed, removed, put in or cut off? Everything computed again, a batch at a time."""

from collections import deque
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from services.audit.chain import BEGINNING, Seal, digest, digests_of, hash_of, is_signed
from services.audit.entries import every_entry, last_seals, sealed_upto, seals_after

Head = Mapping[str, Any]
"""An exported head: territory, number, hash, time, key, signature."""


async def faults(
    db: AsyncConnection,
    dialect: str,
    trusted: Iterable[str] | None,
    heads: Sequence[Head] = (),
    territory: str | None = None,
) -> AsyncIterator[str]:
    """What is wrong, a sentence each, as it is found. `trusted` are public keys of ours; None believes them all.

    `heads`, kept outside, show what nobody could see from inside: seals that are all gone from the end.
    """
    kept = {head["territory"]: head for head in heads if territory in (None, head["territory"])}
    keys = {*(trusted or ()), *(head["key"] for head in kept.values())}
    upto, lasts = await sealed_upto(db), await last_seals(db, territory)
    strands = {one: _Strand(db, one, kept.get(one)) for one in {*kept, *(last.territory for last in lasts)}}
    for last in lasts:
        if trusted is not None and last.key not in keys:
            yield f"{_of(last)} est signé par une clé inconnue ({last.key[:16]}…) : est-ce bien la clé maîtresse ?"
    async for row in every_entry(db, dialect, upto, territory):
        strand = strands.setdefault(row.territory, _Strand(db, row.territory, None))
        for fault in await strand.take(row):
            yield fault
    for _, strand in sorted(strands.items()):
        for fault in await strand.to_the_end():
            yield fault


class _Strand:
    """One territory's chain, followed while the entries pass by in their order."""

    def __init__(self, db: AsyncConnection, territory: str, head: Head | None) -> None:
        self._db = db
        self._territory = territory
        self._head = head
        self._ahead: deque[Seal] = deque()
        self._seal: Seal | None = None
        self._number, self._hash = 0, BEGINNING
        self._seen: list[tuple[bytes, Any]] = []
        self._sound = True
        self._over = False

    async def take(self, row: Any) -> list[str]:
        """The next entry: it belongs to the seal at hand, to one that follows, or to none."""
        found: list[str] = []
        while not self._over and (self._seal is None or row.seq > self._seal.last_seq):
            found += await self._next()
        if self._seal is None or row.seq < self._seal.first_seq:
            found.append(f"{self._territory} : {_entry(row)} n'est dans aucun sceau : ajoutée après coup ?")
        elif self._sound:
            self._seen.append((digest(row.entry), row))
        return found

    async def to_the_end(self) -> list[str]:
        """The seals that are left when all entries have passed, and the head kept outside."""
        found: list[str] = []
        while not self._over:
            found += await self._next()
        if self._head is not None and self._head["number"] > self._number:
            found.append(
                f"{self._territory} : la fin manque, les sceaux {self._number + 1} à {self._head['number']} "
                f"(tête exportée du {self._head['time']})"
            )
        return found

    async def _next(self) -> list[str]:
        """Compare the seal at hand with what was seen, and take up the next one."""
        found = self._compare()
        if not self._ahead:
            self._ahead.extend(await seals_after(self._db, self._territory, self._number))
        self._seal = self._ahead.popleft() if self._ahead else None
        self._seen.clear()
        self._over = self._seal is None
        if self._seal is not None:
            found += self._follow(self._seal)
            self._number, self._hash = self._seal.number, self._seal.hash
        return found

    def _follow(self, seal: Seal) -> list[str]:
        """What is wrong with the seal itself, and with its place in the chain."""
        found = []
        self._sound = seal.hash == hash_of(seal) and is_signed(seal)
        if not self._sound:
            found.append(f"{_of(seal)} a été modifié : son empreinte ou sa signature ne sont pas les siennes")
        if seal.number != self._number + 1:
            found.append(f"{_of(seal)} : il manque les sceaux {self._number + 1} à {seal.number - 1} avant lui")
        elif seal.previous != self._hash:
            found.append(f"{_of(seal)} ne suit pas le sceau {self._number} : l'un des deux a été remplacé")
        if self._head is not None and self._head["number"] == seal.number and self._head["hash"] != seal.hash:
            found.append(f"{_of(seal)} n'est pas celui de la tête exportée : la chaîne a été réécrite")
        return found

    def _compare(self) -> list[str]:
        """What is wrong with the entries of the seal at hand."""
        if self._seal is None or not self._sound:
            return []
        sealed = digests_of(self._seal)
        if [one for one, _ in self._seen] == sealed:
            return []
        known, present = set(sealed), {one for one, _ in self._seen}
        strange = [row for one, row in self._seen if one not in known]
        missing = sum(one not in present for one in sealed)
        found = [f"{_of(self._seal)} : {_entry(row)} {_what(missing)}" for row in strange]
        if missing > len(strange):
            found.append(f"{_of(self._seal)} : {missing - len(strange)} entrée(s) retirée(s) parmi {len(sealed)}")
        return found or [f"{_of(self._seal)} : les entrées ne sont plus dans leur ordre"]


def _what(missing: int) -> str:
    return "a été modifiée ou déplacée" if missing else "a été ajoutée après coup"


def _of(seal: Seal) -> str:
    entries, when = f"entrées {seal.first_seq} à {seal.last_seq}", f"{seal.sealed_at:%Y-%m-%d %H:%M:%S}"
    return f"{seal.territory}, sceau {seal.number} ({entries}, {when})"


def _entry(row: Any) -> str:
    return f"l'entrée {row.seq} ({row.event_id}, {str(row.at)[:19]})"
