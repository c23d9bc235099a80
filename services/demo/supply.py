"""Which times does each practitioner open, and when do the others hear of it?"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from random import Random

from availability.agenda import NewPractitioner, NewSlot
from schemas.territory import Territory
from schemas.values import Mode
from services.demo.world.acts import Publish
from services.demo.world.rhythm import PER_PROFESSIONAL, poisson
from services.reference.professions import DEMAND_SHARE, SUPPLY_SHARE
from services.reference.zones import is_holiday

# Seats opened on an ordinary weekday for each request of a mean day. Above 1, because a slot far away or at
# the wrong hour helps nobody (the one published study saw 72 % of the slots unused); a Monday in winter asks
# 1.6 times the mean.
PLENTY = 1.25
UNEQUAL = 0.6  # sigma of the log-normal between practitioners (study)

WEEKDAY = (
    0.9,
    1.05,
    1.0,
    0.95,
    1.05,
    0.4,
)  # thin on Saturday; a Monday's agenda is full before it begins (ours)
SUNDAY = {"10": 0.12, "60": 0.35, "21": 0.12, "50": 0.1}  # and public holidays: those on duty
CHRISTMAS = ((12, 23), (1, 2))
CHRISTMAS_LEFT = 0.5  # "half the doctors away"
EVENING_DUTY = 0.04  # of the GPs, each weekday evening from 20 h
EVENING_SLOTS = 6

# How readily a time is opened, by local hour from 8 h: few over lunch, few after 18 h (ours).
HOURS = dict(zip(range(8, 20), (1.0, 1.0, 1.0, 1.1, 0.35, 0.2, 0.8, 0.9, 0.9, 1.0, 0.6, 0.25), strict=True))
MINUTES = {"10": 15, "60": 30, "21": 15, "92": 20, "93": 45}
MINUTES_OF_OTHERS = 30
SEVERAL = 0.06  # slots with more than one seat: a walk-in hour, a vaccination round
MOST_SEATS = 4

OFFICE, HOME, TELE = (Mode.OFFICE,), (Mode.HOME,), (Mode.TELE,)
# By profession: (share, modes). Nurses go to the patients' homes, GPs seldom; some GPs see patients by video
# (ours).
MODES: dict[str, tuple[tuple[float, tuple[Mode, ...]], ...]] = {
    "10": ((0.77, OFFICE), (0.09, OFFICE + TELE), (0.08, TELE), (0.06, HOME)),
    "60": ((0.65, HOME), (0.15, HOME + OFFICE), (0.20, OFFICE)),
    "70": ((0.70, OFFICE), (0.30, HOME)),
    "50": ((0.75, OFFICE), (0.25, HOME)),
    "80": ((0.85, OFFICE), (0.15, HOME)),
    "93": ((0.75, OFFICE), (0.25, OFFICE + TELE)),
    "95": ((0.75, OFFICE), (0.25, OFFICE + TELE)),
}
# When a slot is made known: two evenings before, the evening before, the same morning, or "free now" (ours).
LEAD_TIMES = ("two evenings", "evening", "morning", "now")
LEAD_SHARES = (20, 35, 27, 18)
NOTICE = timedelta(minutes=45)  # nobody publishes a time that starts sooner: a patient has to get there


def publications(
    people: Iterable[NewPractitioner],
    territory: Territory,
    days: Sequence[date],
    *,
    seed: int,
    tightness: float = 1.0,
) -> list[Publish]:
    """What each practitioner makes known about the slots of these local days, by time of publication.

    Each practitioner's day depends on the seed, the person and the day alone, so one more day changes no
    other. `tightness` 2 = half the slots. One practitioner's slots never overlap.
    """
    said: dict[tuple[datetime, str], list[NewSlot]] = {}
    for person in people:
        for day in days:
            for at, slot in day_of(person, territory, day, seed=seed, tightness=tightness):
                said.setdefault((at, person.id), []).append(slot)
    return [
        Publish(at=at, territory=territory.id, practitioner_id=person_id, slots=tuple(slots))
        for (at, person_id), slots in sorted(said.items(), key=lambda item: item[0])
    ]


def day_of(
    person: NewPractitioner, territory: Territory, day: date, *, seed: int, tightness: float = 1.0
) -> list[tuple[datetime, NewSlot]]:
    """One practitioner's slots of a local day, by start, each with the moment it is made known."""
    dice = Random(f"{seed}:{person.id}:{day.isoformat()}")
    unit = MINUTES.get(person.profession, MINUTES_OF_OTHERS)
    sunday = day.weekday() == 6 or is_holiday(day, territory.departement)
    mean = _zeal(person, seed) * _ordinary_count(person, day, sunday=sunday) / tightness
    cells = list(range(8 * 60 + dice.choice((0, 5, 10)), 20 * 60 - unit + 1, unit))
    taken = _pick(cells, poisson(mean, dice), dice)
    if person.profession == "10" and not sunday and dice.random() < EVENING_DUTY / tightness:
        taken += [20 * 60 + 20 * rank for rank in range(EVENING_SLOTS)]
    moments = _moments(territory, day, dice)
    return [
        (_known_at(slot.start, moments, dice), slot)
        for slot in _slots(person.profession, taken, unit, _midnight(territory, day), dice)
    ]


def _ordinary_count(person: NewPractitioner, day: date, *, sunday: bool) -> float:
    """The seats a practitioner of this profession opens that day, on average, before temperament."""
    share = DEMAND_SHARE[person.profession] / SUPPLY_SHARE[person.profession]
    weekday = SUNDAY.get(person.profession, 0.0) if sunday else WEEKDAY[day.weekday()]
    first, last = CHRISTMAS
    left = CHRISTMAS_LEFT if (day.month, day.day) >= first or (day.month, day.day) <= last else 1.0
    return PER_PROFESSIONAL * share * PLENTY * weekday * left


def _zeal(person: NewPractitioner, seed: int) -> float:
    """How much more than the others this person opens: log-normal with mean 1, the same every day."""
    return Random(f"{seed}:{person.id}:zeal").lognormvariate(-(UNEQUAL**2) / 2, UNEQUAL)


def _pick(cells: list[int], count: int, dice: Random) -> list[int]:
    """`count` different cells (minutes after midnight), weighted by hour (Efraimidis and Spirakis)."""
    drawn = sorted(cells, key=lambda cell: -(dice.random() ** (1 / HOURS[cell // 60])))
    return sorted(drawn[:count])


def _slots(profession: str, taken: list[int], unit: int, midnight: datetime, dice: Random) -> Iterator[NewSlot]:
    free_until = 0
    for rank, cell in enumerate(taken):
        if cell < free_until:
            continue
        seats = dice.randint(2, MOST_SEATS) if dice.random() < SEVERAL else 1
        following = taken[rank + 1] if rank + 1 < len(taken) else cell + unit
        seats = max(1, min(seats, (following - cell) // unit))
        free_until = cell + seats * unit
        yield NewSlot(
            start=(midnight + timedelta(minutes=cell)).astimezone(UTC),
            minutes=seats * unit,
            capacity=seats,
            modes=_modes(profession, dice),
        )


def _modes(profession: str, dice: Random) -> tuple[Mode, ...]:
    choices = MODES.get(profession, ((1.0, OFFICE),))
    return dice.choices([modes for _, modes in choices], [share for share, _ in choices])[0]


def _midnight(territory: Territory, day: date) -> datetime:
    """Local midnight; adding minutes to it is wall-clock arithmetic, so 9 h stays 9 h on both DST days."""
    return datetime.combine(day, time(), tzinfo=territory.tz)


def _moments(territory: Territory, day: date, dice: Random) -> dict[str, datetime]:
    """When this practitioner sits down to publish: one moment for each lead time."""
    midnight = _midnight(territory, day)
    return {
        "two evenings": midnight - timedelta(days=2) + timedelta(minutes=dice.randint(17 * 60 + 30, 20 * 60)),
        "evening": midnight - timedelta(days=1) + timedelta(minutes=dice.randint(17 * 60 + 30, 21 * 60)),
        "morning": midnight + timedelta(minutes=dice.randint(7 * 60 + 5, 9 * 60 + 15)),
    }


def _known_at(start: datetime, moments: dict[str, datetime], dice: Random) -> datetime:
    lead = dice.choices(LEAD_TIMES, LEAD_SHARES)[0]
    at = start - timedelta(minutes=dice.randint(46, 110)) if lead == "now" else moments[lead].astimezone(UTC)
    too_late = at > start - NOTICE or (lead == "now" and at < moments["morning"])
    return moments["evening"].astimezone(UTC) if too_late else at
