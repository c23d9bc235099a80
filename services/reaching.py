"""Would an alert reach each of them? What is kept of people, and what came of the latest attempts, in one answer."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from availability import store as agendas
from dispatcher import roster
from notifications import subscriptions
from notifications.audience import URGENT_WAYS, of_test
from notifications.reach import Kept, Reach, reach
from notifications.store import Links
from notifications.traces import traces
from notifications.writing import own_key, write
from schemas.event import Event, Order, derived_id
from schemas.message import Recipient
from schemas.sealed import Sealed
from schemas.values import Actor
from services.house import House
from services.providers import ways

MOST = 2000
"""Members of a community that are looked at: the largest has a thousand."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may be alerted; `phone` and `email` are sealed."""

    id: str
    name: str
    recipient: Recipient
    phone: Sealed[str] | None
    email: Sealed[str] | None


def there(house: House) -> tuple[str, ...]:
    """The channels by which people are alerted for real; none in a demonstration, where nothing leaves."""
    return tuple(way for way in URGENT_WAYS if way in ways(house.channels))


async def on_the_roster(db: AsyncConnection, territory: str) -> list[Person]:
    """Those who are alerted, first to last."""
    return [Person(one.person, one.name, "human", one.phone, one.email) for one in await roster.people(db, territory)]


async def members(db: AsyncConnection, territory: str) -> list[Person]:
    """The practitioners."""
    rows = await agendas.find_practitioners(db, territory, limit=MOST)
    return [Person(one.id, one.name, "practitioner", one.phone, one.email) for one in rows]


async def person(db: AsyncConnection, territory: str, who: str) -> Person | None:
    """The one with this id, in this territory; None = nobody."""
    one = await agendas.practitioner(db, who)
    if one is not None and one.territory == territory:
        return Person(one.id, one.name, "practitioner", one.phone, one.email)
    return next((one for one in await on_the_roster(db, territory) if one.id == who), None)


async def reached(
    house: House, db: AsyncConnection, territory: str, people: Sequence[Person]
) -> list[tuple[Person, Reach]]:
    """How each of these is reached."""
    now, by = house.clock.now(), there(house)
    one = people[0].id if len(people) == 1 else None
    found = await traces(db, now, territory=territory, person=one)
    woken = await subscriptions.since(db, [one.id for one in people])
    phones = await house.vault.open_many([one.phone for one in people])
    emails = await house.vault.open_many([one.email for one in people])
    said = []
    for one_, phone, email in zip(people, phones, emails, strict=True):
        kept = {"push": Kept(since=woken[one_.id])} if one_.id in woken else {}
        if phone:
            kept |= dict.fromkeys(("sms", "voice"), Kept(house.vault.digest(phone)))
        if email:
            kept["email"] = Kept(house.vault.digest(email))
        said.append((one_, reach(by, kept, found.get(one_.id, ()), now)))
    return said


async def send_test(house: House, actor: Actor, whom: Person, by: Sequence[str]) -> None:
    """A message by each of these channels that says it is a test; twice in the same minute is once."""
    desk, now = house.desk(), house.clock.now()
    await house.vault.ensure([own_key(whom.id)])
    for way in by:
        named = derived_id(actor.person, f"test:{whom.id}:{way}:{now:%Y-%m-%dT%H:%M}")
        order = Order(id=named, territory=actor.territory, actor=actor)

        async def decide(db: AsyncConnection, at: datetime, order: Order = order, way: str = way) -> list[Event]:
            telling = of_test(whom.recipient, whom.id, at)
            return await write(order, telling, at, None, Links(db), at, replace(desk, ways=(way,)))

        await house.mailbox.order(order, decide, fingerprint=house.vault.digest(way))
