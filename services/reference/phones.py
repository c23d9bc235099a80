"""Is this a telephone number, which one, and how is it shown? French, overseas and foreign numbers."""

import re
import unicodedata
from functools import cache

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from services.reference.data import read_table

# The ranges ARCEP keeps for fiction (décision 2018-0881): nobody can be reached there.
_FICTION = re.compile(r"\+33(?:19900|26191|35301|46571|53649|63998)\d{4}")
_FICTION_MOBILE = "+3363998"
_WRITTEN = re.compile(r"\+?[0-9 .\-/()‐–—]+")
_LONGEST = 40  # signs, spaces included
_MOBILE = frozenset({PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE})
_A_PERSON_ANSWERS = _MOBILE | {
    PhoneNumberType.FIXED_LINE,
    PhoneNumberType.VOIP,
    PhoneNumberType.PERSONAL_NUMBER,
    PhoneNumberType.TOLL_FREE,
}
_ZERO_FIRST = frozenset({33, 590, 594, 596, 262, 508})  # French codes whose national form begins with 0

NOT_WRITTEN = "Écrivez le numéro de téléphone."
NOT_A_NUMBER = (
    "Ce numéro n'existe pas. Vérifiez-le : dix chiffres en France, "
    "ou le signe + et l'indicatif du pays pour un numéro étranger."
)
NOT_DIGITS = "Écrivez le numéro avec des chiffres seulement (espaces et points acceptés)."
FICTION = "Ce numéro est réservé à la fiction : personne ne peut y répondre. Écrivez le vrai numéro."
SURCHARGED = "Ce numéro est surtaxé ou à coût partagé. Écrivez le numéro direct, mobile si possible."


def parse_phone(text: str, *, region_hint: str = "FR", demonstration: bool) -> str:
    """The number in E.164 ("+33639981234"), whatever its spaces, dots, hyphens or brackets.

    Without a calling code the region is chosen by prefix first (0690 is Guadeloupe, 0692 La Réunion...),
    then `region_hint` (ISO code; "NC", "PF", "PM", "WF" have short numbers that no prefix tells), then
    France. Numbers that ARCEP reserves for fiction (06 39 98 xx xx, 05 36 49 xx xx...) pass only if
    `demonstration`.
    Raises ValueError with a French sentence that says what to do and never holds the number.
    """
    written = unicodedata.normalize("NFKC", text[: _LONGEST + 1]).strip()  # a wide digit or space is one too
    if not written:
        raise ValueError(NOT_WRITTEN)
    if len(text.strip()) > _LONGEST or not _WRITTEN.fullmatch(written):
        raise ValueError(NOT_DIGITS)
    for region in _regions(written, region_hint):
        number = _parsed(written, region)
        if number is None:
            continue
        e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
        if _FICTION.fullmatch(e164):
            if demonstration:
                return e164
            raise ValueError(FICTION)
        if phonenumbers.is_valid_number(number):
            if phonenumbers.number_type(number) not in _A_PERSON_ANSWERS:
                raise ValueError(SURCHARGED)
            return e164
    raise ValueError(NOT_A_NUMBER)


def show_phone(e164: str) -> str:
    """The number grouped for people: "06 39 98 12 34", "0692 12 34 56", "+44 7400 123456".

    Raises ValueError (without the number) when it is not E.164.
    """
    number = _e164(e164)
    national = number.country_code in _ZERO_FIRST
    return phonenumbers.format_number(
        number, PhoneNumberFormat.NATIONAL if national else PhoneNumberFormat.INTERNATIONAL
    )


def is_mobile(e164: str) -> bool:
    """Whether an SMS can reach this number. Fiction mobiles count. Raises ValueError when it is not E.164."""
    return e164.startswith(_FICTION_MOBILE) or phonenumbers.number_type(_e164(e164)) in _MOBILE


def _e164(text: str) -> phonenumbers.PhoneNumber:
    number = _parsed(text, None) if re.fullmatch(r"\+[1-9][0-9]{3,14}", text) else None
    if number is None:
        raise ValueError(NOT_A_NUMBER)
    return number


def _parsed(text: str, region: str | None) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None


def _regions(written: str, hint: str) -> list[str]:
    """The regions to try: those of the prefix, the hint, France (dialled the same from overseas)."""
    digits = re.sub(r"[^0-9]", "", written)
    by_prefix = [region for region, prefix in _prefixes() if prefix.match(digits)]
    return [*by_prefix, hint, "FR"] if _FICTION.fullmatch("+33" + digits[1:]) is None else ["FR"]


@cache
def _prefixes() -> list[tuple[str, re.Pattern[str]]]:
    """The overseas regions that a national prefix tells apart, from the shipped table (x is any digit)."""
    found = []
    for row in read_table("telephone_regions.csv"):
        prefixes = f"{row['mobile_national']} {row['fixe_national']}".replace("x", "").split()
        if row["region_phonenumbers"] != "FR" and prefixes and all(p.startswith("0") for p in prefixes):
            found.append((row["region_phonenumbers"], re.compile("|".join(prefixes))))
    return found
