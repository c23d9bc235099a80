"""How long does it take to find the best three among 100 000 open seats?"""

import random
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from statistics import quantiles

from dispatcher.matching.choice import propose
from dispatcher.matching.open_slot import OpenSlot, Schedule
from dispatcher.matching.seats import OpenSeats
from schemas.event import Order
from schemas.request import Need
from schemas.slot import SeatFreed
from schemas.values import Mode, Place, SlotState, system_actor
from services.reference.communes import load_communes

NOW = datetime(2027, 1, 4, 8, tzinfo=UTC)


def measure(
    seats: int = 100_000,
    queries: int = 2_000,
    *,
    one_area: bool = False,
    clock: Callable[[], float] = time.perf_counter,
) -> tuple[float, float, float]:
    """Microseconds: p50 and p99 of a best-three query, and the mean of taking in one change of a slot.

    By `clock`: `time.thread_time` leaves out what others do on the machine. Spread = over the communes of Occitanie, a
    third GPs; one area = all of one profession in ten communes.
    """
    chance = random.Random(7)
    places = [
        Place(commune=one.insee, lat=one.lat, lon=one.lon)
        for one in load_communes()
        if one.lat is not None and one.region == "76"
    ]
    places = sorted(places, key=lambda place: place.commune)[:10] if one_area else places
    professions = ["10"] if one_area else ["10", "60", "70"]
    index = OpenSeats()
    for number in range(seats):
        index.put(
            OpenSlot(
                f"slot-{number:06d}",
                Schedule(
                    "occitanie",
                    f"p-{number // 20}",
                    chance.choice(professions),
                    chance.choice(places),
                    15,
                    1,
                    (Mode.OFFICE,),
                ),
                NOW + timedelta(minutes=chance.randrange(60, 7 * 24 * 60)),
                SlotState(version=1, free=1),
            )
        )
    took = []
    for _ in range(queries):
        need = Need(profession="10", place=chance.choice(places), earliest=NOW, deadline=NOW + timedelta(hours=24))
        began = clock()
        propose(need, index, "occitanie", NOW)
        took.append((clock() - began) * 1e6)
    cuts = quantiles(took, n=100)
    return cuts[49], cuts[98], _change(index, chance, clock)


def _change(index: OpenSeats, chance: random.Random, clock: Callable[[], float]) -> float:
    """Mean microseconds to take in that a slot is full, and that it is free again."""
    known = [index.get(f"slot-{chance.randrange(10_000):06d}") for _ in range(2_000)]
    order = Order(id="bench", territory="occitanie", actor=system_actor("occitanie"))
    facts = [
        SeatFreed.after(
            order, NOW, slot_id=slot.slot_id, request_id="-", state=SlotState(version=version, free=version - 2)
        )
        for version in (2, 3)
        for slot in known
        if slot is not None
    ]
    began = clock()
    for fact in facts:
        index.hear(fact)
    return (clock() - began) / len(facts) * 1e6
