"""What is in a spreadsheet, as French software saves it? Any usual separator and encoding, columns by their names."""

import csv
import io
from collections.abc import Iterator

from services.reference.spelling import words

COLUMNS: dict[str, tuple[str, ...]] = {
    "rpps": ("rpps", "numero rpps", "n rpps", "no rpps", "identifiant rpps", "identifiant pp", "identifiant"),
    "adeli": ("adeli", "numero adeli", "n adeli", "no adeli", "identifiant adeli"),
    "family": ("nom", "nom d exercice", "nom de famille", "nom usuel"),
    "given": ("prenom", "prenom d exercice", "prenoms"),
    "name": ("nom complet", "nom et prenom", "nom prenom", "praticien", "professionnel"),
    "profession": ("profession", "libelle profession", "code profession", "metier"),
    "specialty": ("specialite", "libelle savoir faire", "code savoir faire", "savoir faire"),
    "address": ("adresse", "adresse du cabinet", "rue", "voie"),
    "postal_code": ("code postal", "cp"),
    "commune": ("commune", "ville", "libelle commune", "commune d exercice"),
    "insee": ("code insee", "insee", "code commune", "insee code"),
    "phone": ("telephone", "tel", "portable", "mobile", "telephone portable", "numero de telephone"),
    "email": ("e mail", "email", "mail", "courriel", "adresse e mail", "adresse mail", "adresse email"),
}
"""What a column may be called, without accents, capitals and signs."""

REQUIRED = "il faut au moins les colonnes : RPPS (ou ADELI), nom, profession, commune"
SEPARATORS = ";\t,"
MOST_LINES = 5_000

Line = tuple[int, dict[str, str]]
"""Its number in the file, and its cells by the names above, trimmed."""


class NotATable(ValueError):
    """The file cannot be read as a table; the text says what to do, in French."""


def read_table(content: bytes) -> tuple[list[Line], list[str]]:
    """The filled lines, and the headers of columns that nothing is made of. Raises `NotATable`."""
    text = _text(content)
    head = text.split("\n", 1)[0]
    separator = max(SEPARATORS, key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        headers = [cell.strip() for cell in next(reader, [])]
        rows = list(_rows(reader))
    except csv.Error:
        raise NotATable(f"Ligne {reader.line_num} : ce n'est pas une ligne de tableau (guillemet perdu ?).") from None
    names = [_column(header) for header in headers]
    missing = not {"rpps", "adeli"} & set(names) or not {"family", "name"} & set(names) or "profession" not in names
    if missing or not {"commune", "insee"} & set(names):
        raise NotATable(f"Ligne 1 : {REQUIRED}. Lu : {', '.join(headers)[:300] or 'rien'}.")
    twice = next((header for header, name in zip(headers, names, strict=True) if name and names.count(name) > 1), None)
    if twice is not None:
        raise NotATable(f"Ligne 1 : deux colonnes veulent dire la même chose que « {twice} » : gardez-en une.")
    if not rows:
        raise NotATable("Le fichier ne contient aucun professionnel : écrivez une ligne pour chacun.")
    if len(rows) > MOST_LINES:
        raise NotATable(f"Plus de {MOST_LINES} lignes : importez le fichier en plusieurs fois.")
    unused = [header for header, name in zip(headers, names, strict=True) if header and name is None]
    return [(number, _cells(names, row)) for number, row in rows], unused


def _text(content: bytes) -> str:
    """UTF-8 with or without its mark, UTF-16 with one (Excel's "Unicode text"), else what Windows writes in France."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    elif b"\x00" in content or content.startswith(b"PK"):
        raise NotATable("Ce n'est pas un fichier CSV : dans votre tableur, « Enregistrer sous », puis « CSV UTF-8 ».")
    else:
        encoding = "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def _rows(reader: Iterator[list[str]]) -> Iterator[tuple[int, list[str]]]:
    for row in reader:
        cells = [" ".join(cell.replace("\x00", "").split()) for cell in row]
        if any(cells):
            yield reader.line_num, cells  # type: ignore[attr-defined]  # it is a csv.reader


def _column(header: str) -> str | None:
    said = " ".join(words(header))
    return next((name for name, known in COLUMNS.items() if said in known), None)


def _cells(names: list[str | None], row: list[str]) -> dict[str, str]:
    padded = [*row, *[""] * (len(names) - len(row))]
    return {name: cell for name, cell in zip(names, padded, strict=False) if name is not None}
