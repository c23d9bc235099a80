"""What does an empty Relais show? Fictional practitioners and their coming slots, in every territory."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from availability import orders as availability
from availability.agenda import NewPractitioner
from dispatcher import orders as dispatcher
from dispatcher.views import OnCall
from schemas.event import Event, Order, derived_id
from schemas.territory import Territory
from schemas.values import Refused, system_actor
from services.demo.population import number_of, practitioners
from services.demo.supply import day_of
from services.house import House
from services.web.api.members import own_key

SEED = 1
BULK = 300  # practitioners in one order: few enough for a person's order to come in between
SOON = timedelta(minutes=20)  # a slot that begins sooner would help nobody
SECRETARIAT = 6  # practitioners whose agenda the secretary of the demonstration keeps

Progress = Callable[[str], None]


async def load_demonstration(house: House, *, days: int = 3, progress: Progress | None = None) -> int:
    """Fill every demonstration territory: people, roster, secretary, and slots for `days` local days.

    The number of slots that are new. Everything goes through the mailbox in bulk; the order of a territory's
    day is remembered, so that a second start adds only the days that are missing. `progress` gets a line a
    territory.
    """
    if progress:
        progress(f"{len(house.territories)} territoires : professionnels et créneaux, quelques secondes…")
    # All orders at once: they share transactions, and nobody reacts to the first slots before the last are in.
    opened = await asyncio.gather(
        *(_fill(house, territory, days, progress) for territory in house.territories.values())
    )
    return sum(opened)


async def _fill(house: House, territory: Territory, days: int, progress: Progress | None) -> int:
    people = await _with_numbers(house, practitioners(territory, house.communes, seed=SEED))
    today = house.clock.now().astimezone(territory.tz).date()
    bulks = (
        _open(house, territory, people[first : first + BULK], today + timedelta(days=ahead))
        for ahead in range(days)
        for first in range(0, len(people), BULK)
    )
    registering = asyncio.create_task(_register(house, territory, people))  # first in the mailbox
    opened = await asyncio.gather(*bulks)
    await registering
    if progress and sum(opened):
        progress(f"{territory.name} : {len(people)} professionnels, {sum(opened)} créneaux nouveaux")
    return sum(opened)


async def _with_numbers(house: House, people: Sequence[NewPractitioner]) -> list[NewPractitioner]:
    """The same people; those who may be phoned have a number, sealed under their own key."""
    listed = [one.id for one in people if one.terms and one.terms.extra]
    await house.vault.ensure(map(own_key, listed))
    numbers = {one: await house.vault.seal(own_key(one), "phone", number_of(one)) for one in listed}
    return [one.model_copy(update={"phone": numbers.get(one.id)}) for one in people]


def default_roster(territory: Territory) -> list[OnCall]:
    """Who is alerted in a demonstration territory: the regulation, then the coordination, the operator."""
    return [
        OnCall(f"reg-{territory.id}", 0, "Camille R., régulation"),
        OnCall(f"coord-{territory.id}", 1, "Dominique C., coordination"),
        OnCall("ops", 2, "Alex O., exploitation"),
    ]


def secretariat(people: Sequence[NewPractitioner]) -> list[str]:
    """The practitioners the secretary acts for: GPs of the commune that has most of them, six at most."""
    offices: defaultdict[str, list[str]] = defaultdict(list)
    for person in people:
        if person.profession == "10":
            offices[person.commune].append(person.id)
    largest = max(offices.values(), key=lambda office: (len(office), office[0]), default=[])
    return largest[:SECRETARIAT]


async def _register(house: House, territory: Territory, people: Sequence[NewPractitioner]) -> None:
    """People, roster and secretary, in one transaction; again when the list of people has changed."""
    order = _order(territory, "people", str(SEED), str(len(people)))

    async def decide(db: AsyncConnection, now: datetime) -> list[Event] | Refused:
        said: list[Event] = []
        for outcome in (
            await availability.register_practitioners(order, people, db, now),
            await dispatcher.set_roster(order, default_roster(territory), db, now),
            await availability.delegate_to(order, f"sec-{territory.id}", secretariat(people), db, now),
        ):
            if isinstance(outcome, Refused):
                return outcome
            said += outcome
        return said

    await house.mailbox.order(order, decide, fingerprint="people")


async def _open(house: House, territory: Territory, people: Sequence[NewPractitioner], day: date) -> int:
    """The slots that these people open on one local day and that have not begun; 0 when that was done before."""
    order = _order(territory, day.isoformat(), people[0].id)
    fresh = 0

    async def decide(db: AsyncConnection, now: datetime) -> list[Event] | Refused:
        nonlocal fresh
        said: list[Event] = []
        for person in people:
            drawn = day_of(person, territory, day, seed=SEED)
            slots = [slot for _, slot in drawn if slot.start > now + SOON]
            outcome = await availability.publish_slots(order, person.id, slots, db, now) if slots else []
            if isinstance(outcome, list):  # else somebody uses that time already: it stays theirs
                said += outcome
        fresh = len(said)
        return said

    await house.mailbox.order(order, decide, fingerprint="slots")
    return fresh


def _order(territory: Territory, *about: str) -> Order:
    return Order(
        id=derived_id("demonstration", territory.id, *about),
        territory=territory.id,
        actor=system_actor(territory.id),
    )
