"""Whom does Relais dispatch to? The professions, their official codes, and their known mix in a CPTS."""

from dataclasses import dataclass
from functools import cache

from services.reference.data import read_table
from services.reference.spelling import fold

GENERALIST_SPECIALTY = "SM54"  # TRE_R38 "Médecine générale (SM)": what code 10 means here


@dataclass(frozen=True, slots=True)
class Profession:
    """A profession: its TRE_G15 code, and its label in a regulator's words.

    A psychologist's 93 was closed in TRE_G15 on 2021-12-17 and lives on in TRE_R95 (users of a title).
    """

    code: str
    label: str


PROFESSIONS: dict[str, Profession] = {
    profession.code: profession
    for profession in (
        Profession("10", "Médecin généraliste"),
        Profession("60", "Infirmier·ère"),
        Profession("70", "Masseur-kinésithérapeute"),
        Profession("21", "Pharmacien·ne"),
        Profession("50", "Sage-femme"),
        Profession("40", "Chirurgien-dentiste"),
        Profession("91", "Orthophoniste"),
        Profession("80", "Pédicure-podologue"),
        Profession("92", "Orthoptiste"),
        Profession("93", "Psychologue"),
        Profession("95", "Diététicien·ne"),
    )
}
"""By code, in the order in which a form offers them."""

# A CPTS of 400 professionals, as in the study that Relais's matching was tried on: 60 GPs, 110 nurses, 70
# physiotherapists... Its 6 specialists are left out: TRE_G15 gives every physician 10, which here is a GP.
_HEADS = {
    "10": 60,
    "60": 110,
    "70": 70,
    "21": 45,
    "50": 15,
    "40": 35,
    "91": 20,
    "80": 15,
    "92": 8,
    "93": 12,
    "95": 4,
}
# That study's requests: GP 55 %, nurse 12, dentist 9, physiotherapist 6, pharmacist 6, midwife 4, others 8.
_ASKED = {"10": 0.55, "60": 0.12, "40": 0.09, "70": 0.06, "21": 0.06, "50": 0.04}
_OTHERS_ASKED = 0.08
_OTHERS = tuple(code for code in _HEADS if code not in _ASKED)

SUPPLY_SHARE: dict[str, float] = {code: heads / sum(_HEADS.values()) for code, heads in _HEADS.items()}
"""Share of a CPTS's professionals by profession code; sums to 1. For the demonstration."""

DEMAND_SHARE: dict[str, float] = _ASKED | {
    code: _OTHERS_ASKED * _HEADS[code] / sum(_HEADS[other] for other in _OTHERS) for code in _OTHERS
}
"""Share of requests by profession code; sums to 1. The study's 8 % of "others" are spread by head (ours)."""


def profession(code: str) -> Profession:
    """The profession with this TRE_G15 code. Raises ValueError, in French, with those one may choose."""
    found = PROFESSIONS.get(code)
    if found is None:
        choices = ", ".join(f"{known.code} {known.label}" for known in PROFESSIONS.values())
        raise ValueError(f"Profession inconnue. Choisissez parmi : {choices}.")
    return found


def profession_named(text: str) -> Profession:
    """The profession with this code, or this label (ours or the nomenclature's), whatever the case and accents; one
    form of « Infirmier·ère » is enough. Raises ValueError, in French, with those one may choose."""
    code = _codes_by_name().get(fold(text.strip()))
    return profession(code or text.strip())


@cache
def _codes_by_name() -> dict[str, str]:
    names: dict[str, str] = {}
    for code, known in PROFESSIONS.items():
        one, _, ending = known.label.partition("·")
        other = one.removesuffix("er") + ending if ending == "ère" else one + ending
        for name in (known.label, one, other, official_label(code) or one):
            names[fold(name)] = code
    return names


def official_label(code: str) -> str | None:
    """The nomenclature's own label of any TRE_G15 profession or TRE_R38 specialty code, or None."""
    return _official().get(code)


def is_generalist(specialty: str) -> bool:
    """Whether a TRE_R38 specialty code is general practice (SM26, SM53, SM54: three ways to register)."""
    return specialty in _generalists()


def practice_of(specialty: str | None) -> str:
    """What the times of somebody with this specialty are for: the specialty, "" for the ordinary practice."""
    return "" if specialty is None or is_generalist(specialty) else specialty


def specialty_named(text: str) -> str | None:
    """The TRE_R38 specialty with this code, or this label ("Cardiologie et maladies vasculaires", with or without the
    letters behind it), whatever the case and accents; None when there is none."""
    said = text.strip()
    return said.upper() if said.upper() in _specialties().values() else _specialties().get(fold(said))


def specialty_labels() -> list[str]:
    """The official labels of all specialties (TRE_R38), folded."""
    return list(_specialties())


@cache
def _specialties() -> dict[str, str]:
    """Codes by label; those in force win."""
    rows = sorted(read_table("specialites_TRE_R38.csv"), key=lambda row: not row["date_fin"])
    known: dict[str, str] = {}
    for row in rows:
        label = fold(row["libelle"])
        known |= {label: row["code"], label.rpartition(" (")[0] or label: row["code"]}
    return known


@cache
def _official() -> dict[str, str]:
    tables = (*read_table("professions_TRE_G15.csv"), *read_table("specialites_TRE_R38.csv"))
    return {row["code"]: row["libelle"] for row in tables}


@cache
def _generalists() -> frozenset[str]:
    rows = read_table("specialites_TRE_R38.csv")
    return frozenset(row["code"] for row in rows if row["medecine_generale"] == "1")
