"""What does a CPTS look like? Fifty communes, four hundred professionals, and the seats they open in a month."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import cos, exp, hypot, radians

from dispatcher.matching.open_slot import OpenSlot, Schedule, same
from schemas.values import Mode, Place, SlotState
from services.reference.professions import DEMAND_SHARE

CPTS = "cpts"
FIRST_MONDAY = datetime(2027, 1, 3, 23, tzinfo=UTC)
"""Midnight in France, winter time: the whole month is one hour ahead of UTC, so hours of the day are plain sums."""
SIDE_KM = 30.0
SOUTH_WEST = (43.70, 1.60)
KM_PER_DEGREE = 111.0
REQUESTS_A_DAY = 350.0
HEADS = {"10": 60, "60": 110, "70": 70, "21": 45, "50": 15, "40": 35, "91": 20, "80": 15, "92": 8, "93": 12, "95": 4}
"""By profession code. The study's six specialists are left out: the house knows no profession of theirs."""


@dataclass(frozen=True, slots=True)
class Supply:
    """`seats` opened in a week for each request expected in that week; `week` = the share of each day, Monday first."""

    seats: float
    week: tuple[float, ...]


SUPPLY = {
    "tight": Supply(0.95, (0.185, 0.185, 0.18, 0.18, 0.18, 0.06, 0.03)),
    "loose": Supply(1.9, (0.175, 0.17, 0.165, 0.165, 0.165, 0.095, 0.065)),
}
"""Tight: first come misses about one request in eight, most of them before and on a Sunday. Loose: one in a hundred and
fifty."""
SPREAD = 0.6
"""Sigma of the log-normal that makes professionals unequal: the busiest tenth opens four times what the last does."""
QUARTERS = (*range(8 * 60, 12 * 60, 15), *range(14 * 60, 19 * 60, 15))
"""When a seat may begin, minutes after midnight."""
ABSENT = 0.05
"""Of a professional's days, those without any seat: leave, training."""
SEAT_MINUTES = 15
HABITS = (("week", 0.4), ("evening", 0.3), ("morning", 0.3))
"""When professionals publish their seats: long before, the evening before (19:00), or the same morning (7:30)."""


@dataclass(frozen=True, slots=True)
class Commune:
    """`x` and `y` in kilometres from the south-west corner; `weight` is its share of the people."""

    place: Place
    x: float
    y: float
    weight: float


@dataclass(frozen=True, slots=True)
class Practitioner:
    """`template` = the seats of an ordinary week, as (weekday, minutes after midnight); `habit` = when they are
    published."""

    id: str
    profession: str
    commune: Commune
    modes: tuple[Mode, ...]
    habit: str
    template: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Seat:
    """A slot for one patient, and the moment from which anybody can see it."""

    slot: OpenSlot
    published: datetime


@dataclass(frozen=True, slots=True)
class World:
    """What does not change from one month to the next."""

    communes: tuple[Commune, ...]
    practitioners: tuple[Practitioner, ...]


def a_world(seed: int, supply: Supply) -> World:
    """Communes and professionals, drawn."""
    chance = random.Random(f"world-{seed}")
    communes = _communes(chance)
    practitioners: list[Practitioner] = []
    for profession, heads in HEADS.items():
        sizes = [chance.lognormvariate(0, SPREAD) for _ in range(heads)]
        seats = 7 * REQUESTS_A_DAY * DEMAND_SHARE[profession] * supply.seats / sum(sizes)
        homes = chance.choices(communes, [commune.weight**1.3 for commune in communes], k=heads)
        for number, (size, home) in enumerate(zip(sizes, homes, strict=True)):
            modes, template = _modes(profession, chance), _template(size * seats, supply.week, chance)
            habit = chance.choices([name for name, _ in HABITS], [share for _, share in HABITS])[0]
            practitioners.append(Practitioner(f"{profession}-{number:03d}", profession, home, modes, habit, template))
    return World(communes, tuple(practitioners))


def seats_of_month(world: World, seed: int, days: int) -> list[Seat]:
    """Every seat opened in the month, by start then id: the templates less the days of absence."""
    chance = random.Random(f"seats-{seed}")
    seats: list[Seat] = []
    for practitioner in world.practitioners:
        for day in range(days):
            away = chance.random() < ABSENT
            times = [minute for weekday, minute in practitioner.template if weekday == day % 7]
            seats += [] if away else [a_seat(practitioner, day, minute) for minute in times]
    return sorted(seats, key=lambda seat: (seat.slot.start, seat.slot.slot_id))


def a_seat(practitioner: Practitioner, day: int, minute: int) -> Seat:
    """One seat of the practitioner's, `minute` minutes after the midnight that begins `day`."""
    midnight = FIRST_MONDAY + timedelta(days=day)
    start = midnight + timedelta(minutes=minute)
    before = {"week": timedelta(days=-7), "evening": timedelta(hours=-5), "morning": timedelta(hours=7, minutes=30)}
    slot = OpenSlot(
        slot_id=f"{practitioner.id}-{day:02d}-{minute:04d}",
        schedule=same(
            Schedule(
                territory=CPTS,
                practitioner_id=practitioner.id,
                profession=practitioner.profession,
                place=practitioner.commune.place,
                minutes=SEAT_MINUTES,
                capacity=1,
                modes=practitioner.modes,
            )
        ),
        start=start,
        state=SlotState(version=1, free=1, next_start=int(start.timestamp())),
    )
    return Seat(slot, midnight + before[practitioner.habit])


def nearness(here: Commune, there: Commune) -> float:
    """How much likelier a person of `here` goes to somebody of `there`: falls by half every five kilometres (ours)."""
    return exp(-hypot(here.x - there.x, here.y - there.y) / 7.2)


def _communes(chance: random.Random, number: int = 50) -> tuple[Commune, ...]:
    """People ∝ 1/rank^0.9, anywhere on a square of thirty kilometres."""
    south, west = SOUTH_WEST
    east_km = KM_PER_DEGREE * cos(radians(south))
    total = sum(1 / rank**0.9 for rank in range(1, number + 1))
    found = []
    for rank in range(1, number + 1):
        x, y = chance.uniform(0, SIDE_KM), chance.uniform(0, SIDE_KM)
        place = Place(commune=f"c{rank:02d}", lat=south + y / KM_PER_DEGREE, lon=west + x / east_km)
        found.append(Commune(place, x, y, 1 / rank**0.9 / total))
    return tuple(found)


def _modes(profession: str, chance: random.Random) -> tuple[Mode, ...]:
    """What a professional offers: nurses come home; three in ten GPs are seen on a screen, one in six comes home."""
    draw = chance.random()
    match profession:
        case "10":
            more = ((Mode.TELE,) if draw < 0.3 else ()) + ((Mode.HOME,) if draw > 0.84 else ())
        case "60":
            more = (Mode.HOME,)
        case "70" | "50":
            more = (Mode.HOME,) if draw < 0.4 else ()
        case "91" | "93" | "95":
            more = (Mode.TELE,) if draw < 0.4 else ()
        case _:
            more = ()
    return (Mode.OFFICE, *more)


def _template(seats: float, week: Sequence[float], chance: random.Random) -> tuple[tuple[int, int], ...]:
    """An ordinary week of about that many seats, never two at a time."""
    whole = int(seats) + (chance.random() < seats % 1)
    drawn: set[tuple[int, int]] = set()
    while len(drawn) < min(whole, 5 * len(QUARTERS)):
        drawn.add((chance.choices(range(7), week)[0], chance.choice(QUARTERS)))
    return tuple(sorted(drawn))
