"""What moment do these French words mean, and how is a moment said? At the edges, in the territory's zone."""

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from services.reference.spelling import fold

WEEKDAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
# fmt: off
MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin",
    "juillet", "août", "septembre", "octobre", "novembre", "décembre",
)
# fmt: on
DAY_BEGINS = time(8)  # the hour of a day named without one: the out-of-hours night ends at 8 (CSP R6315-1)
PARTS = {"matin": time(9), "midi": time(12), "apres-midi": time(14), "aprem": time(14), "soir": time(19)}
# A day without a year is the next one, but not beyond half a year: then it is rather one that has passed.
NEXT_YEAR_WITHIN = timedelta(days=183)
FARTHEST = timedelta(days=731)
LONGEST_TEXT = 60  # signs

NOT_READ = "Cette date n'est pas comprise. Écrivez par exemple « demain 14h », « lundi 9h30 » ou « 15/12 8h »."
TOO_FAR = "Cette date est trop lointaine : choisissez un jour dans les deux ans."
PASSED = "Ce moment est passé. Écrivez une date à venir, par exemple « demain 14h »."
YEAR_MISSING = "Ce jour est passé. Écrivez une date à venir, ou ajoutez l'année pour l'an prochain."
HOUR_MISSING = "Ajoutez l'heure, par exemple « aujourd'hui 18h »."
MIDNIGHT = "Minuit se comprend de deux façons. Écrivez « demain 0h » ou « aujourd'hui 23h59 »."
WRONG_MINUTE = "Une heure a soixante minutes. Écrivez par exemple « demain 9h30 »."

_HOUR = re.compile(r"(?:\b(?:a|vers) )?(?<!\d)(\d{1,3}) ?(?:heures?|h|:) ?(\d{2})?(?: ?(?:mn|min|minutes?))?$")
_PART = re.compile(r"(?:\b(?:ce|le|cet|a) )?\b(matin|midi|apres-midi|aprem|soir)$")
_DELAY = re.compile(r"dans (\d{1,3}|une?) ?(h(?:eures?)?|min(?:utes?)?|mn|j(?:ours?)?|semaines?) ?(\d{2})?")
_ISO = re.compile(r"(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})")
_NUMERIC = re.compile(r"(?P<day>\d{1,2})[/.-](?P<month>\d{1,2})(?:[/.-](?P<year>\d{4}|\d{2}))?")
_NAMED = re.compile(r"(?P<day>\d{1,2})(?:er)? (?P<name>[a-z]{3,9})\.?(?: (?P<year>\d{4}))?")
_RELATIVE = {"": 0, "aujourd'hui": 0, "aujourd hui": 0, "auj": 0, "ajd": 0, "ce jour": 0}
_RELATIVE |= {"demain": 1, "dem": 1, "apres-demain": 2}


def parse_when(text: str, *, now: datetime, zone: ZoneInfo) -> datetime:
    """The moment (aware UTC) that French words mean to someone in `zone` at `now` (aware).

    Understood: "demain 14h", "lun 9h30", "lundi prochain 9h", "15/12", "15/12/2026 8h", "lundi 15 décembre
    à 9 h 30", "18h" (today), "ce soir" (19 h), "après-demain matin" (9 h), "dans 3h" (elapsed time), "dans
    2 jours" (same hour there), and whatever `say_when` says. A day without an hour is 8 h. A weekday is the
    next to come, today included while its hour is ahead. An hour that comes twice (end of summer time) is the
    first still ahead. Never before the minute of `now`. Raises ValueError with a French sentence that says
    what to write instead: not understood, impossible, past, beyond two years, or skipped by summer time.
    """
    _must_be_aware(now)
    words, here = _normal(text), now.astimezone(zone).replace(second=0, microsecond=0)
    if words in ("maintenant", "tout de suite"):
        return now.astimezone(UTC)
    if words.startswith("dans "):
        return _after_delay(words, here)
    day_words, hour = _hour_of(words)
    day = _day(day_words, here, hour)
    if hour is None and day == here.date() and here.time() > DAY_BEGINS:
        raise ValueError(HOUR_MISSING)
    passed = PASSED
    if hour is not None and not day_words and not _PART.search(words):
        said = say_hour(hour).replace(" ", "")
        passed = f"Il est plus de {say_hour(hour)}. Écrivez « demain {said} », ou « dans {said} » pour un délai."
    return _moment(day, hour or DAY_BEGINS, here, passed)


def parse_day(text: str, *, now: datetime, zone: ZoneInfo) -> date:
    """The day that French words ("lundi", "15/12", "2026-12-15") mean to someone in `zone` at `now`. Raises ValueError
    with a French sentence that says what to write instead."""
    return _day(_normal(text), now.astimezone(zone), time(23, 59))


def parse_hour(text: str) -> time:
    """The hour of the day that "9h", "9 h 30", "09:30", "midi" or "9" mean. Raises ValueError as `parse_when` does."""
    words = _normal(text)
    rest, hour = _hour_of(f"{words}h" if words.isdigit() else words)
    if rest or hour is None:
        raise ValueError(NOT_READ)
    return hour


def say_when(moment: datetime, *, now: datetime, zone: ZoneInfo) -> str:
    """The moment in words, to someone in `zone` at `now` (both aware).

    "aujourd'hui à 14 h 20", "demain à 9 h", "lundi 30 novembre à 9 h 30". Seconds are dropped. The year is
    said of a day that has passed or is more than half a year away.
    """
    _must_be_aware(moment)
    _must_be_aware(now)
    there, today = moment.astimezone(zone), now.astimezone(zone).date()
    away = there.date() - today
    if away in (timedelta(0), timedelta(days=1)):
        day = "demain" if away else "aujourd'hui"
    elif timedelta(0) < away <= NEXT_YEAR_WITHIN:
        day = say_day(there.date())
    else:
        day = f"{say_day(there.date())} {there.year}"
    return f"{day} à {say_hour(there.time())}"


def say_day(day: date) -> str:
    """The day in full, without its year: "lundi 30 novembre", "vendredi 1er janvier"."""
    return f"{WEEKDAYS[day.weekday()]} {'1er' if day.day == 1 else day.day} {MONTHS[day.month - 1]}"


def say_hour(hour: time) -> str:
    """The hour as French writes it: "9 h", "14 h 20", "9 h 05"."""
    return f"{hour.hour} h {hour.minute:02d}" if hour.minute else f"{hour.hour} h"


def _must_be_aware(moment: datetime) -> None:
    if moment.utcoffset() is None:
        raise ValueError("A moment must be aware of its time zone.")


def _normal(text: str) -> str:
    """The words folded, with single spaces, without those that may be left out."""
    if len(text) > LONGEST_TEXT or not text.strip():
        raise ValueError(NOT_READ)
    words = re.sub(r"(\d)t(\d)", r"\1 \2", fold(text).replace("’", "'"))  # 2026-12-15T08:00
    words = re.sub(r"[\s,]+", " ", words).strip(" .!")
    words = re.sub(r"\bapres[ -](midi|demain)\b", r"apres-\1", words)
    words = re.sub(r"\b(?:une )?demi[ -]heure\b", "30 min", words)
    if "minuit" in words:
        raise ValueError(MIDNIGHT)
    return re.sub(r"^(?:le|pour|des) ", "", words)


def _after_delay(words: str, here: datetime) -> datetime:
    """Hours and minutes are elapsed time, whatever the clocks do; days and weeks keep the hour of the day."""
    said = _DELAY.fullmatch(words)
    if said is None or (said[3] and said[2][0] != "h"):
        raise ValueError(NOT_READ)
    count = 1 if said[1].startswith("un") else int(said[1])
    if said[2][0] in "hm":
        delay = timedelta(hours=count) if said[2][0] == "h" else timedelta(minutes=count)
        return here.astimezone(UTC) + delay + timedelta(minutes=int(said[3] or 0))
    day = here.date() + timedelta(days=count * (7 if said[2][0] == "s" else 1))
    return _moment(day, here.time(), here, PASSED)


def _hour_of(words: str) -> tuple[str, time | None]:
    """The words of the day, and the hour said after them. "demain soir 8h" is 20 h."""
    said = _HOUR.search(words)
    if said is None:
        part = _PART.search(words)
        return (words[: part.start()].strip(), PARTS[part[1]]) if part else (words, None)
    hour, minute, rest = int(said[1]), int(said[2] or 0), words[: said.start()].strip()
    if hour > 23:
        raise ValueError(
            f"{hour} h n'est pas une heure de la journée. Écrivez « dans {hour}h » pour un délai, "
            "« demain 0h » pour minuit."
        )
    if minute > 59:
        raise ValueError(WRONG_MINUTE)
    if part := _PART.search(rest):
        rest = rest[: part.start()].strip()
        hour += 12 if part[1] in ("soir", "apres-midi", "aprem") and hour < 12 else 0
    return rest, time(hour, minute)


def _day(words: str, here: datetime, hour: time | None) -> date:
    """The day these words name, seen from `here`; today when there is only an hour."""
    today = here.date()
    if words in _RELATIVE and (words or hour is not None):
        return today + timedelta(days=_RELATIVE[words])
    first, _, rest = words.partition(" ")
    weekday = next((at for at, name in enumerate(WEEKDAYS) if first.rstrip(".") in (name, name[:3])), None)
    if weekday is None:
        return _dated(words, today)
    if rest in ("", "prochain"):
        ahead = (weekday - today.weekday()) % 7
        gone = rest == "prochain" or (hour or DAY_BEGINS) < here.time()
        return today + timedelta(days=7 if ahead == 0 and gone else ahead)
    day = _dated(rest, today)
    if day.weekday() != weekday:
        raise ValueError(f"Ce jour-là est un {WEEKDAYS[day.weekday()]} : vérifiez le jour ou la date.")
    return day


def _dated(words: str, today: date) -> date:
    """The day of "15/12", "15/12/26", "2026-12-15", "15 décembre", "1er janvier 2027"."""
    said = _ISO.fullmatch(words) or _NUMERIC.fullmatch(words) or _NAMED.fullmatch(words)
    if said is None:
        raise ValueError(NOT_READ)
    part = said.groupdict()
    month = int(part["month"]) if "month" in part else _month(part["name"])
    day, year = int(part["day"]), part["year"]
    if year is not None:
        return _real_date(int(year) + (2000 if len(year) == 2 else 0), month, day)
    try:
        found = _real_date(today.year, month, day)
    except ValueError:
        return _real_date(today.year + 1, month, day)  # 29 February, said the year before
    if found >= today:
        return found
    next_year = _real_date(today.year + 1, month, day)
    if next_year - today > NEXT_YEAR_WITHIN:
        raise ValueError(YEAR_MISSING)
    return next_year


def _month(name: str) -> int:
    found = [at for at, month in enumerate(MONTHS, 1) if fold(month).startswith(name)]
    if len(found) != 1:  # "jui" is June or July
        raise ValueError(NOT_READ)
    return found[0]


def _real_date(year: int, month: int, day: int) -> date:
    if not 1 <= month <= 12:
        raise ValueError("Il y a douze mois. Écrivez le jour puis le mois, par exemple « 15/12 ».")
    try:
        return date(year, month, day)
    except ValueError:
        named = f"{day} {MONTHS[month - 1]}"
        raise ValueError(f"Le {named} n'existe pas cette année-là. Vérifiez le jour et le mois.") from None


def _moment(day: date, hour: time, here: datetime, passed: str) -> datetime:
    """That hour of that day where `here` is, in UTC; ValueError in words, `passed` when it is past."""
    if day < here.date():
        raise ValueError(PASSED)
    if day - here.date() > FARTHEST:
        raise ValueError(TOO_FAR)
    local = datetime.combine(day, hour, tzinfo=here.tzinfo)
    shown = local.astimezone(UTC).astimezone(here.tzinfo)
    if shown.replace(tzinfo=None) != local.replace(tzinfo=None):
        raise ValueError(
            f"{say_hour(hour)} n'existe pas cette nuit-là : les horloges avancent. Écrivez {say_hour(shown.time())}."
        )
    floor = here.astimezone(UTC)
    for moment in (local.astimezone(UTC), local.replace(fold=1).astimezone(UTC)):
        if moment >= floor:
            return moment
    raise ValueError(passed)
