"""Which of the eligible slots is best? A cost in equivalent minutes, one term one function, and the words for each."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from dispatcher.eligibility import Case
from dispatcher.travel import travel_minutes
from schemas.request import Need
from schemas.values import Mode

TRAVEL_WEIGHT = 2.0
"""A minute on the road counts as two of waiting (matching.md of the design)."""
HOME_TRAVEL_WEIGHT = 1.5
OTHER_MODE = 30.0
"""Not the mode the patient preferred: as bad as half an hour more."""


@dataclass(frozen=True, slots=True)
class Term:
    """One part of the cost: its code, its equivalent minutes, and what to say of it ("" = nothing worth saying)."""

    code: str
    minutes: float
    words: str


def urgency_weight(need: Need) -> float:
    """Equivalent minutes a minute waited: 4 within 6 h, 2 within 12 h, else 1 (matching.md of the design)."""
    return 4.0 if need.hours <= 6 else 2.0 if need.hours <= 12 else 1.0


def waiting(case: Case) -> Term:
    """From now to the visit, weighted by urgency."""
    minutes = (case.slot.start - case.now).total_seconds() / 60
    return Term("waiting", minutes * urgency_weight(case.need), f"dans {say_minutes(minutes)}")


def travel(case: Case) -> Term:
    """The way, for whoever makes it."""
    if case.mode is Mode.TELE:
        return Term("travel", 0.0, "sans déplacement")
    way = travel_minutes(case.km) or 0.0
    weight = HOME_TRAVEL_WEIGHT if case.mode is Mode.HOME else TRAVEL_WEIGHT
    if case.mode is Mode.HOME:
        return Term("travel", way * weight, "vient à domicile")
    return Term("travel", way * weight, "dans la commune" if way < 1 else f"à {way:.0f} min de route")


def mode(case: Case) -> Term:
    """The patient's first choice of mode, or another one."""
    preferred = case.mode is case.need.modes[0]
    return Term("mode", 0.0 if preferred else OTHER_MODE, "" if preferred else "autre mode que souhaité")


TERMS: tuple[Callable[[Case], Term], ...] = (waiting, travel, mode)


def is_usual(case: Case) -> bool:
    """The usual practitioner is asked first, always: before any cost is compared."""
    return case.need.usual_practitioner == case.slot.practitioner_id


def cost(case: Case) -> float:
    """Equivalent minutes; lower is better."""
    return sum(term(case).minutes for term in TERMS)


def place_bound(need: Need, km: float | None) -> float:
    """The least a slot at that distance can cost beyond waiting: what makes the search stop early and stay exact."""
    weight = HOME_TRAVEL_WEIGHT if Mode.HOME in need.modes else TRAVEL_WEIGHT
    return (travel_minutes(km) or 0.0) * weight


def waiting_cost(need: Need, start: datetime, now: datetime) -> float:
    """The waiting term of a slot that begins at `start`, without making a case of it."""
    return (start - now).total_seconds() / 60 * urgency_weight(need)


def reasons(case: Case) -> tuple[str, ...]:
    """Why this one, in a regulator's words."""
    said = [term(case).words for term in TERMS]
    first = ["médecin traitant"] if is_usual(case) and case.need.profession == "10" else []
    if is_usual(case) and not first:
        first = ["professionnel habituel"]
    return tuple(words for words in first + said if words)


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
