"""How many requests a second go the whole way, from `CareRequested` committed to the message handed over?"""

import asyncio
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from availability import orders as availability
from availability.agenda import NewPractitioner, NewSlot
from dispatcher import orders as dispatcher
from dispatcher.tables import KNOWN
from notifications.tables import MESSAGE
from schemas.event import MOMENT, Order, derived_id
from schemas.request import Need, Patient
from schemas.slot import SlotChosen
from schemas.values import Actor, Place, Refused, Role
from services.house import House
from services.ids import new_id
from services.run import running
from services.settings import Settings
from services.storage.database import Database
from services.storage.ledger import AUDIT
from services.watch.part import everything_heard

TERRITORY = "tarn-ouest"
EACH = 15
"""Requests for each practitioner, who has a fifth more seats: less than the twenty regulated visits of a week."""
ACTOR = Actor(person="bench", role=Role.REGULATOR, territory=TERRITORY)


@dataclass(frozen=True, slots=True)
class Rate:
    """Requests, seconds from the first decision to the last hand-over, microseconds of processor time for each (of
    the processes of the house), and how many were entered in bulk in a second."""

    requests: int
    seconds: float
    cpu_us: float
    entered_per_second: float

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds


async def measure(settings: Settings, requests: int) -> Rate:
    """`requests` requests are committed and published while no room listens; then the rooms start, all in this
    process, and every patient's message is handed over."""
    first = await open_seats(settings, requests)
    entered = await enter(settings, requests)
    async with running(settings) as house:
        began = time.process_time()
        await until_told(house.database, requests, first)
        cpu = time.process_time() - began
        return Rate(requests, await corridor_seconds(house.database, first), cpu / requests * 1e6, entered)


async def open_seats(settings: Settings, requests: int) -> str:
    """Seats for all and a fifth more, known to every room; what the ids of the requests are not less than."""
    async with running(settings) as house:
        first = new_id(house.clock.now())
        await _publish(house, requests, -(-requests // EACH), first)
    return first


async def enter(settings: Settings, requests: int) -> float:
    """The requests, committed and published while nobody listens here; how many a second."""
    async with running(settings, workers=()) as house:
        took = 0.0
        for start in range(0, requests, 1000):
            entries = [await _sealed(house, number) for number in range(start, min(start + 1000, requests))]
            began = time.perf_counter()
            await asyncio.gather(*(_enter(house, *entry) for entry in entries))
            took += time.perf_counter() - began
        await everything_heard(house)
    return requests / took


async def until_told(database: Database, requests: int, first: str) -> None:
    """Wait until every patient's message was handed over."""
    told = (
        select(func.count())
        .select_from(MESSAGE)
        .where(MESSAGE.c.request_id >= first, MESSAGE.c.recipient == "patient", MESSAGE.c.state == "sent")
    )
    while True:
        began = time.perf_counter()
        if await _count(database, told) >= requests:
            return
        # Counting looks at every one of them, and costs the corridor.
        await asyncio.sleep(max(0.5, 200 * (time.perf_counter() - began)))


async def corridor_seconds(database: Database, first: str) -> float:
    """From the first request that was looked at to the last message that was handed over."""
    chosen = select(func.min(AUDIT.c.at)).where(AUDIT.c.about >= first, AUDIT.c.subject == SlotChosen.subject)
    async with database.read() as db:
        began = (await db.execute(chosen)).scalar_one()
        sent = select(func.max(MESSAGE.c.sent_at)).where(MESSAGE.c.request_id >= first)
        ended = (await db.execute(sent)).scalar_one()
    return float((ended - began).total_seconds())


async def _publish(house: House, requests: int, practitioners: int, first: str) -> None:
    """Seats for all and a fifth more, spread over the territory's communes."""
    communes = [house.communes.get(code) for code in sorted(house.territories[TERRITORY].communes)]
    places = [commune for commune in communes if commune and commune.lat]
    people = [
        NewPractitioner(
            id=f"p-{first[:MOMENT]}-{n:05d}", name=f"Dr {n}", profession="10", commune=places[n % len(places)].insee,
            lat=places[n % len(places)].lat, lon=places[n % len(places)].lon,
        )
        for n in range(practitioners)
    ]  # fmt: skip
    order = _order("people", first)
    await house.mailbox.order(order, lambda db, now: availability.register_practitioners(order, people, db, now))
    each = -(-requests * 6 // (5 * practitioners))
    opening = house.clock.now() + timedelta(hours=2)
    slots = [NewSlot(start=opening + timedelta(minutes=15 * n), minutes=15) for n in range(each)]

    async def open_(person: NewPractitioner) -> None:
        order = _order(f"slots {person.id}", first)
        said = await house.mailbox.order(
            order, lambda db, now: availability.publish_slots(order, person.id, slots, db, now)
        )
        assert not isinstance(said, Refused), said

    for start in range(0, practitioners, 20):
        await asyncio.gather(*(open_(person) for person in people[start : start + 20]))
    known = select(func.count()).select_from(KNOWN).where(KNOWN.c.slot_id.startswith(first[:MOMENT]))
    while await _count(house.database, known) < each * practitioners:  # noqa: ASYNC110 - seen from outside
        await asyncio.sleep(0.05)


async def _sealed(house: House, number: int) -> tuple[str, Need, Patient]:
    communes = sorted(house.territories[TERRITORY].communes)
    commune = house.communes.get(communes[number * 7 % len(communes)])
    assert commune is not None
    now = house.clock.now()
    need = Need(
        profession="10", place=Place(commune=commune.insee, lat=commune.lat, lon=commune.lon), earliest=now,
        deadline=now + timedelta(days=14), hours=336, radius_km=100,
    )  # fmt: skip
    request_id = new_id(now)
    name = await house.vault.seal(request_id, "name", f"Patient {number}")
    phone = await house.vault.seal(request_id, "phone", "+33639980000")
    return request_id, need, Patient(name=name, phone=phone)


async def _enter(house: House, request_id: str, need: Need, patient: Patient) -> None:
    order = _order("enter", request_id)
    await house.mailbox.order(
        order,
        lambda db, now: dispatcher.enter_request(order, request_id, need, patient, None, db, now),
        fingerprint=request_id,
    )


async def _count(database: Database, query: Any) -> int:
    async with database.read() as db:
        return int((await db.execute(query)).scalar_one())


def _order(name: str, moment: str) -> Order:
    return Order(id=derived_id(moment, name), territory=TERRITORY, actor=ACTOR)


def settings_in(folder: Path) -> Settings:
    """Everything embedded, messages handed to a channel that does nothing."""
    return Settings(data_dir=folder, channel="null", seed_demonstration=False)
