"""What time is it there, and is it a public holiday? By département or overseas collectivity."""

from datetime import date
from functools import cache

import holidays

from services.reference.data import read_table

METROPOLIS = "Europe/Paris"
_WHOLE_METROPOLIS = "metropole"
_ALSACE = frozenset({"67", "68"})  # the library knows Alsace as 6AE, and the Moselle by its number


def zone_of(departement: str) -> str:
    """The IANA time zone of a département ("81", "2A") or collectivity ("974", "987").

    French Polynesia has the hour of Tahiti here: a territory of the Marquesas or Gambier names its own zone.
    Raises ValueError, in French, for a code that has none.
    """
    return _known(departement)[0]


def is_holiday(day: date, departement: str) -> bool:
    """Whether `day` is a public holiday there: Alsace-Moselle and each overseas collectivity have their own.

    Good Friday in Alsace-Moselle counts everywhere (the law says: communes with a Protestant church).
    Raises ValueError, in French, for an unknown code.
    """
    return day in _calendar(_subdivision(departement))


def _subdivision(departement: str) -> str | None:
    holiday_zone = _known(departement)[1]
    if holiday_zone == _WHOLE_METROPOLIS:
        return None
    if holiday_zone == "alsace-moselle":
        return "6AE" if departement in _ALSACE else departement
    return holiday_zone


@cache
def _calendar(subdivision: str | None) -> holidays.HolidayBase:
    return holidays.country_holidays("FR", subdiv=subdivision)


def _known(departement: str) -> tuple[str, str]:
    known = _table().get(departement)
    if known is None:
        raise ValueError("Département inconnu : écrivez son numéro, par exemple 81, 2A ou 974.")
    return known


@cache
def _table() -> dict[str, tuple[str, str]]:
    """Code to (time zone, holiday zone). The table's first row stands for 01 to 95 without Corsica."""
    table: dict[str, tuple[str, str]] = {
        f"{number:02d}": (METROPOLIS, _WHOLE_METROPOLIS) for number in range(1, 96) if number != 20
    }
    for row in read_table("fuseaux_et_zones_feriees.csv"):
        if " hors " not in row["departement_collectivite"]:
            for code in row["departement_collectivite"].split():
                table[code] = (row["fuseau_iana"], row["zone_feriee"])
    return table
