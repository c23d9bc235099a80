"""How is a file of members taken in? Looked at against those who are known, then all of it in one order, or nothing."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from sqlalchemy.ext.asyncio import AsyncConnection

from availability import members, orders
from availability.agenda import NewPractitioner, Practice
from availability.store import PractitionerRow
from schemas.event import Event, Order
from schemas.territory import Territory
from schemas.values import Actor, Refused
from services.house import House
from services.ids import once
from services.members.reading import Found, Person, PracticePlace, Remark, read_members

Joining = tuple[NewPractitioner, tuple[Practice, ...]]
"""Somebody to register, with the further places."""


@dataclass(slots=True)
class Outcome:
    """What the file would do, or did: `joining` are new, `changed` brought up to date, `same` left alone. Nothing is
    done while a remark stops it."""

    found: Found
    joining: list[Person] = field(default_factory=list)
    changed: list[Person] = field(default_factory=list)
    same: int = 0

    @property
    def stopped(self) -> bool:
        return self.found.stopped


async def bring(house: House, actor: Actor, territory: Territory, content: bytes, *, dry_run: bool) -> Outcome:
    """Take the file in, all of it or nothing. The same file again changes nothing and says nothing."""
    demonstration = house.settings.demonstration
    read = partial(read_members, content, territory, house.communes, demonstration=demonstration)
    outcome = Outcome(await asyncio.to_thread(read))
    if outcome.stopped:
        return outcome
    known = await _known(house, outcome.found.people)
    if _taken(outcome, known, territory):
        return outcome
    await _sort(house, outcome, known)
    if dry_run or not (outcome.joining or outcome.changed):
        return outcome
    people = [await _sealed(house, one, known.get(one.national_id), territory) for one in _moving(outcome)]
    order = once(actor).model_copy(update={"territory": territory.id})
    await house.mailbox.order(order, partial(_register, order, people))
    return outcome


async def _register(
    order: Order, people: Sequence[Joining], db: AsyncConnection, now: datetime
) -> list[Event] | Refused:
    await members.set_practices(db, {one.id: places for one, places in people})
    return await orders.register_practitioners(order, [one for one, _ in people], db, now)


async def _known(house: House, people: Sequence[Person]) -> dict[str, PractitionerRow]:
    """Those of the people who are members already, by national number."""
    async with house.database.read() as db:
        rows = await members.known_by(db, [one.national_id for one in people], [one.id for one in people])
    by_id = {one.id: one.national_id for one in people}
    return {by_id.get(name, name): row for name, row in rows.items()}


def _taken(outcome: Outcome, known: dict[str, PractitionerRow], territory: Territory) -> bool:
    """Whether somebody of the file belongs to another community: nobody takes another's members."""
    for one in outcome.found.people:
        row = known.get(one.national_id)
        if row is not None and row.territory != territory.id:
            words = "déjà membre d'un autre territoire dans Relais : retirez la ligne, ou voyez avec cette communauté."
            outcome.found.remarks.append(Remark(one.line, words))
    return outcome.stopped


async def _sort(house: House, outcome: Outcome, known: dict[str, PractitionerRow]) -> None:
    """Who is new, who has changed, who is as before."""
    rows = [known.get(one.national_id) for one in outcome.found.people]
    there = [row for row in rows if row is not None]
    phones = await house.vault.open_many([row.phone for row in there])
    emails = await house.vault.open_many([row.email for row in there])
    reached = {row.id: both for row, both in zip(there, zip(phones, emails, strict=True), strict=True)}
    async with house.database.read() as db:
        places = await members.practices(db, [row.id for row in there])
    for one, row in zip(outcome.found.people, rows, strict=True):
        if row is None:
            outcome.joining.append(one)
        elif _same(one, row, reached[row.id], places.get(row.id, ())):
            outcome.same += 1
        else:
            outcome.changed.append(one)


def _same(
    one: Person, row: PractitionerRow, reached: tuple[str | None, str | None], places: tuple[Practice, ...]
) -> bool:
    """Whether the file says nothing new. An empty phone or address of the net leaves what is known."""
    main = one.places[0]
    told = (one.national_id, one.name, one.profession, one.specialty, main.commune, main.address)
    kept = (row.national_id, row.name, row.profession, row.specialty, row.commune, row.address)
    return (
        told == kept and one.phone in (None, reached[0]) and one.email in (None, reached[1]) and _further(one) == places
    )


def _moving(outcome: Outcome) -> list[Person]:
    return [*outcome.joining, *outcome.changed]


def _further(one: Person) -> tuple[Practice, ...]:
    return tuple(map(_practice, one.places[1:]))


def _practice(place: PracticePlace) -> Practice:
    return Practice(
        commune=place.commune, postal_code=place.postal_code, address=place.address, lat=place.lat, lon=place.lon
    )


async def _sealed(house: House, one: Person, row: PractitionerRow | None, territory: Territory) -> Joining:
    """The person as kept: under the id already known, with number and address of the net sealed."""
    member_id, main = row.id if row else one.id, one.places[0]
    key = f"practitioner:{member_id}"
    new = NewPractitioner(
        id=member_id,
        name=one.name,
        profession=one.profession,
        specialty=one.specialty,
        commune=main.commune,
        lat=main.lat,
        lon=main.lon,
        address=main.address,
        zone=territory.zone,
        phone=await house.vault.seal(key, "phone", one.phone) if one.phone else None,
        email=await house.vault.seal(key, "email", one.email) if one.email else None,
        national_id=one.national_id,
    )
    return new, _further(one)
