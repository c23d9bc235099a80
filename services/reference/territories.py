"""Which territories are there, and is a community's own file right? Shipped and imported CPTS."""

import csv
import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from schemas.territory import Territory
from services.reference.communes import load_communes
from services.reference.data import read_table
from services.reference.professions import PROFESSIONS
from services.reference.spelling import fold
from services.reference.zones import zone_of

DEMONSTRATIONS: dict[str, tuple[str, ...]] = {
    "tarn-ouest": ("tarn-ouest",),
    "toulouse-ouest": ("toulouse-ouest",),
    "volvestre": ("volvestre",),
    "var": (
        "var-dracenie-provence-verdon",
        "var-esterel-mediterranee",
        "var-golfe",
        "var-hyeres-iles-d-or",
        "var-la-seyne-toulon-ouest",
        "var-ouest",
        "var-pays-des-maures-littoral",
        "var-provence-mediterranee",
    ),
    "grand-narbonne": ("grand-narbonne",),
}
"""The communities the demonstration plays, each with the ids of its territories."""

REQUIRED = ("territory", "name", "departement", "insee_code")
OPTIONAL = ("phone", "sender", "radius_km", "professionals", "told_before", "saturday_until", "bridges")
PARTIAL = "partiel"
_SHIPPED = (
    "territory",
    "name",
    "departement",
    "declared_professionals",
    "sender",
    "phone",
    "evidence",
    "note",
)
LONGEST_SENDER = 11  # signs of an alphanumeric SMS sender (3GPP TS 23.040)
LARGEST_FILE = 5_000_000  # bytes; the largest territory has some hundreds of lines

Line = tuple[int, dict[str, str]]


def load_territories(folder: Path | None = None) -> dict[str, Territory]:
    """The shipped demonstration territories by id, or those of a folder with the same tables
    (`territories.csv`, `territory_communes.csv`, and `protocols.csv` if there are any). Raises ValueError
    when a table is not as it should be, OSError when there is none.
    """
    members: dict[str, list[dict[str, str]]] = {}
    for row in _table(folder, "territory_communes.csv", ("territory", "insee_code", "evidence")):
        members.setdefault(row["territory"], []).append(row)
    protocols: dict[str, list[tuple[str, tuple[str, ...]]]] = {}
    if folder is None or (folder / "protocols.csv").exists():
        for row in _table(folder, "protocols.csv", ("territory", "reason", "professions")):
            protocols.setdefault(row["territory"], []).append((row["reason"], tuple(row["professions"].split())))
    rows = _table(folder, "territories.csv", _SHIPPED)
    return {
        row["territory"]: _shipped(row, members.get(row["territory"], []), protocols.get(row["territory"], ()))
        for row in rows
    }


def import_territory(path: Path) -> Territory:
    """A community's own territory, from one CSV file with one line for each commune.

    Columns: `territory` (its identifier: small letters, digits, hyphens, such as `tarn-ouest`), `name`,
    `departement` (`81`, `2A`, `974`: gives the time zone), `insee_code` (five characters, text). Optional,
    the first filled line counts: `phone` (shown to patients; 116 117 otherwise), `sender` (of the SMS, 3 to
    11 letters and digits; the name's beginning otherwise), `radius_km` (30 otherwise), `professionals`,
    `told_before` (late confirmation, in minutes; none otherwise), `saturday_until` and `bridges` (what the regional
    order counts as out of hours: Saturdays from that hour, bridge days 1).
    By line: `postal_codes` (of a commune that is shared with other territories: the codes, space separated, that belong
    to this one) and `protocol` (`Pansement: 60`: for a reason, the professions by code that may see the patient by the
    territory's own protocol; several reasons in one cell are separated by |, and any line may hold them).
    Comma or semicolon, UTF-8. Raises ValueError, in French, with every problem found, one on each line of the
    message, by line number.
    """
    lines, problems = _read_lines(path)
    if problems:
        raise ValueError("\n".join(problems))
    problems = [*_mixed(lines), *_wrong_communes(lines)]
    zone = _zone(lines, problems)
    shared = {"parts": _parts(lines, problems), "protocols": _protocols(lines, problems)}
    territory = _told(lines, zone, problems, shared)
    if problems or territory is None:
        raise ValueError("\n".join(problems))
    return territory


def _shipped(
    row: dict[str, str], members: list[dict[str, str]], protocols: Iterable[tuple[str, tuple[str, ...]]]
) -> Territory:
    return Territory(
        id=row["territory"],
        name=row["name"],
        departement=row["departement"],
        zone=zone_of(row["departement"]),
        communes=frozenset(member["insee_code"] for member in members),
        partial_communes=frozenset(m["insee_code"] for m in members if m["evidence"] == PARTIAL),
        evidence=row["evidence"],  # type: ignore[arg-type]  # pydantic refuses any other word
        evidence_note=row["note"],
        professionals=int(row["declared_professionals"]) if row["declared_professionals"] else None,
        phone=row["phone"],
        sender=row["sender"],
        protocols=tuple(protocols),
        told_before=int(row["told_before"]) if row.get("told_before") else None,
    )


def _zone(lines: list[Line], problems: list[str]) -> str:
    number, departement = _first_filled(lines, "departement")
    try:
        return zone_of(departement)
    except ValueError as unknown:
        if departement:  # an empty one has been told already
            problems.append(f"Ligne {number} : {unknown}")
        return "Europe/Paris"


def _parts(lines: list[Line], problems: list[str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Of which communes only some postal codes belong to the territory."""
    parts = []
    for number, row in lines:
        commune = load_communes().get(row["insee_code"])
        codes = tuple(row.get("postal_codes", "").replace(",", " ").split())
        strange = [code for code in codes if commune is not None and code not in commune.postal_codes]
        if strange and commune is not None:
            known = ", ".join(commune.postal_codes)
            problems.append(f"Ligne {number} : {strange[0]} n'est pas un code postal de {commune.name} ({known}).")
        elif codes:
            parts.append((row["insee_code"], codes))
    return tuple(parts)


def _protocols(lines: list[Line], problems: list[str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """For which reasons other professions may see the patient: `reason: codes`, several separated by |."""
    protocols: dict[str, tuple[str, ...]] = {}
    for number, row in lines:
        where = f"Ligne {number}, protocol"
        for cell in filter(None, (one.strip() for one in row.get("protocol", "").split("|"))):
            reason, _, codes = cell.rpartition(":")
            professions = tuple(codes.replace(",", " ").split())
            if not reason.strip() or not professions:
                problems.append(f"{where} : « {cell[:60]} » : écrivez motif: codes (Pansement: 60).")
            elif unknown := next((code for code in professions if code not in PROFESSIONS), None):
                choices = ", ".join(f"{one.code} {one.label}" for one in PROFESSIONS.values())
                problems.append(f"{where} : profession inconnue « {unknown[:8]} » ; au choix : {choices}.")
            elif protocols.setdefault(reason.strip(), professions) != professions:
                problems.append(f"{where} : « {reason.strip()[:60]} » est déjà dit, avec d'autres codes.")
    return tuple(protocols.items())


def _told(lines: list[Line], zone: str, problems: list[str], shared: dict[str, Any]) -> Territory | None:
    """The territory the lines tell; None when a field is wrong, which `problems` then says."""
    first = {column: _first_filled(lines, column) for column in lines[0][1]}
    given: dict[str, Any] = {
        "id": first["territory"][1],
        "name": first["name"][1],
        "departement": first["departement"][1],
        "zone": zone,
        "communes": frozenset(row["insee_code"] for _, row in lines),
        "evidence": "confirme",
        "evidence_note": "Liste des communes fournie par la communauté.",
        "sender": _sender_from(first["name"][1]),
        "partial_communes": frozenset(insee for insee, _ in shared["parts"]),
        **shared,
    }
    given |= {column: first[column][1] for column in OPTIONAL if first.get(column, (0, ""))[1]}
    try:
        return Territory(**given)
    except ValidationError as wrong:
        fields = [str(error["loc"][0]) for error in wrong.errors() if error["loc"]]
        # Empty names and wrong communes have been told with their lines.
        wrongly_filled = [(first.get(_COLUMN.get(field, field), (1, "")), field) for field in fields]
        told = [
            f"Ligne {number}, {_ASKED[field]}"
            for (number, cell), field in wrongly_filled
            if field in _ASKED and (cell or (field == "sender" and given["name"]))
        ]
        problems += told or ([] if problems else ["Ligne 1 : ces lignes ne décrivent pas un territoire."])
        return None


def _sender_from(name: str) -> str:
    """The beginning of the name in letters that a sender may have: "CPTS Tarn Ouest" gives "CPTS Tarn O"."""
    plain = "".join(sign if sign.isascii() and sign.isalnum() else " " for sign in _without_accents(name))
    return " ".join(plain.split())[:LONGEST_SENDER].strip()


def _without_accents(name: str) -> str:
    return "".join(fold(sign).upper() if sign.isupper() else fold(sign) for sign in name)


def _read_lines(path: Path) -> tuple[list[Line], list[str]]:
    """The filled lines with their numbers in the file, cells trimmed; or what prevents reading them."""
    try:
        if path.stat().st_size > LARGEST_FILE:
            return [], ["Le fichier est trop gros pour une liste de communes (plus de 5 Mo)."]
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        return [], ["Le fichier n'est pas en UTF-8 : enregistrez-le au format « CSV UTF-8 »."]
    except (OSError, ValueError):
        return [], [f"Le fichier {path.name} ne peut pas être lu : vérifiez son nom et son emplacement."]
    head = text.split("\n", 1)[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=";" if ";" in head else ",")
    try:
        columns = [cell.strip().lower() for cell in next(reader, [])]
        rows = [(reader.line_num, [cell.strip() for cell in cells]) for cells in reader if any(cells)]
    except csv.Error:
        return [], [f"Ligne {reader.line_num} : ce n'est pas une ligne de CSV."]
    return _named(columns, rows)


def _named(columns: list[str], rows: list[tuple[int, list[str]]]) -> tuple[list[Line], list[str]]:
    problems = [f"Ligne 1 : la colonne « {column} » manque." for column in REQUIRED if column not in columns]
    problems += [f"Ligne 1 : la colonne « {c} » est là deux fois." for c in REQUIRED if columns.count(c) > 1]
    if not rows:
        problems.append("Le fichier ne contient aucune commune : écrivez une ligne par commune.")
    filled = [(number, [*cells, *[""] * (len(columns) - len(cells))]) for number, cells in rows]
    return [(number, dict(zip(columns, cells, strict=False))) for number, cells in filled], problems


def _mixed(lines: list[Line]) -> list[str]:
    """A file is one territory: each line must say the same as the first, or leave the cell empty."""
    problems = []
    for column in ("territory", "name", "departement"):
        first, expected = _first_filled(lines, column)
        if not expected:
            problems.append(f"Ligne {first} : la colonne « {column} » est vide.")
        problems += [
            f"Ligne {number} : « {column} » n'est pas « {expected} » comme ligne {first} : "
            "un fichier décrit un seul territoire."
            for number, row in lines
            if row[column] not in ("", expected)
        ]
    return problems


def _wrong_communes(lines: list[Line]) -> list[str]:
    problems: list[str] = []
    seen: dict[str, int] = {}
    for number, row in lines:
        code = row["insee_code"]
        if not code:
            problems.append(f"Ligne {number} : le code INSEE manque.")
        elif load_communes().get(code) is None:
            hint = f" ; le zéro du début manque : écrivez 0{code}" if load_communes().get(f"0{code}") else ""
            problems.append(f"Ligne {number} : commune inconnue « {code} »{hint}.")
        elif code in seen:
            problems.append(f"Ligne {number} : la commune {code} est déjà à la ligne {seen[code]}.")
        seen.setdefault(code, number)
    return problems


def _first_filled(lines: list[Line], column: str) -> tuple[int, str]:
    """Number and content of the first line where the column says something."""
    return next(((number, row[column]) for number, row in lines if row[column]), (lines[0][0], ""))


_COLUMN = {"id": "territory"}
_ASKED: dict[str, str] = {
    "id": "territory : un identifiant en lettres minuscules, chiffres et tirets, par exemple tarn-ouest.",
    "name": "name : le nom de la communauté, 120 signes au plus.",
    "phone": "phone : le numéro montré aux patients, en chiffres et espaces.",
    "sender": "sender : l'expéditeur des SMS, 3 à 11 lettres sans accent ou chiffres, une lettre d'abord.",
    "radius_km": "radius_km : un nombre de kilomètres, entre 1 et 200.",
    "professionals": "professionals : un nombre entier.",
    "told_before": "told_before : de 30 à 720 minutes avant la visite, ou rien pour dire l'heure tout de suite.",
    "saturday_until": "saturday_until : l'heure à partir de laquelle le samedi est de garde, de 8 à 20, ou rien.",
    "bridges": "bridges : 1 si les ponts sont de garde, 0 ou rien sinon.",
}


def _table(folder: Path | None, name: str, columns: Iterable[str]) -> list[dict[str, str]]:
    if folder is None:
        return list(read_table(name))
    with (folder / name).open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    if rows and not set(columns) <= rows[0].keys():
        raise ValueError(f"{name} : il faut les colonnes {', '.join(columns)}.")
    return rows
