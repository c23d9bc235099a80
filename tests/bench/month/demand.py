"""Who asks for what, and when? The requests of a month."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import exp

from schemas.request import Need
from schemas.values import AgeBand, Mode, Place
from services.reference.professions import DEMAND_SHARE
from tests.bench.month.world import FIRST_MONDAY, REQUESTS_A_DAY, Commune, Practitioner, World, nearness

WEEK = (1.24, 1.05, 1.0, 1.0, 1.05, 0.96, 0.70)
"""Requests of each day against the mean, Monday first."""
HOURS = (1, 1, 1, 1, 1, 1, 2, 4, 8, 12, 12, 9, 6, 5, 6, 6, 6, 8, 8, 6, 4, 3, 2, 1)
"""Requests of each hour against the others, midnight first: a peak from nine to eleven, a second bump before dinner."""
URGENT_HOURS = ((6, 0.10), (12, 0.30), (24, 0.60))
"""What the regulator asks for, in hours, and how often. All must be seen in 24 h: that is the promise measured."""
WINDOW = timedelta(hours=24)
RADIUS_KM = 20.0
FRAIL = 0.12
ON_FOOT = 0.10
NAMES_USUAL = 0.85
SCREEN_TOO = 0.30


@dataclass(frozen=True, slots=True)
class Request:
    """One patient's need. `need.hours` says how urgent, `need.deadline` is 24 h after `entered` for all."""

    id: str
    need: Need
    entered: datetime


def requests_of_month(world: World, seed: int, days: int) -> list[Request]:
    """The requests of `days` days in the order in which they are entered."""
    chance = random.Random(f"requests-{seed}")
    usual = {commune.place: _usual_of(commune, world) for commune in world.communes}
    moments = sorted(moment for day in range(days) for moment in _moments(day, chance))
    return [_request(number, moment, world, usual, chance) for number, moment in enumerate(moments)]


def urgency(request: Request) -> int:
    """1, 2 or 3: to be seen within 6, 12 or 24 hours."""
    return {6: 1, 12: 2, 24: 3}[request.need.hours]


Usual = dict[Place, tuple[list[Practitioner], list[float]]]


def _moments(day: int, chance: random.Random) -> list[datetime]:
    mean = REQUESTS_A_DAY * WEEK[day % 7]
    hours = chance.choices(range(24), HOURS, k=_poisson(mean, chance))
    return [FIRST_MONDAY + timedelta(days=day, hours=hour, seconds=chance.randrange(3600)) for hour in hours]


def _request(number: int, entered: datetime, world: World, usual: Usual, chance: random.Random) -> Request:
    home = chance.choices(world.communes, [commune.weight for commune in world.communes])[0]
    profession = chance.choices(list(DEMAND_SHARE), list(DEMAND_SHARE.values()))[0]
    hours = chance.choices([hours for hours, _ in URGENT_HOURS], [share for _, share in URGENT_HOURS])[0]
    on_foot = profession in {"10", "60", "70", "50"} and chance.random() < ON_FOOT
    own = None
    if profession == "10" and chance.random() < NAMES_USUAL:
        own = chance.choices(*usual[home.place])[0].id
    need = Need(
        profession=profession,
        modes=_modes(profession, on_foot, chance),
        place=home.place,
        earliest=entered,
        deadline=entered + WINDOW,
        hours=hours,
        radius_km=RADIUS_KM,
        no_vehicle=on_foot,
        age=AgeBand.SENIOR if chance.random() < FRAIL else AgeBand.ADULT,
        usual_practitioner=own,
    )
    return Request(f"r-{number:05d}", need, entered)


def _modes(profession: str, on_foot: bool, chance: random.Random) -> tuple[Mode, ...]:
    """What the patient can use, preferred first. Without a vehicle: at home or on a screen too."""
    screen = profession in {"10", "91", "93", "95"} and (on_foot or chance.random() < SCREEN_TOO)
    if profession == "60":
        return (Mode.HOME, Mode.OFFICE) if on_foot or chance.random() < 0.5 else (Mode.OFFICE, Mode.HOME)
    home = (Mode.HOME,) if on_foot else ()
    return (Mode.OFFICE, *home, *((Mode.TELE,) if screen else ()))


def _usual_of(home: Commune, world: World) -> tuple[list[Practitioner], list[float]]:
    """The GPs and how likely each is the usual one of somebody who lives here: near, and with a large practice."""
    gps = [one for one in world.practitioners if one.profession == "10"]
    return gps, [nearness(home, one.commune) * max(1, len(one.template)) for one in gps]


def _poisson(mean: float, chance: random.Random) -> int:
    """Knuth's product, in pieces so that exp does not vanish."""
    count, left = 0, mean
    while left > 0:
        piece = min(left, 50.0)
        limit, product = exp(-piece), chance.random()
        while product > limit:
            count += 1
            product *= chance.random()
        left -= piece
    return count
