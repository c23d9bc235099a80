"""How are a moment, a delay and a deadline said to people? French with its no-break spaces, or English."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

NB = "\u00a0"
"""The no-break space French puts before « h », « : » and inside « »: a number stays with its unit."""

_DAYS = {
    "fr": ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}
_MONTHS = {
    "fr": (
        *("janvier", "février", "mars", "avril", "mai", "juin", "juillet"),
        *("août", "septembre", "octobre", "novembre", "décembre"),
    ),
    "en": (
        *("January", "February", "March", "April", "May", "June", "July"),
        *("August", "September", "October", "November", "December"),
    ),
}
_NEAR = {
    "fr": {-1: "hier", 0: "aujourd’hui", 1: "demain"},
    "en": {-1: "yesterday", 0: "today", 1: "tomorrow"},
}

SOON, HOT = timedelta(hours=4), timedelta(hours=1)
"""Below these a deadline is shown as near (▲) and as urgent (⚠)."""


@dataclass(frozen=True, slots=True)
class Countdown:
    """A deadline seen from now: `level` picks the colour, `mark` the icon, `words` say it: all three."""

    level: str
    mark: str
    words: str


_BEFORE, _AFTER = re.compile(r" ([:;!?»])"), re.compile(r"« ")


def french(text: str) -> str:
    """The text with its no-break spaces: before « : ; ! ? » and inside « guillemets »."""
    return _AFTER.sub(f"«{NB}", _BEFORE.sub(rf"{NB}\1", text))


def say_time(at: datetime, zone: ZoneInfo, language: str = "fr") -> str:
    """ "14 h 05", "9 h"; in English "14:05". `at` is aware."""
    local = at.astimezone(zone)
    if language == "en":
        return f"{local.hour}:{local.minute:02d}"
    return f"{local.hour}{NB}h" + (f"{NB}{local.minute:02d}" if local.minute else "")


def say_day(at: datetime, zone: ZoneInfo, now: datetime, language: str = "fr", *, near: bool = True) -> str:
    """ "aujourd’hui", "demain", else "lundi 23 novembre", with the year when it is not this one's."""
    day, today = at.astimezone(zone).date(), now.astimezone(zone).date()
    word = _NEAR[language].get((day - today).days) if near else None
    if word:
        return word
    number = f"1{'er' if language == 'fr' else ''}" if day.day == 1 else str(day.day)
    said = f"{_DAYS[language][day.weekday()]} {number}{NB}{_MONTHS[language][day.month - 1]}"
    return said if day.year == today.year else f"{said} {day.year}"


def say_month(at: datetime, zone: ZoneInfo, language: str = "fr") -> str:
    """ "novembre 2026"; in English "November 2026"."""
    local = at.astimezone(zone)
    return f"{_MONTHS[language][local.month - 1]}{NB}{local.year}"


def say_when(at: datetime, zone: ZoneInfo, now: datetime, language: str = "fr", *, near: bool = True) -> str:
    """ "demain à 14 h 05", "lundi 23 novembre à 9 h"; in English "tomorrow at 14:05"."""
    joint = f"at{NB}" if language == "en" else f"à{NB}"
    return f"{say_day(at, zone, now, language, near=near)} {joint}{say_time(at, zone, language)}"


def say_delay(minutes: int) -> str:
    """Whole minutes as "45 min", "3 h", "3 h 05", "2 j 4 h"."""
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{rest}{NB}min"
    if hours < 48:
        return f"{hours}{NB}h{NB}{rest:02d}" if rest else f"{hours}{NB}h"
    return f"{hours // 24}{NB}j{NB}{hours % 24}{NB}h"


def countdown(deadline: datetime, now: datetime) -> Countdown:
    """What is left before a deadline. The page's own clock (static/js/clock.js) follows the same rule."""
    minutes = int((deadline - now).total_seconds() // 60)
    if minutes < 0:
        return Countdown("late", "octagon-alert", f"dépassée de {say_delay(-minutes)}")
    words = f"dans {say_delay(minutes)}"
    if timedelta(minutes=minutes) < HOT:
        return Countdown("hot", "triangle-alert", words)
    return Countdown("soon", "triangle", words) if timedelta(minutes=minutes) < SOON else Countdown("", "clock", words)


def say_phone(number: str) -> str:
    """A French number in pairs: "+33639981234" is "06 39 98 12 34". Another text stays as it is."""
    digits = "".join(sign for sign in number if sign.isdigit())
    if number.startswith("+33") and len(digits) == 11:
        digits = f"0{digits[2:]}"
    if len(digits) != 10 or not digits.startswith("0"):
        return number
    return NB.join(digits[at : at + 2] for at in range(0, 10, 2))
