"""Does a text say anything of somebody's health? Words that no message may hold: professions, specialties, reasons."""

import re
from collections.abc import Iterable
from functools import cache

from services.reference.professions import PROFESSIONS, specialty_labels
from services.reference.spelling import fold

REASONS = frozenset(
    {"fièvre", "fever", "douleur", "pain", "motif", "symptôme", "urgence", "maladie", "ill", "soin", "santé", "cancer"}
    | {"grossesse", "blessure", "test", "vaccin", "pansement", "ordonnance", "traitement", "hôpital", "saúde"}
    | {"sağlık", "صحة", "مريض"}
)
"""Whole words, with or without a plural s."""
BEGINNINGS = frozenset(
    {"médec", "doctor", "infirm", "nurse", "cardio", "gynéc", "psych", "dent", "kiné", "pédiatr", "sage-f"}
    | {"médico", "enferm", "doente", "doktor", "hemşire", "hasta", "طبيب", "ممرض"}
)
"""A word that begins so says who is seen, and so why."""
ORDINARY = frozenset(
    {
        "avec",
        "autre",
        "generale",
        "general",
        "option",
        "sociale",
        "social",
        "publique",
        "travail",
        "physique",
        "humaine",
    }
    | {"qualifie", "appliquees", "laboratoire", "france", "maladies", "personne", "personnes", "enfant", "enfants"}
    | {"medicale", "medical", "orientation", "competence", "sans", "dans", "pour", "systeme", "libre", "page", "vie"}
)
"""Words of official labels that say nothing by themselves."""


def health_words(text: str, reasons: Iterable[str] = ()) -> list[str]:
    """The words of a text that say something of a person's health, as they are written; `reasons` = the territory's own
    labels. Placeholders are not looked at."""
    words = re.findall(r"[^\W\d_]+(?:-[^\W\d_]+)*", re.sub(r"\{[^{}]*\}", " ", text))
    telling = _labels() | _words(reasons)
    whole = {fold(word) for word in REASONS}
    begins = tuple(fold(word) for word in BEGINNINGS)
    return [
        word
        for word in dict.fromkeys(words)
        if (plain := fold(word)) in telling
        or plain in whole
        or plain.removesuffix("s") in whole
        or plain.startswith(begins)
    ]


@cache
def _labels() -> frozenset[str]:
    return _words([*(one.label for one in PROFESSIONS.values()), *specialty_labels()])


def _words(labels: Iterable[str]) -> frozenset[str]:
    """The words of these labels that are long enough to mean something."""
    found = {fold(word) for label in labels for word in re.findall(r"[^\W\d_]+", label)}
    return frozenset(word for word in found if len(word) > 3 and word not in ORDINARY)
