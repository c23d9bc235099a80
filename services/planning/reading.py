"""What do the files of requests and of slots say? Rows as values, and every mistake with its line and what to do."""

import csv
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import isfinite
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

from dispatcher.matching.open_slot import OpenSlot, Schedule, same
from dispatcher.planning.ground import Ask
from schemas.request import Need
from schemas.values import LONGEST, Mode, Place, SlotState
from services.reference.professions import profession_named
from services.reference.spelling import fold

REQUESTS = ("id", "profession", "lat", "lon", "urgency", "earliest", "deadline", "modes", "usual_practitioner")
SLOTS = ("id", "practitioner", "profession", "lat", "lon", "start", "minutes", "capacity", "modes")
ZONE = ZoneInfo("Europe/Paris")
"""Of moments written without their offset."""
EVERYBODY = "plan"
"""The one territory of the files."""
HOURS = {"1": 6, "2": 12, "3": 24, "u1": 6, "u2": 12, "u3": 24}
"""Within how many hours each degree of urgency wants to be seen; the engine's weights are 4, 2 and 1."""
MODES = {
    "office": Mode.OFFICE, "amb": Mode.OFFICE, "cabinet": Mode.OFFICE,
    "home": Mode.HOME, "hh": Mode.HOME, "domicile": Mode.HOME,
    "teleconsultation": Mode.TELE, "tele": Mode.TELE, "vr": Mode.TELE,
}  # fmt: skip
MOST_SEATS = 50
MOST_MISTAKES = 20
"""More would not be read; the rest is counted."""


class Unusable(Exception):
    """The files cannot be used. `mistakes` are lines for whoever mends them, in French."""

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__(mistakes[0])
        self.mistakes = mistakes


@dataclass(slots=True)
class Row:
    """One line of a file, and the mistakes found in it."""

    file: str
    line: int
    cells: dict[str, str]
    mistakes: list[str] = field(default_factory=list)

    def wrong(self, text: str) -> None:
        self.mistakes.append(f"{self.file}, ligne {self.line} : {text}")


T = TypeVar("T")


def read_requests(path: Path) -> list[Ask]:
    """The requests in the order of the file. Raises Unusable."""
    return _read(path, REQUESTS, _request)


def read_slots(path: Path) -> list[OpenSlot]:
    """The slots in the order of the file. Raises Unusable."""
    return _read(path, SLOTS, _slot)


def read_moment(text: str) -> datetime:
    """A moment of ISO 8601 as aware UTC; without an offset it is French time. Raises ValueError."""
    moment = datetime.fromisoformat(text.strip())
    return (moment if moment.tzinfo else moment.replace(tzinfo=ZONE)).astimezone(UTC)


def _read(path: Path, columns: tuple[str, ...], understand: Callable[[Row], T | None]) -> list[T]:
    found: list[T] = []
    mistakes: list[str] = []
    seen: dict[str, int] = {}
    for row in _rows(path, columns):
        name = row.cells["id"]
        if not name:
            row.wrong("l'identifiant (id) est vide. Donnez-lui un nom qui n'est à aucune autre ligne.")
        elif name in seen:
            row.wrong(f"l'identifiant « {name} » est déjà celui de la ligne {seen[name]}. Donnez-lui un autre nom.")
        seen.setdefault(name, row.line)
        value = understand(row)
        mistakes += row.mistakes
        if value is not None and not row.mistakes:
            found.append(value)
    if mistakes:
        raise Unusable(mistakes)
    if not found:
        raise Unusable([f"{path.name}, ligne 2 : le fichier n'a aucune ligne de données. Ajoutez-en au moins une."])
    return found


def _rows(path: Path, columns: tuple[str, ...]) -> Iterator[Row]:
    """The rows under the header, as text without spaces around. Raises Unusable when there is no table."""
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise Unusable([f"{path} : illisible. Donnez un fichier CSV en UTF-8 qui existe."]) from None
    lines = csv.reader(text.splitlines(), delimiter=_delimiter(text))
    header = [name.strip().lower() for name in next(lines, [])]
    if not any(header):
        raise Unusable([f"{path.name}, ligne 1 : le fichier est vide. Première ligne attendue : {','.join(columns)}"])
    missing = [name for name in columns if name not in header]
    if missing:
        needed = ", ".join(missing)
        raise Unusable(
            [f"{path.name}, ligne 1 : il manque la colonne {needed}. Première ligne attendue : {','.join(columns)}"]
        )
    for cells in lines:
        if any(cell.strip() for cell in cells):
            full = [*cells, *[""] * (len(header) - len(cells))]
            yield Row(path.name, lines.line_num, {name: full[at].strip() for at, name in enumerate(header)})


def _delimiter(text: str) -> str:
    """French spreadsheets write semicolons."""
    first = text.split("\n", 1)[0]
    return ";" if first.count(";") > first.count(",") else ","


def _request(row: Row) -> Ask | None:
    profession, place = _profession(row), _place(row)
    hours = HOURS.get(fold(row.cells["urgency"]))
    if hours is None:
        row.wrong(f"urgence « {row.cells['urgency']} » inconnue. Écrivez 1 (6 h), 2 (12 h) ou 3 (24 h).")
    earliest, deadline, modes = _moment(row, "earliest"), _moment(row, "deadline"), _modes(row)
    if earliest and deadline and deadline < earliest:
        row.wrong("l'échéance (deadline) est avant le début (earliest). Échangez-les ou corrigez l'une des deux.")
    if profession is None or place is None or hours is None or earliest is None or deadline is None or row.mistakes:
        return None
    need = Need(
        profession=profession, place=place, hours=hours, earliest=earliest, deadline=deadline, modes=modes,
        usual_practitioner=row.cells["usual_practitioner"] or None,
    )  # fmt: skip
    return Ask(row.cells["id"], need, EVERYBODY)


def _slot(row: Row) -> OpenSlot | None:
    profession, place, start, modes = _profession(row), _place(row), _moment(row, "start"), _modes(row)
    minutes, capacity = _whole(row, "minutes", 1, LONGEST), _whole(row, "capacity", 1, MOST_SEATS)
    if not row.cells["practitioner"]:
        row.wrong("le professionnel (practitioner) est vide. Écrivez son identifiant.")
    if profession is None or place is None or start is None or minutes is None or capacity is None or row.mistakes:
        return None
    state = SlotState(version=1, free=capacity, next_start=int(start.timestamp()))
    who = row.cells["practitioner"]
    schedule = same(Schedule(EVERYBODY, who, profession, place, minutes, capacity, modes))
    return OpenSlot(row.cells["id"], schedule, start, state)


def _profession(row: Row) -> str | None:
    try:
        return profession_named(row.cells["profession"]).code
    except ValueError as unknown:
        row.wrong(f"profession « {row.cells['profession']} » : {unknown}")
        return None


def _place(row: Row) -> Place | None:
    """Two rows at one position are in one place, with no way between them."""
    found = []
    for name, most in (("lat", 90.0), ("lon", 180.0)):
        try:
            degrees = float(row.cells[name].replace(",", "."))
        except ValueError:
            degrees = float("nan")
        if not isfinite(degrees) or abs(degrees) > most:
            row.wrong(
                f"coordonnée {name} « {row.cells[name]} » fausse. Écrivez des degrés entre -{most:.0f} et {most:.0f}."
            )
        found.append(degrees)
    if row.mistakes:
        return None
    lat, lon = found
    return Place(commune=f"{lat!r} {lon!r}", lat=lat, lon=lon)


def _moment(row: Row, name: str) -> datetime | None:
    try:
        return read_moment(row.cells[name])
    except (ValueError, OverflowError):
        row.wrong(f"moment {name} « {row.cells[name]} » illisible. Écrivez-le ainsi : 2026-01-05T09:00+01:00")
        return None


def _modes(row: Row) -> tuple[Mode, ...]:
    """In the order written; nothing written = at the office."""
    words = re.split(r"[|;,+/\s]+", fold(row.cells["modes"])) if row.cells["modes"] else ["office"]
    unknown = [word for word in words if word not in MODES]
    if unknown:
        row.wrong(f"mode « {unknown[0]} » inconnu. Écrivez office, home ou teleconsultation, séparés par |.")
    return tuple(dict.fromkeys(MODES[word] for word in words if word in MODES))


def _whole(row: Row, name: str, least: int, most: int) -> int | None:
    text = row.cells[name]
    if not re.fullmatch(r"\d+", text) or not least <= int(text) <= most:
        row.wrong(f"{name} « {text} » faux. Écrivez un nombre entier de {least} à {most}.")
        return None
    return int(text)
