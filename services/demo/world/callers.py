"""Who calls, from where, and what is needed? Fictional patients of the territory's real communes."""

from itertools import accumulate
from math import exp
from random import Random
from typing import TypeVar

from availability.agenda import NewPractitioner
from dispatcher.matching.travel import distance_km
from schemas.territory import Territory
from schemas.values import AgeBand, Mode, Place
from services.demo.population import inhabitants, inhabited
from services.demo.world.acts import Caller
from services.demo.world.names import first_name, last_name, phone, street
from services.reference.communes import Commune, Communes
from services.reference.professions import DEMAND_SHARE

T = TypeVar("T")

FRAIL = 0.12  # study; most of them are old (ours)
NO_VEHICLE = 0.10  # study
USUAL_GP = 0.85  # of the requests for a GP (study)
GP_REACH_KM = 4.0  # how fast the choice of a usual GP fades with distance (ours)
NO_SMS = 0.05  # no mobile telephone, or no wish (ours)

# Under 17: 31 % of regulated calls (Rennes 2022); 75 and over: 14 % at emergency departments (2023), and
# more often among those who need a visit within 48 h.
AGES = {AgeBand.INFANT: 0.08, AgeBand.CHILD: 0.23, AgeBand.ADULT: 0.54, AgeBand.SENIOR: 0.15}
YEARS_OLD = {
    AgeBand.INFANT: (0, 1),
    AgeBand.CHILD: (3, 17),
    AgeBand.ADULT: (19, 74),
    AgeBand.SENIOR: (75, 98),
}
FRAIL_AND_OLD = 0.75

# Urgency of the study: 10 % within 6 h, 30 % within 12 h, 60 % within 24 h. The product offers 6, 24 and 48
# h: the first is 6 h, the second 24 h (12 is not offered), and a quarter of the third can wait 48 h.
PROMISES = ((0.10, 6), (0.75, 24), (0.15, 48))
UNHURRIED = ("91", "80", "92", "93", "95")  # professions whose requests are never a matter of 6 h

OFFICE, HOME, TELE = Mode.OFFICE, Mode.HOME, Mode.TELE
# What the caller accepts, in order of preference (ours); those without a vehicle or frail accept more below.
MODES: dict[str, tuple[tuple[float, tuple[Mode, ...]], ...]] = {
    "10": ((0.80, (OFFICE,)), (0.20, (OFFICE, TELE))),
    "60": ((0.75, (HOME, OFFICE)), (0.25, (OFFICE, HOME))),
    "70": ((0.70, (OFFICE,)), (0.30, (HOME, OFFICE))),
    "50": ((0.60, (OFFICE, HOME)), (0.40, (HOME, OFFICE))),
    "93": ((0.60, (OFFICE,)), (0.40, (OFFICE, TELE))),
    "95": ((0.60, (OFFICE,)), (0.40, (OFFICE, TELE))),
}
BY_SCREEN = ("10", "93", "95")
AT_HOME = ("10", "60", "70", "50", "80")

REASONS = {
    "10": ("Fièvre depuis deux jours", "Toux qui empêche de dormir", "Mal de gorge", "Lombalgie brutale"),
    "60": ("Pansement à refaire", "Prise de sang demandée", "Injection", "Retour d'hospitalisation"),
    "70": ("Entorse de la cheville", "Bronchiolite, séances demandées", "Torticolis", "Lombalgie aiguë"),
    "21": ("Angine, test rapide", "Cystite simple", "Vaccination demandée", "Conseil sur un traitement"),
    "40": ("Rage de dents", "Dent cassée", "Abcès"),
    "50": ("Douleurs en début de grossesse", "Allaitement difficile", "Suivi après la sortie"),
}
OTHER_REASONS = ("Demande d'avis rapide", "Gêne apparue cette semaine", "Suite de la consultation du médecin")


class Town:
    """A territory as its callers know it: where people live, and which GPs are near each commune."""

    def __init__(self, territory: Territory, communes: Communes, people: list[NewPractitioner]) -> None:
        self.territory = territory
        self.places = inhabited(territory, communes)
        self._weights = list(accumulate(inhabitants(territory, place) for place in self.places))
        self._doctors = [person for person in people if person.profession == "10"]
        self._reach: dict[str, list[float]] = {}

    def home(self, dice: Random) -> Commune:
        """A commune, in proportion to its inhabitants."""
        return dice.choices(self.places, cum_weights=self._weights)[0]

    def usual_gp(self, home: Commune, dice: Random) -> str | None:
        """The id of a GP near home, the nearer the likelier; None where nobody practises."""
        if not self._doctors:
            return None
        if home.insee not in self._reach:
            here = Place(commune=home.insee, lat=home.lat, lon=home.lon)
            self._reach[home.insee] = list(accumulate(_appeal(here, doctor) for doctor in self._doctors))
        return dice.choices(self._doctors, cum_weights=self._reach[home.insee])[0].id


def _appeal(here: Place, doctor: NewPractitioner) -> float:
    km = distance_km(here, Place(commune=doctor.commune, lat=doctor.lat, lon=doctor.lon))
    return exp(-(50.0 if km is None else km) / GP_REACH_KM) + 1e-9


def profession_asked(dice: Random) -> str:
    """A profession code by its share of the requests."""
    return dice.choices(list(DEMAND_SHARE), list(DEMAND_SHARE.values()))[0]


def reason_of(profession: str, dice: Random) -> str:
    return dice.choice(REASONS.get(profession, OTHER_REASONS))


def promise_of(profession: str, dice: Random) -> int:
    """Hours within which the visit is promised: 6, 24 or 48."""
    hours = _draw(PROMISES, dice)
    return 48 if profession in UNHURRIED and hours == 6 else hours


def frailty_and_age(profession: str, dice: Random) -> tuple[bool, AgeBand]:
    """Whether the patient is frail, and the age band. A midwife's patients are adults."""
    frail = dice.random() < FRAIL
    band = dice.choices(list(AGES), list(AGES.values()))[0]
    if profession == "50":
        return False, AgeBand.ADULT
    return frail, AgeBand.SENIOR if frail and dice.random() < FRAIL_AND_OLD else band


def modes_wanted(profession: str, *, frail: bool, no_vehicle: bool, dice: Random) -> tuple[Mode, ...]:
    """What the patient accepts, best first: the frail rather at home, those without a vehicle any way."""
    modes = _draw(MODES.get(profession, ((1.0, (OFFICE,)),)), dice)
    if frail and profession in AT_HOME:
        modes = (HOME, *modes)
    if no_vehicle:
        modes += (HOME,) if profession in AT_HOME else ()
        modes += (TELE,) if profession in BY_SCREEN else ()
    return tuple(dict.fromkeys(modes))


def caller(number: int, home: Commune, age: AgeBand, year: int, *, at_home: bool, dice: Random) -> Caller:
    """A fictional person; `number` gives the telephone, `at_home` an address to be visited at."""
    youngest, oldest = YEARS_OLD[age]
    return Caller(
        first_name=first_name(dice),
        last_name=last_name(dice),
        birth_year=year - dice.randint(youngest, oldest),
        phone=phone(number),
        address=f"{street(dice)}, {home.postal_codes[0]} {home.name}" if at_home else None,
        sms=dice.random() >= NO_SMS,
    )


def _draw(choices: tuple[tuple[float, T], ...], dice: Random) -> T:
    return dice.choices([what for _, what in choices], [share for share, _ in choices])[0]
