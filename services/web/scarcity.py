"""How is it said where one seat more would help most, and where seats will be short? Sentences and a small table."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from dispatcher.matching.ranking import MISS
from schemas.scarcity import Price, Scarcity, Shortage
from services.reference.communes import Communes
from services.web.saying import NB, say_day, say_delay, say_time
from services.web.views import Json, name_of, profession_label, show_moment

SAID = 6
"""Sentences on the page."""
LEAST = 30
"""Minutes below which a seat more is not worth a sentence."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """One profession's next 24 h in words: `look`, `mark` and `words` say the same."""

    profession: str
    asked: int
    open: int
    look: str
    mark: str
    words: str


def worth_saying(prices: Iterable[Price], now: datetime, zone: ZoneInfo) -> list[Price]:
    """The highest price of each profession and day, the highest first: its neighbours in place and time say the same,
    and once one seat is opened they are worth less. What is past is left out."""
    best: dict[tuple[str, object], Price] = {}
    for price in prices:
        if price.hour > now and price.minutes >= LEAST:
            key = (price.profession, price.hour.astimezone(zone).date())
            if key not in best or price.minutes > best[key].minutes:
                best[key] = price
    return sorted(best.values(), key=lambda one: -one.minutes)[:SAID]


def say_price(price: Price, zone: ZoneInfo, now: datetime, communes: Communes) -> str:
    """« Une place d’orthophoniste demain vers 10 h à Graulhet : environ 3 h d’attente évitées »."""
    when = f"{say_day(price.hour, zone, now)} vers {say_time(price.hour, zone)}"
    where = _at(name_of(price.commune, communes))
    return f"Une place {_of(profession_label(price.profession))} {when} {where}{NB}: {_gain(price.minutes)}"


def say_shortage(one: Shortage) -> Outlook:
    """The row of the table."""
    short = round(one.short)
    look, mark, words = "ok", "check", "assez de places"
    if short:
        look, mark = "late", "triangle-alert"
        words = f"environ {short}{NB}patient{'s' if short > 1 else ''} sans place à temps"
    return Outlook(profession_label(one.profession), round(one.asked), one.open, look, mark, words)


def say_unknown(found: Scarcity) -> str:
    """The professions of which nothing can be forecast yet, by name."""
    return ", ".join(profession_label(code) for code in found.unknown)


def show_price(price: Price, communes: Communes) -> Json:
    return price.model_dump(exclude={"hour"}) | {
        "profession_name": profession_label(price.profession),
        "commune_name": name_of(price.commune, communes),
        "hour": show_moment(price.hour),
    }


def show_shortage(one: Shortage) -> Json:
    return one.model_dump() | {"profession_name": profession_label(one.profession)}


def _of(profession: str) -> str:
    """« de pharmacien·ne », « d’orthophoniste »."""
    name = profession[:1].lower() + profession[1:]
    return f"d’{name}" if name[:1] in "aeiouyéèêh" else f"de {name}"


def _at(commune: str) -> str:
    """« à Graulhet », « au Garric », « aux Cabannes »."""
    for article, joined in (("Le ", "au "), ("Les ", "aux ")):
        if commune.startswith(article):
            return joined + commune.removeprefix(article)
    return f"à {commune}"


def _gain(minutes: int) -> str:
    """What it would spare: from half the worth of a miss on, somebody would have no place at all otherwise."""
    if minutes >= MISS // 2:
        return "sans doute un patient de plus vu à temps"
    step = 15 if minutes < 120 else 30 if minutes < 360 else 60
    return f"environ {say_delay(step * round(minutes / step))} d’attente évitées"
