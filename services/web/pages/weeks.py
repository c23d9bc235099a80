"""How does a practitioner's week that repeats read? In one line, with what it takes to change it."""

import json
from dataclasses import dataclass
from datetime import date, time

from sqlalchemy.ext.asyncio import AsyncConnection

from availability import members, patterns
from availability.agenda import Practice
from availability.agenda_weeks import Pattern
from availability.store import PractitionerRow
from schemas.values import Visibility
from services.reference.communes import Communes
from services.reference.dates import WEEKDAYS
from services.web.api.weeks import show_week
from services.web.render import HOW, plural
from services.web.saying import NB, say_delay
from services.web.views import name_of

SHOWN = {
    Visibility.OWN: "mes patients",
    Visibility.CPTS: "CPTS",
    Visibility.SNP: "SAS (SNP)",
    Visibility.PRO: "professionnels (PRO)",
    Visibility.PUBLIC: "public (PUBLIC)",
}


@dataclass(frozen=True, slots=True)
class ShownWeek:
    """One week in words, and `json` for the form that changes it."""

    id: str
    days: str
    hours: str
    more: str
    json: str


async def places_of(db: AsyncConnection, who: PractitionerRow, communes: Communes) -> dict[str, str]:
    """The places of practice, by key, "" = the main one, which comes first."""
    main = Practice(commune=who.commune, address=who.address)
    further = (await members.practices(db, [who.id])).get(who.id, ())
    return {"": say_place(main, communes)} | {one.key: say_place(one, communes) for one in further}


def say_place(place: Practice, communes: Communes) -> str:
    """« 3 quai Neuf, Gaillac »."""
    return ", ".join(part for part in (place.address, name_of(place.commune, communes)) if part)


async def weeks_of(db: AsyncConnection, who: PractitionerRow, communes: Communes) -> list[ShownWeek]:
    """The practitioner's weeks that repeat."""
    return [
        ShownWeek(
            row.pattern_id,
            ", ".join(WEEKDAYS[day][:3] + "." for day in sorted(row.pattern.days)),
            f"{_hour(row.pattern.begins)} – {_hour(row.pattern.ends)}",
            ", ".join(_more(row.pattern, communes)),
            json.dumps(_typed(show_week(row))),
        )
        for row in await patterns.of(db, who.id)
    ]


def _more(pattern: Pattern, communes: Communes) -> list[str]:
    said = [say_delay(pattern.minutes), *(HOW[mode] for mode in pattern.modes), SHOWN[pattern.audience.visibility]]
    if pattern.place is not None:
        said.append(say_place(pattern.place, communes))
    if pattern.capacity > 1:
        said.append(plural(pattern.capacity, "patient"))
    if pattern.own_share:
        said.append(f"{pattern.own_share}{NB}% pour mes patients")
    if pattern.every > 1:
        said.append(f"toutes les {pattern.every}{NB}semaines")
    if pattern.audience.freeze:
        said.append(f"figé {say_delay(pattern.audience.freeze)} avant")
    if pattern.out_of_hours:
        said.append("nuits, dimanches et jours fériés aussi")
    if pattern.until:
        said.append(f"jusqu’au {_day(pattern.until)}")
    if pattern.without:
        said.append(f"sauf {plural(len(pattern.without), 'jour')}")
    return said


def _typed(week: dict[str, object]) -> dict[str, object]:
    """The week as one would type it."""
    return week | {name: str(week[name])[:5] for name in ("begins", "ends")}


def _hour(at: time) -> str:
    return f"{at.hour}{NB}h" + (f"{NB}{at.minute:02d}" if at.minute else "")


def _day(day: date) -> str:
    return f"{day.day:02d}/{day.month:02d}"
