"""Who works in this territory? Fictional practitioners, in the known mix, placed in its real communes."""

from collections.abc import Mapping
from itertools import accumulate
from random import Random

from availability.agenda import NewPractitioner
from schemas.practitioner import Terms, usual_terms
from schemas.territory import Territory
from services.demo.world.names import first_name, last_name, street
from services.reference.communes import Commune, Communes
from services.reference.professions import GENERALIST_SPECIALTY, SUPPLY_SHARE

# What the Dracénie declares: 435 professionals for 119 000 inhabitants. The four communities that publish
# both figures stand at 0.5, 1.0, 3.7 and 7.6 per 1 000; this is the one nearest to the others' middle (2.3).
PER_INHABITANT = 435 / 119_000
FEWEST = 30  # a community smaller than that would show nothing
SHARED = 0.5  # of a commune that two territories share, half the people count here

# How much the larger communes draw a profession: offices ~ population ** this (ours; 1 = in proportion).
# Nurses go where the patients are; who needs machines or many patients settles in the towns.
DRAW = {"10": 1.08, "60": 1.0, "70": 1.1, "21": 1.05, "50": 1.2, "40": 1.15}
DRAW_OF_OTHERS = 1.3
DOCTORS = ("10", "40")  # those whom one calls "docteur"
MAY_BE_ASKED, MAY_BE_ASKED_BY_NEIGHBOURS, MAY_BE_PHONED = 0.7, 0.25, 0.3  # ours
JITTER_DEGREES = 0.006  # about 600 m around the town hall


def practitioners(territory: Territory, communes: Communes, *, seed: int) -> list[NewPractitioner]:
    """The fictional professionals of a territory, by id `p-<territory>-0001`…; same seed, same people.

    As many as the community declares; when it declares none, by population (`PER_INHABITANT`). Professions
    in the mix of `SUPPLY_SHARE` to the unit; each in a real commune of the territory, the larger ones first
    (`DRAW`).
    """
    dice = Random(f"{seed}:{territory.id}:practitioners")
    places = inhabited(territory, communes)
    mix = apportion(SUPPLY_SHARE, headcount(territory, communes))
    chosen = [code for code, count in mix.items() for _ in range(count)]
    dice.shuffle(chosen)
    reach = {code: list(accumulate(_draw(territory, place, code) for place in places)) for code in mix}
    return [
        _person(
            f"p-{territory.id}-{number:04d}",
            code,
            dice.choices(places, cum_weights=reach[code])[0],
            territory.zone,
            dice,
        )
        for number, code in enumerate(chosen, start=1)
    ]


def headcount(territory: Territory, communes: Communes) -> int:
    """How many professionals take part: what the community declares, else estimated by its population."""
    if territory.professionals:
        return territory.professionals
    people = sum(inhabitants(territory, place) for place in inhabited(territory, communes))
    return max(FEWEST, round(people * PER_INHABITANT))


def inhabited(territory: Territory, communes: Communes) -> list[Commune]:
    """The territory's communes that have inhabitants and a place on the map, by INSEE code."""
    known = (communes.get(insee) for insee in sorted(territory.communes))
    return [place for place in known if place and place.population and place.lat is not None]


def inhabitants(territory: Territory, commune: Commune) -> float:
    """Its population; half of it where another territory has its quarters too."""
    return commune.population * (SHARED if commune.insee in territory.partial_communes else 1.0)


def apportion(shares: Mapping[str, float], total: int) -> dict[str, int]:
    """`total` split by `shares` (which sum to 1) into whole numbers: largest remainders, ties by key."""
    exact = {key: share * total for key, share in shares.items()}
    parts = {key: int(value) for key, value in exact.items()}
    rest = sorted(exact, key=lambda key: (parts[key] - exact[key], key))
    for key in rest[: total - sum(parts.values())]:
        parts[key] += 1
    return parts


def _draw(territory: Territory, commune: Commune, profession: str) -> float:
    return float(inhabitants(territory, commune) ** DRAW.get(profession, DRAW_OF_OTHERS))


def _person(practitioner_id: str, profession: str, commune: Commune, zone: str, dice: Random) -> NewPractitioner:
    name = f"{first_name(dice)} {last_name(dice)}"
    address = f"{street(dice)}, {commune.postal_codes[0]} {commune.name}"
    return NewPractitioner(
        id=practitioner_id,
        name=f"Dr {name}" if profession in DOCTORS else name,
        profession=profession,
        specialty=GENERALIST_SPECIALTY if profession == "10" else None,
        commune=commune.insee,
        lat=round((commune.lat or 0) + dice.uniform(-JITTER_DEGREES, JITTER_DEGREES), 5),
        lon=round((commune.lon or 0) + dice.uniform(-JITTER_DEGREES, JITTER_DEGREES), 5),
        address=address,
        zone=zone,
        terms=terms_of(practitioner_id, profession),
    )


def terms_of(practitioner_id: str, profession: str) -> Terms:
    """What somebody agreed to on joining: most may be asked, some also for neighbours' patients, or phoned."""
    dice = Random(f"terms of {practitioner_id}")
    return usual_terms(profession).model_copy(
        update={
            "offers": dice.random() < MAY_BE_ASKED,
            "neighbours": dice.random() < MAY_BE_ASKED_BY_NEIGHBOURS,
            "extra": dice.random() < MAY_BE_PHONED,
            "per_day": dice.choice((None, None, None, 4, 6, 8)),
        }
    )


def number_of(practitioner_id: str) -> str:
    """The practitioner's number, one of those kept for fiction (06 39 98 …)."""
    return f"+33639{Random(f'number of {practitioner_id}').randrange(980000, 990000)}"
