"""Which words? One text per kind and language, a territory's own where it has one; no health data, no name."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from string import Formatter
from typing import Literal
from zoneinfo import ZoneInfo

from notifications.segments import segments, to_gsm7
from notifications.texts import DAYS, TEXTS, UNICODE

PLACEHOLDERS = {
    "org": "le nom du territoire",
    "day": "le jour, « mercredi 30/09 »",
    "time": "l’heure, « 10h30 »",
    "link": "le lien vers la page",
    "phone": "le numéro à appeler",
}
"""What may stand between braces, and what it becomes."""
ALWAYS = frozenset({"org", "phone"})
"""True in every message; the others only where the text as delivered says them."""
FIXED = frozenset({"call_15"})
"""Nobody rewords whom to call when it is serious."""
MOST_SMS = 3
"""SMS a text may be at its longest: what Arabic takes."""
LONGEST = 600
_LATE = datetime(2026, 12, 21, 22, 30, tzinfo=UTC)
"""A Monday; its day, month and hour have two digits, and so have those of the six days after."""

OwnTexts = Mapping[tuple[str, str], str]
"""A territory's own texts, by kind and language."""
Wrong = Literal["fixed", "braces", "unknown", "missing", "long"]


@dataclass(frozen=True, slots=True)
class Facts:
    """What a text may say: the organisation, a moment, a link, a phone number to call."""

    org: str
    moment: datetime
    link: str
    phone: str


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a text cannot be used; `name` = the placeholder, or the number of SMS."""

    why: Wrong
    name: str = ""


def render(kind: str, language: str, facts: Facts, zone: ZoneInfo, own: OwnTexts | None = None) -> str:
    """The text in the person's language (else French), in the territory's time and words, within GSM-7 where its
    letters allow it. Raises KeyError for an unknown kind: a programming error."""
    texts = TEXTS[kind]
    spoken = language if language in texts else "fr"
    local = facts.moment.astimezone(zone)
    day = f"{DAYS[spoken][local.weekday()]} {local.day:02d}/{local.month:02d}"
    hour = f"{local.hour}h{local.minute:02d}" if spoken == "fr" else f"{local.hour}:{local.minute:02d}"
    text = (own or {}).get((kind, spoken), texts[spoken])
    said = text.format(org=facts.org, day=day, time=hour, link=facts.link, phone=facts.phone)
    return said if spoken in UNICODE else to_gsm7(said)


def needed(kind: str, language: str) -> tuple[str, ...]:
    """The placeholders that a text of this kind must have: those of the text as delivered."""
    return _names(TEXTS[kind][language])


def longest(kind: str, language: str, text: str, facts: Facts) -> str:
    """How a text looks with the longest day and hour: the most SMS it can be. Its placeholders must be right."""
    own, zone = {(kind, language): text}, ZoneInfo("UTC")
    week = (replace(facts, moment=_LATE + timedelta(days=days)) for days in range(7))
    return max((render(kind, language, one, zone, own) for one in week), key=lambda said: (segments(said), len(said)))


def faults(kind: str, language: str, text: str, facts: Facts) -> list[Fault]:
    """Everything that is wrong with a text of one's own, the placeholders by name. None = it can be used."""
    if kind in FIXED:
        return [Fault("fixed")]
    try:
        names = _names(text)
    except ValueError:
        return [Fault("braces")]
    must = needed(kind, language)
    found = [Fault("unknown", name) for name in names if name not in ALWAYS | set(must)]
    found += [Fault("missing", name) for name in must if name not in names]
    if not found and (count := segments(longest(kind, language, text, facts))) > MOST_SMS:
        found.append(Fault("long", str(count)))
    return found


def _names(text: str) -> tuple[str, ...]:
    """The placeholders, each once. Raises ValueError for a brace that stands alone, and for anything but a name."""
    names: dict[str, None] = {}
    for said, name, form, conversion in Formatter().parse(text):
        if form or conversion or name == "" or "{" in said or "}" in said:
            raise ValueError("a placeholder is a name between braces")
        if name is not None:
            names[name] = None
    return tuple(names)
