"""How is a choice told to the one who has to answer for it? Sentences of a regulator, in French."""

from collections.abc import Mapping

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
