"""Which words? One text per kind and language; in an SMS no health data, no name."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from notifications.segments import to_gsm7
from notifications.texts import DAYS, TEXTS, UNICODE


@dataclass(frozen=True, slots=True)
class Facts:
    """What a text may say: the organisation, a moment, a link, a phone number to call."""

    org: str
    moment: datetime
    link: str
    phone: str


def render(kind: str, language: str, facts: Facts, zone: ZoneInfo) -> str:
    """The text in the person's language (else French), in the territory's time, within GSM-7 where its letters allow
    it. Raises KeyError for an unknown kind: a programming error."""
    texts = TEXTS[kind]
    spoken = language if language in texts else "fr"
    local = facts.moment.astimezone(zone)
    day = f"{DAYS[spoken][local.weekday()]} {local.day:02d}/{local.month:02d}"
    hour = f"{local.hour}h{local.minute:02d}" if spoken == "fr" else f"{local.hour}:{local.minute:02d}"
    said = texts[spoken].format(org=facts.org, day=day, time=hour, link=facts.link, phone=facts.phone)
    return said if spoken in UNICODE else to_gsm7(said)
