"""How is a choice told to the one who has to answer for it? Sentences of a regulator, in French."""

from collections.abc import Mapping

from dispatcher.matching.pair import Case
from dispatcher.matching.ranking import say_minutes
from schemas.request import Why

LOST_ON = {
    "waiting": "plus tard",
    "travel": "plus loin",
    "other_mode": "autre mode que souhaité",
    "continuity": "pas le professionnel habituel",
    "fairness": "a déjà reçu plus que les autres",
    "scarcity": "place rare, gardée pour qui n'en a pas d'autre",
}


WHY: Mapping[Why, str] = {
    "patient_prefers": "préférence du patient",
    "continuity": "suivi par ce praticien",
    "transport": "trajet plus simple",
    "other": "autre raison de la régulation",
}


def chosen_with_the_patient(why: Why | None) -> tuple[str, ...]:
    """That a person chose, and why when it is far from the best."""
    return ("choisi avec le patient", *([WHY[why]] if why else []))


def say_loss(best: Mapping[str, int], other: Mapping[str, int], crowd: str = "") -> str:
    """By how much the other lost, and on which term most: « +25 min : plus loin ». Equal: settled by id."""
    lost = {name: other[name] - best[name] for name in other}
    most = max(lost, key=lambda name: lost[name])
    if sum(lost.values()) <= 0:
        return "à égalité"
    why = crowd if most == "fairness" and crowd else LOST_ON[most]
    return f"+{say_minutes(sum(lost.values()))} : {why}"


def say_soonest(way: float | None, nearest_sooner: float | None) -> str:
    """« le plus tôt », or « le plus tôt à moins de 15 min de route »; "" when neither is true. `way` is the best's,
    `nearest_sooner` the shortest to a seat that fits and begins before it, in minutes."""
    if nearest_sooner is None:
        return "le plus tôt"
    within = 0 if way is None else 5 * (int(way // 5) + 1)
    return f"le plus tôt à moins de {within} min de route" if 0 < within <= nearest_sooner else ""


def say_crowd(case: Case) -> str:
    """« ce professionnel a déjà 4 demandes cette semaine », when that is more than the others have."""
    standing = case.standing
    if standing is None or standing.excess <= 0 or not (given := standing.of_week(case.slot.start)):
        return ""
    return f"ce professionnel a déjà {given} demande{'s' * (given > 1)} cette semaine"
