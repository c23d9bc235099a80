"""What does a patient's SMS mean? Only what is said in so many words is acted on; all else a human reads.

Words are read without accents, case and punctuation, in the languages that texts are sent in. A word of alarm counts
wherever it stands: one alert too many costs a call, one too few a life.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping

from schemas.message import Meaning


def _plain(text: str) -> str:
    """Words without accents, case or punctuation, one space between: « C'est OUI ! » is « c est oui »."""
    bare = "".join(one for one in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(one))
    return " ".join(re.findall(r"\w+", bare.replace("ı", "i")))


def _all(*words: str) -> frozenset[str]:
    return frozenset(_plain(word) for word in words)


WHOLE: Mapping[Meaning, frozenset[str]] = {
    "yes": _all(
        *("oui", "ok", "d'accord", "je confirme", "confirmé", "c'est bon"),
        *("yes", "I confirm", "نعم", "اوكي", "sim", "confirmo", "evet", "tamam"),
    ),
    "no": _all("non", "no", "لا", "não", "hayır"),
    "cancel": _all(
        *("annuler", "annule", "annulez", "annulation", "j'annule", "je ne viens pas", "je ne viendrai pas"),
        *("cancel", "I cancel", "إلغاء", "الغاء", "cancelar", "cancelo", "iptal"),
    ),
    "stop": _all("stop", "arrêt", "arrêtez", "desinscrire", "unsubscribe"),
    "no_vehicle": _all(
        *("pas de voiture", "sans voiture", "je n'ai pas de voiture", "pas de véhicule", "sans véhicule"),
        *("je n'ai pas de véhicule", "je suis sans voiture", "je suis sans véhicule", "pas de permis", "no car"),
        *("I have no car", "لا سيارة", "ليس لدي سيارة", "sem carro", "não tenho carro", "arabam yok"),
    ),
}
"""The whole message, but for the polite words around it."""

POLITE = _all(
    *("bonjour", "bonsoir", "merci", "merci beaucoup", "svp", "s'il vous plaît", "madame", "monsieur", "docteur"),
    *("hello", "hi", "thanks", "thank you", "please", "شكرا", "مرحبا", "obrigado", "obrigada", "olá", "por favor"),
    *("teşekkürler", "merhaba", "lütfen", "bonne journée", "cordialement"),
)

ALARM = _all(
    *("respirer", "respire mal", "respire plus", "essoufflé", "essoufflée", "étouffe", "malaise", "poitrine"),
    *("évanoui", "évanouie", "inconscient", "inconsciente", "saigne", "hémorragie", "paralysé", "paralysée"),
    *(
        "convulsions",
        "convulse",
        "urgence",
        "urgent",
        "au secours",
        "suicide",
        "suicider",
        "mourir",
        "avc",
        "infarctus",
    ),
    *("chest", "breathe", "breathing", "unconscious", "bleeding", "emergency", "stroke", "help me"),
    *("تنفس", "صدر", "طوارئ", "نزيف", "respirar", "peito", "desmaiou", "sangra", "emergência"),
    *("nefes", "göğüs", "bayıldı", "kanama", "acil"),
)
"""Anywhere in the message (notifications of dispatch centres; ours where other languages are concerned)."""


def meaning(text: str) -> Meaning:
    """What is meant. Two meanings in one message, and whatever is not known, is `other`."""
    said = _plain(text)
    if any(_has(said, word) for word in ALARM):
        return "alarm"
    bare = _without(said, POLITE)
    found = [one for one, words in WHOLE.items() if bare in words]
    return found[0] if len(found) == 1 else "other"


def _has(said: str, words: str) -> bool:
    return f" {words} " in f" {said} "


def _without(said: str, words: Iterable[str]) -> str:
    """What is left when these words are taken from both ends, again and again."""
    while True:
        before = said
        for word in words:
            said = said.removeprefix(f"{word} ").removesuffix(f" {word}")
        if said == before:
            return said
