"""Which of the eligible slots is best? A cost in equivalent minutes, one term one function, and the words for each."""

from collections.abc import Callable
from datetime import datetime

from dispatcher.matching.eligibility import Case
from dispatcher.matching.travel import travel_minutes
from schemas.request import Need
from schemas.values import Mode

TRAVEL_WEIGHT = 2.0
"""A minute on the road counts as two of waiting (ours; a setting one day)."""
HOME_TRAVEL_WEIGHT = 1.5
OTHER_MODE = 30.0
"""Not the mode the patient preferred: as bad as half an hour more."""


def urgency_weight(need: Need) -> float:
    """Equivalent minutes a minute waited: 4 within 6 h, 2 within 12 h, else 1 (ours; a setting one day)."""
    return 4.0 if need.hours <= 6 else 2.0 if need.hours <= 12 else 1.0


def waiting(case: Case) -> float:
    """From now to the visit, weighted by urgency."""
    return waiting_cost(case.need, case.slot.start, case.now)


def say_waiting(case: Case) -> str:
    return f"dans {say_minutes((case.slot.start - case.now).total_seconds() / 60)}"


def travel(case: Case) -> float:
    """The way, for whoever makes it."""
    if case.mode is Mode.TELE:
        return 0.0
    return (travel_minutes(case.km) or 0.0) * (HOME_TRAVEL_WEIGHT if case.mode is Mode.HOME else TRAVEL_WEIGHT)


def say_travel(case: Case) -> str:
    if case.mode is Mode.TELE:
        return "sans déplacement"
    if case.mode is Mode.HOME:
        return "vient à domicile"
    way = travel_minutes(case.km) or 0.0
    return "dans la commune" if way < 1 else f"à {way:.0f} min de route"


def other_mode(case: Case) -> float:
    """Not the patient's first choice of mode."""
    return 0.0 if case.mode is case.need.modes[0] else OTHER_MODE


def say_other_mode(case: Case) -> str:
    return "autre mode que souhaité" if other_mode(case) else ""


Words = Callable[[Case], str]

TERMS: tuple[tuple[Callable[[Case], float], Words], ...] = (
    (waiting, say_waiting),
    (travel, say_travel),
    (other_mode, say_other_mode),
)
"""Each term of the cost in equivalent minutes, and what a regulator would say of it ("" = nothing worth saying)."""


def is_usual(case: Case) -> bool:
    """The usual practitioner is asked first, always: before any cost is compared."""
    return case.need.usual_practitioner == case.slot.practitioner_id


def cost(case: Case) -> float:
    """Equivalent minutes; lower is better."""
    return sum(minutes(case) for minutes, _ in TERMS)


def place_bound(need: Need, km: float | None) -> float:
    """The least a slot at that distance can cost beyond waiting: what makes the search stop early and stay exact."""
    weight = HOME_TRAVEL_WEIGHT if Mode.HOME in need.modes else TRAVEL_WEIGHT
    return (travel_minutes(km) or 0.0) * weight


def waiting_cost(need: Need, start: datetime, now: datetime) -> float:
    """The waiting term of a slot that begins at `start`, without making a case of it."""
    return (start - now).total_seconds() / 60 * urgency_weight(need)


def reasons(case: Case) -> tuple[str, ...]:
    """Why this one, in a regulator's words."""
    first = ""
    if is_usual(case):
        first = "médecin traitant" if case.need.profession == "10" else "professionnel habituel"
    said = (first, *(words(case) for _, words in TERMS))
    return tuple(words for words in said if words)


def say_minutes(minutes: float) -> str:
    """« 45 min », « 2 h 10 », « 1 j 3 h » (with no-break spaces)."""
    whole = max(0, round(minutes))
    hours, rest = divmod(whole, 60)
    days, left = divmod(hours, 24)
    if days:
        return f"{days} j {left} h" if left else f"{days} j"
    if hours:
        return f"{hours} h {rest:02d}" if rest else f"{hours} h"
    return f"{rest} min"
