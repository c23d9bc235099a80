"""Who is in the file, where do they practise, and what is wrong with which line? Every problem says what to do."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from schemas.territory import Territory
from services.members.table import Line, NotATable, read_table
from services.reference import phones
from services.reference.communes import Commune, Communes
from services.reference.professions import GENERALIST_SPECIALTY, PROFESSIONS, profession_named, specialty_named
from services.reference.spelling import fold, words

DOCTOR = "10"
_RPPS, _ADELI = re.compile(r"\d{11}"), re.compile(r"(?:\d{2}|2[AB])\d{7}", re.IGNORECASE)
_EMAIL = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>.]{2,}")
_CEDEX = re.compile(r"\s+cedex.*$", re.IGNORECASE)
_ABBREVIATED = re.compile(r"\d([.,]\d+)?e\+?\d+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Remark:
    """Something about one line. `stops` = nothing is imported until it is mended; else it is only to be looked at."""

    line: int
    words: str
    stops: bool = True


@dataclass(frozen=True, slots=True)
class PracticePlace:
    """A place of practice: INSEE commune, postal code, street, WGS 84 degrees of the commune."""

    commune: str
    postal_code: str = ""
    address: str = ""
    lat: float | None = None
    lon: float | None = None


@dataclass(slots=True)
class Person:
    """One professional, as the lines say. `national_id`: 8 + RPPS, or 0 + ADELI. The first place is the main one."""

    line: int
    national_id: str
    name: str
    profession: str
    specialty: str | None = None
    phone: str | None = None
    email: str | None = None
    places: list[PracticePlace] = field(default_factory=list)

    @property
    def id(self) -> str:
        """The member's id where nobody knows this person yet."""
        kind = "rpps" if self.national_id.startswith("8") else "adeli"
        return f"{kind}-{self.national_id[1:].lower()}"


@dataclass(slots=True)
class Found:
    """The people of the file, in its order, and what there is to say of it, by line."""

    people: list[Person] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)

    @property
    def stopped(self) -> bool:
        return any(remark.stops for remark in self.remarks)


def read_members(content: bytes, territory: Territory, communes: Communes, *, demonstration: bool) -> Found:
    """The members that a CSV file lists. One line is one person at one place; further lines with the same number are
    further places, or fill what the first leaves empty."""
    found = Found()
    try:
        lines, unused = read_table(content)
    except NotATable as wrong:
        found.remarks.append(Remark(1, str(wrong)))
        return found
    if unused:
        found.remarks.append(Remark(1, f"Colonnes non reprises : {', '.join(unused)}.", stops=False))
    people: dict[str, Person] = {}
    for line in lines:
        reader = _Line(line, territory, communes, demonstration)
        person = reader.person()
        found.remarks += reader.remarks
        if person is not None:
            found.remarks += _join(people, person)
    found.people = list(people.values())
    return found


def luhn(digits: str) -> bool:
    """Whether the last digit is the key of the others (ISO/IEC 7812-1), as for the RPPS."""
    doubled = [int(digit) * (2 if at % 2 else 1) for at, digit in enumerate(reversed(digits))]
    return sum(number - 9 if number > 9 else number for number in doubled) % 10 == 0


class _Line:
    """One line, read; what is wrong with it is noted."""

    def __init__(self, line: Line, territory: Territory, communes: Communes, demonstration: bool) -> None:
        self.number, self._cells = line
        self._territory, self._communes, self._demonstration = territory, communes, demonstration
        self.remarks: list[Remark] = []

    def person(self) -> Person | None:
        """The person at this place; None when something must be mended first."""
        national_id, name, profession = self._national_id(), self._name(), self._profession()
        place, phone, email = self._place(), self._phone(), self._email()
        specialty = self._specialty(profession)
        if any(remark.stops for remark in self.remarks) or place is None:
            return None
        return Person(self.number, national_id, name, profession, specialty, phone, email, [place])

    def _cell(self, name: str) -> str:
        return self._cells.get(name, "")

    def _stop(self, words: str) -> str:
        self.remarks.append(Remark(self.number, words))
        return ""

    def _look(self, words: str) -> None:
        self.remarks.append(Remark(self.number, words, stops=False))

    def _national_id(self) -> str:
        typed = self._cell("rpps") or self._cell("adeli")
        number = typed.replace(" ", "").replace(".", "").upper()
        if not number:
            return self._stop("le numéro RPPS (ou ADELI) manque : écrivez-le.")
        if _ABBREVIATED.fullmatch(typed.replace(" ", "")):
            return self._stop("le tableur a abrégé le numéro : mettez la colonne au format Texte, et retapez-le.")
        if len(number) == 12 and number.startswith("8") and number.isdigit():  # as directories write it
            number = number[1:]
        if _RPPS.fullmatch(number):
            if not luhn(number):
                self._look("la clé du RPPS ne correspond pas : vérifiez le numéro (il est importé tel quel).")
            return f"8{number}"
        if _ADELI.fullmatch(number):
            return f"0{number}"
        if len(number) == 8 and number.isdigit():
            return self._stop(f"le numéro ADELI a 9 signes : le zéro du début manque sans doute (0{number}).")
        return self._stop("le numéro n'est ni un RPPS (11 chiffres) ni un ADELI (9 signes) : vérifiez-le.")

    def _name(self) -> str:
        name = self._cell("name") or f"{self._cell('given')} {self._cell('family')}".strip()
        if len(name) < 2:
            return self._stop("le nom manque : écrivez-le.")
        return name if len(name) <= 120 else self._stop("le nom dépasse 120 signes : abrégez-le.")

    def _profession(self) -> str:
        typed = self._cell("profession")
        try:
            return profession_named(typed).code
        except ValueError:
            pass
        said = " ".join(words(typed))
        for begins, code in _ALSO:
            if said.startswith(begins):
                return code
        choices = ", ".join(one.label for one in PROFESSIONS.values())
        return self._stop(f"profession inconnue : écrivez l'une de celles-ci : {choices}.")

    def _specialty(self, profession: str) -> str | None:
        """Its code. A doctor of unknown specialty would be taken for a general practitioner: that stops the line."""
        typed = self._cell("specialty")
        code = specialty_named(typed)
        if code is None and profession == DOCTOR and fold(typed).startswith("medecine generale"):
            return GENERALIST_SPECIALTY
        if typed and code is None and profession == DOCTOR:
            self._stop(
                f"spécialité inconnue « {typed[:60]} » : écrivez son libellé officiel ou son code (SM54 : médecine"
                " générale)."
            )
        return code

    def _place(self) -> PracticePlace | None:
        commune = self._commune()
        if commune is None:
            return None
        postal = self._postal_code() or (commune.postal_codes[0] if len(commune.postal_codes) == 1 else "")
        if not self._territory.covers(commune.insee, postal):
            self._look(f"{commune.name} {postal} est hors du territoire : vérifiez la commune (importé quand même).")
        return PracticePlace(commune.insee, postal, self._cell("address")[:200], commune.lat, commune.lon)

    def _postal_code(self) -> str:
        typed = self._cell("postal_code").replace(" ", "")
        return typed.zfill(5) if typed.isdigit() and len(typed) in (4, 5) else ""

    def _commune(self) -> Commune | None:
        """By its INSEE code, else by its name, and the postal code where several have it."""
        insee = self._cell("insee").upper()
        known = self._communes.get(insee) or self._communes.get(f"0{insee}")
        if known is not None:
            return known
        typed, postal = _CEDEX.sub("", self._cell("commune")), self._postal_code()
        asked = _saint(words(typed))
        named = [one for one in self._communes.search(typed, limit=100) if _saint(words(one.name)) == asked]
        here = [one for one in named if postal in one.postal_codes] or named
        own = [one for one in here if one.insee in self._territory.communes]
        for choice in (own, here):
            if len(choice) == 1:
                return choice[0]
        if here:
            self._stop(f"plusieurs communes s'appellent « {typed[:60]} » : ajoutez le code postal ou le code INSEE.")
        else:
            self._stop(f"commune inconnue « {typed[:60]} » : vérifiez-la, ou donnez son code INSEE.")
        return None

    def _phone(self) -> str | None:
        typed = self._cell("phone")
        digits = re.sub(r"\D", "", typed)
        written = f"0{digits}" if len(digits) == 9 and not typed.startswith("+") and digits[0] != "0" else typed
        if not written:
            return None
        try:
            return phones.parse_phone(written, demonstration=self._demonstration)
        except ValueError as wrong:
            self._stop(f"téléphone : {wrong}")
            return None

    def _email(self) -> str | None:
        typed = self._cell("email")
        if typed and (len(typed) > 200 or not _EMAIL.fullmatch(typed)):
            self._stop("l'adresse de courriel n'en est pas une : corrigez-la, ou videz la case.")
        return typed.lower() or None


_ALSO = (
    ("medecin", "10"), ("infirmi", "60"), ("ide", "60"), ("kine", "70"), ("masseur", "70"), ("pharmaci", "21"),
    ("sage femme", "50"), ("maieuti", "50"), ("dentiste", "40"), ("chirurgien dentiste", "40"), ("orthophoni", "91"),
    ("podolog", "80"), ("pedicure", "80"), ("orthopti", "92"), ("psycholog", "93"), ("dietetici", "95"),
)  # fmt: skip
"""What people write for a profession, by its beginning."""


def _saint(said: list[str]) -> list[str]:
    return [{"st": "saint", "ste": "sainte"}.get(word, word) for word in said]


def _join(people: dict[str, Person], person: Person) -> Iterator[Remark]:
    """Add the person, or the place to the one who is known. Two people with one number are a mistake."""
    known = people.setdefault(person.national_id, person)
    if known is person:
        return
    if (fold(known.name), known.profession) != (fold(person.name), person.profession):
        yield Remark(
            person.line,
            f"le même numéro est à la ligne {known.line} avec un autre nom ou une autre profession : corrigez l'un des"
            " deux.",
        )
        return
    if person.places[0] in known.places:
        yield Remark(person.line, f"la ligne {known.line} dit déjà la même chose : elle ne compte qu'une fois.", False)
    else:
        known.places += person.places
    known.phone, known.email = known.phone or person.phone, known.email or person.email
    known.specialty = known.specialty or person.specialty
