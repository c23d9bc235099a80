"""Which of the eligible slots is best? A cost in whole equivalent minutes, a function for each term."""

from collections.abc import Callable, Mapping

from dispatcher.matching.pair import HOME, OFFICE, Case, Pair, urgency_weight
from dispatcher.matching.travel import Number, travel_minutes, whole
from schemas.request import Need
from schemas.values import Mode

TRAVEL_WEIGHT = 2.0
"""A minute on the road counts as two of waiting (ours; a setting one day)."""
HOME_TRAVEL_WEIGHT = 1.5
OTHER_MODE = 30
"""Not the mode the patient preferred: as bad as half an hour more."""
NOT_THE_USUAL = 120
"""Not one's usual practitioner: as bad as two hours more, or half an hour for the most urgent (decision 0014)."""
MISS = 3 * 24 * 60
"""Equivalent minutes of a request that nobody serves, a unit of urgency: three days of waiting."""


def miss_cost(need: Need) -> int:
    """What it costs to serve the need nowhere."""
    return urgency_weight(need) * MISS


def left_to_others(cost: Number, price: Number, need: Need) -> Number:
    """Whether a seat of this cost, its price included, is worth more to those who will call than to this patient
    (dispatcher/planning/bids.py). Waiting alone, however long, leaves nothing to anybody."""
    miss = miss_cost(need)
    return (cost - price <= miss) & (cost > miss)


def waiting(pair: Pair) -> Number:
    """From now to the visit, weighted by urgency."""
    return (pair.start - pair.now) * pair.weight // 60


def travel(pair: Pair) -> Number:
    """The way, for whoever makes it."""
    weight = TRAVEL_WEIGHT * (pair.wanted == OFFICE) + HOME_TRAVEL_WEIGHT * (pair.wanted == HOME)
    return whole(pair.way * weight)


def other_mode(pair: Pair) -> Number:
    """Not the patient's first choice of mode."""
    return OTHER_MODE * pair.second


def continuity(pair: Pair) -> Number:
    """Not the patient's usual practitioner, when there is one."""
    return NOT_THE_USUAL * (pair.names_usual - pair.usual)


def fairness(pair: Pair) -> Number:
    """The practitioner was given more than the others."""
    return pair.excess


def scarcity(pair: Pair) -> Number:
    """What the seat is worth to those who have no other."""
    return pair.price


TERMS: Mapping[str, Callable[[Pair], Number]] = {
    term.__name__: term for term in (waiting, travel, other_mode, continuity, fairness, scarcity)
}


def terms(pair: Pair) -> dict[str, int]:
    """Each term of the cost, in whole equivalent minutes."""
    return {name: term(pair) for name, term in TERMS.items()}


def cost(pair: Pair) -> Number:
    """Whole equivalent minutes; lower is better."""
    total: Number = 0
    for term in TERMS.values():
        minutes = term(pair)
        if not isinstance(minutes, int) or minutes:
            total = total + minutes
    return total


# --- the words of a choice ------------------------------------------------------------------------------


def reasons(case: Case) -> tuple[str, ...]:
    """Why this one, in a regulator's words."""
    said = (say_usual(case), say_waiting(case), say_travel(case), say_other_mode(case))
    return tuple(words for words in said if words)


def say_usual(case: Case) -> str:
    if case.need.usual_practitioner != case.slot.schedule.practitioner_id:
        return ""
    return "médecin traitant" if case.slot.schedule.profession == "10" else "professionnel habituel"


def say_waiting(case: Case) -> str:
    return f"dans {say_minutes((case.slot.start - case.now).total_seconds() / 60)}"


def say_travel(case: Case) -> str:
    if case.mode is Mode.TELE:
        return "sans déplacement"
    if case.mode is Mode.HOME:
        return "vient à domicile"
    way = travel_minutes(case.km) or 0.0
    return "dans la commune" if way < 1 else f"à {way:.0f} min de route"


def say_other_mode(case: Case) -> str:
    return "autre mode que souhaité" if case.mode is not case.need.modes[0] else ""


def say_minutes(minutes: float) -> str:
    """« 45 min », « 2 h 10 », « 1 j 3 h » (with no-break spaces)."""
    all_of_them = max(0, round(minutes))
    hours, rest = divmod(all_of_them, 60)
    days, left = divmod(hours, 24)
    if days:
        return f"{days} j {left} h" if left else f"{days} j"
    if hours:
        return f"{hours} h {rest:02d}" if rest else f"{hours} h"
    return f"{rest} min"
