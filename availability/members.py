"""Who is a member, and on which terms? Registered, changed, and said to the others."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from availability.agenda import NewPractitioner, Practice
from availability.store import PractitionerRow, practitioner_row
from availability.tables import DELEGATION, PRACTICE, PRACTITIONER
from schemas.practitioner import Terms

_COLUMNS = ("name", "profession", "specialty", "commune", "lat", "lon", "address")
_KEPT = ("zone", "phone", "email", "national_id")
"""What a registration that does not say it leaves as it was."""


async def register(db: AsyncConnection, territory: str, people: Sequence[NewPractitioner]) -> list[PractitionerRow]:
    """Add practitioners, or bring those known up to date; the terms of these stay. As they are now, in order."""
    statement = insert(PRACTITIONER)
    said = statement.excluded
    statement = statement.on_conflict_do_update(
        index_elements=["id"],
        set_={column: said[column] for column in _COLUMNS}
        | {column: func.coalesce(said[column], PRACTITIONER.c[column]) for column in _KEPT}
        | {"terms": func.coalesce(PRACTITIONER.c.terms, said.terms), "version": PRACTITIONER.c.version + 1},
    )
    once = {one.id: one for one in people}
    rows = [{"territory": territory, "version": 1, **_columns(one)} for one in once.values()]
    await db.execute(statement, rows)
    return await _these(db, list(once))


async def known_by(db: AsyncConnection, national_ids: Sequence[str], ids: Sequence[str]) -> dict[str, PractitionerRow]:
    """Those known by one of these national numbers, or, without any, by one of these ids; by number, or by id."""
    mine = PRACTITIONER.c.national_id.in_(national_ids) | PRACTITIONER.c.id.in_(ids)
    rows = [practitioner_row(row) for row in await db.execute(select(PRACTITIONER).where(mine))]
    return {row.national_id or row.id: row for row in rows}


async def practices(db: AsyncConnection, ids: Sequence[str]) -> dict[str, tuple[Practice, ...]]:
    """The further places of these practitioners, in order."""
    query = select(PRACTICE).where(PRACTICE.c.practitioner_id.in_(ids)).order_by(PRACTICE.c.rank)
    found: dict[str, list[Practice]] = {}
    for row in await db.execute(query):
        found.setdefault(row.practitioner_id, []).append(Practice.model_validate(row._asdict()))
    return {one: tuple(places) for one, places in found.items()}


async def set_practices(db: AsyncConnection, places: Mapping[str, Sequence[Practice]]) -> None:
    """These are the further places of each of these practitioners."""
    await db.execute(delete(PRACTICE).where(PRACTICE.c.practitioner_id.in_(list(places))))
    rows = [
        {"practitioner_id": one, "rank": rank, **place.model_dump()}
        for one, theirs in places.items()
        for rank, place in enumerate(theirs, 1)
    ]
    if rows:
        await db.execute(insert(PRACTICE), rows)


async def set_terms(db: AsyncConnection, who: PractitionerRow, terms: Terms) -> PractitionerRow:
    """The practitioner with these terms."""
    mine = PRACTITIONER.c.id == who.id
    version = who.version + 1
    await db.execute(update(PRACTITIONER).where(mine).values(terms=terms.model_dump_json(), version=version))
    return who.model_copy(update={"terms": terms, "version": version})


async def entrust(db: AsyncConnection, delegate_id: str, practitioner_id: str, acts: bool) -> bool:
    """The delegate acts for this practitioner too, or no more; False when that was so already."""
    row = {"delegate_id": delegate_id, "practitioner_id": practitioner_id}
    if acts:
        return bool((await db.execute(insert(DELEGATION).values(row).on_conflict_do_nothing())).rowcount)
    mine = DELEGATION.c.delegate_id == delegate_id, DELEGATION.c.practitioner_id == practitioner_id
    return bool((await db.execute(delete(DELEGATION).where(*mine))).rowcount)


async def describe(db: AsyncConnection, zones: Mapping[str, str], limit: int) -> list[PractitionerRow]:
    """Practitioners of whom nothing was said yet; from now on it was. `zones`: the time zone of each territory."""
    rows = await db.execute(
        select(PRACTITIONER)
        .where(PRACTITIONER.c.version == 0)
        .order_by(PRACTITIONER.c.id)
        .limit(limit)
        .with_for_update()
    )
    found = [practitioner_row(row) for row in rows]
    for one in found:
        values = {"version": 1, "zone": one.zone or zones.get(one.territory)}
        await db.execute(update(PRACTITIONER).where(PRACTITIONER.c.id == one.id).values(values))
    return await _these(db, [one.id for one in found])


async def _these(db: AsyncConnection, ids: Sequence[str]) -> list[PractitionerRow]:
    found = await db.execute(select(PRACTITIONER).where(PRACTITIONER.c.id.in_(ids)))
    rows = {row.id: practitioner_row(row) for row in found}
    return [rows[one] for one in ids]


def _columns(one: NewPractitioner) -> dict[str, Any]:
    plain = one.model_dump(exclude={"phone", "email", "terms"})
    sealed = {name: None if value is None else value.model_dump_json() for name, value in
              (("phone", one.phone), ("email", one.email), ("terms", one.terms))}  # fmt: skip
    return plain | sealed
