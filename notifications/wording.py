"""Which words? One text per kind and language; in an SMS no health data, no name, nothing outside GSM-7."""

import unicodedata
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

TEXTS: dict[str, dict[str, str]] = {
    "booked": {
        "fr": "{org} : rendez-vous {day} à {time}. Voir, confirmer ou annuler : {link}",
        "en": "{org}: appointment {day} at {time}. See, confirm or cancel: {link}",
    },
    "moved": {
        "fr": "{org} : nouveau rendez-vous {day} à {time} (l'ancien est annulé). Voir : {link}",
        "en": "{org}: new appointment {day} at {time} (the old one is cancelled). See: {link}",
    },
    "promised": {
        "fr": "{org} : place assurée avant {day} {time}. L'heure suit par SMS. Voir : {link}",
        "en": "{org}: place kept before {day} {time}. The hour follows by SMS. See: {link}",
    },
    "sought_no_more": {
        "fr": "{org} : votre demande est annulée. En cas de besoin, appelez le {phone}.",
        "en": "{org}: your request is cancelled. If you need care, call {phone}.",
    },
    "cancelled": {
        "fr": "{org} : rendez-vous {day} à {time} annulé. Nous en cherchons un autre : {link}",
        "en": "{org}: appointment {day} at {time} cancelled. We are seeking another: {link}",
    },
    "withdrawn": {
        "fr": "{org} : le rendez-vous {day} à {time} est annulé. En cas de besoin, appelez le {phone}.",
        "en": "{org}: the appointment {day} at {time} is cancelled. If you need care, call {phone}.",
    },
    "new_patient": {"fr": "{org} : un patient {day} à {time}. Détails : {link}"},
    "seat_freed": {"fr": "{org} : le patient {day} à {time} ne vient plus ; ce temps est libre. {link}"},
    "slot_returned": {"fr": "{org} : personne {day} à {time}, ce temps vous est rendu. {link}"},
    "call": {"fr": "{org} : des places manquent d'ici {day} {time}. Ouvrir un créneau aiderait : {link}"},
    "offer": {"fr": "{org} : un patient à voir {day} à {time}. Dire oui ou non : {link}"},
    "offer_taken": {"fr": "{org} : un confrère voit le patient proposé {day} à {time}. Merci, rien à faire."},
    "offer_withdrawn": {"fr": "{org} : le patient proposé {day} à {time} n'attend plus. Merci, rien à faire."},
    "offer_lost": {"fr": "{org} : {day} à {time} n'est plus libre, le patient est reproposé. {link}"},
    "alarm": {"fr": "{org} : alarme technique {day} à {time}, à voir sans attendre : {link}"},
    "escalated": {"fr": "{org} : une demande reste sans place, échéance {day} à {time}. À traiter : {link}"},
}
"""Typed by hand, one segment each: 38 signs of name and 30 of address fit. Placeholders: org, day, time, link, phone"""

DAYS = {
    "fr": ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}

GSM7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM7_ESCAPED = frozenset("^{}\\[~]|€")
"""Those count for two."""
DOWNGRADE = {
    "’": "'",
    "œ": "oe",
    "Œ": "OE",
    "…": "...",
    "–": "-",
    "—": "-",
    "«": '"',
    "»": '"',
    "\u00a0": " ",
    "\u202f": " ",
    "ç": "c",
}


@dataclass(frozen=True, slots=True)
class Facts:
    """What a text may say: the organisation, a moment, a link, a phone number to call."""

    org: str
    moment: datetime
    link: str
    phone: str


def render(kind: str, language: str, facts: Facts, zone: ZoneInfo) -> str:
    """The text in the person's language (else French), in the territory's time, within GSM-7. Raises KeyError for an
    unknown kind: a programming error."""
    texts = TEXTS[kind]
    spoken = language if language in texts else "fr"
    local = facts.moment.astimezone(zone)
    day = f"{DAYS[spoken][local.weekday()]} {local.day:02d}/{local.month:02d}"
    hour = f"{local.hour}h{local.minute:02d}" if spoken == "fr" else f"{local.hour}:{local.minute:02d}"
    said = texts[spoken].format(org=facts.org, day=day, time=hour, link=facts.link, phone=facts.phone)
    return to_gsm7(said)


def to_gsm7(text: str) -> str:
    """The text with nothing outside GSM-7: one ê would make 160 characters 70 (é, è, à, ù are inside)."""
    said = "".join(DOWNGRADE.get(letter, letter) for letter in text)
    return "".join(letter if letter in GSM7 or letter in GSM7_ESCAPED else _plain(letter) for letter in said)


def segments(text: str) -> int:
    """How many SMS a GSM-7 text is: 160 septets, or 153 each when there are several."""
    septets = sum(2 if letter in GSM7_ESCAPED else 1 for letter in text)
    return 1 if septets <= 160 else -(-septets // 153)


def _plain(letter: str) -> str:
    stripped = "".join(c for c in unicodedata.normalize("NFD", letter) if not unicodedata.combining(c))
    return stripped if stripped and all(c in GSM7 for c in stripped) else "?"
