"""What did the person type, and what need is that? Bodies of the doors, turned into Need and Patient."""

from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from schemas.request import Need, Patient
from schemas.sealed import Vault
from schemas.territory import Territory
from schemas.values import AgeBand, Mode, Place
from services.reference import phones
from services.reference.communes import Commune, Communes
from services.reference.dates import parse_when
from services.reference.professions import PROFESSIONS
from services.reference.spelling import words
from services.web.problems import Mistake, Problem

DEFAULT_HOURS = 24
LONGEST_HOURS = 14 * 24
CLOCKS_DIFFER = timedelta(minutes=5)
"""An earliest start this little in the past is a slow clock or a slow typist, and means now."""

OLDEST = 125  # years; the longest life on record is 122

# Numbers written short that only the region explains; the other overseas regions show in the number itself.
_SHORT_NUMBERS = {"975": "PM", "986": "WF", "987": "PF", "988": "NC"}

_PHONE_CODES = {
    phones.NOT_WRITTEN: "phone_missing",
    phones.NOT_DIGITS: "phone_not_digits",
    phones.NOT_A_NUMBER: "phone_unknown",
    phones.FICTION: "phone_fiction",
    phones.SURCHARGED: "phone_surcharged",
}


def _readable(text: Any) -> Any:
    """Drop control signs, join what a terminal or a copy left apart; half a surrogate pair is no text."""
    if not isinstance(text, str):
        return text
    if any("\ud800" <= sign <= "\udfff" for sign in text):
        raise PydanticCustomError("not_text", "unreadable signs")
    return "".join(sign for sign in text if sign in "\n\t" or sign.isprintable())


def _one_line(text: Any) -> Any:
    return " ".join(text.split()) if isinstance(text, str) else text


Text = Annotated[str, StringConstraints(strip_whitespace=True), BeforeValidator(_readable)]
Line = Annotated[
    str, StringConstraints(strip_whitespace=True), BeforeValidator(_one_line), BeforeValidator(_readable)
]
Id = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[A-Za-z0-9._:-]{1,80}$")]
DraftId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{16,40}$")]
Modes = Annotated[tuple[Mode, ...], Field(min_length=1, max_length=len(Mode))]


class Body(BaseModel):
    """What is sent to a door. An empty text is a field left out, as HTML forms send it."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _empty_is_absent(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        return {name: value for name, value in given.items() if value is not None and value != ""}


class Wish(Body):
    """What is needed, where and by when. `deadline` and `earliest` in French words or ISO; a `deadline` wins
    over `hours` (from now). `commune`: INSEE code, exact name or postal code.
    """

    commune: Annotated[Line, Field(max_length=80)]
    profession: Annotated[Line, Field(max_length=8)] = "10"
    hours: int | None = Field(default=None, ge=1, le=LONGEST_HOURS)
    deadline: Annotated[Line, Field(max_length=60)] | None = None
    earliest: Annotated[Line, Field(max_length=60)] | None = None
    modes: Modes = (Mode.OFFICE,)
    no_vehicle: bool = False
    usual_practitioner: Id | None = None
    radius_km: float | None = Field(default=None, gt=0, le=200, allow_inf_nan=False)
    birth_year: int | None = Field(default=None, ge=0, le=9999)


class Entry(Wish):
    """A care request as the regulator enters it, in the order of speech. `slot_id` is the seat she holds."""

    request_id: DraftId | None = None
    phone: Annotated[Text, Field(max_length=40)]
    last_name: Annotated[Line, Field(max_length=80)]
    first_name: Annotated[Line, Field(max_length=80)] | None = None
    reason: Annotated[Line, Field(max_length=200)] | None = None
    note: Annotated[Text, Field(max_length=2000)] | None = None
    address: Annotated[Text, Field(max_length=300)] | None = None
    slot_id: Id | None = None
    sms: bool = True
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")] = "fr"


def need_of(wish: Wish, *, now: datetime, territory: Territory, communes: Communes) -> Need:
    """The need, in [earliest, deadline] (aware UTC). Raises the problem `invalid` with every mistake."""
    mistakes: list[Mistake] = []
    place = _place(wish.commune, territory, communes, mistakes)
    if wish.profession not in PROFESSIONS:
        mistakes.append(Mistake("profession", "unknown_profession"))
    earliest, deadline = _window(wish, now, territory, mistakes)
    age = _age_band(wish.birth_year, now.astimezone(territory.tz).year, mistakes)
    if mistakes or place is None:
        raise Problem("invalid", mistakes=mistakes)
    return Need(
        profession=wish.profession,
        modes=tuple(dict.fromkeys(wish.modes)),
        place=place,
        earliest=earliest,
        deadline=deadline,
        hours=hours_between(now, deadline),
        radius_km=wish.radius_km or territory.radius_km,
        no_vehicle=wish.no_vehicle,
        age=age,
        usual_practitioner=wish.usual_practitioner,
    )


def phone_of(text: str, *, territory: Territory, demonstration: bool) -> str:
    """The number in E.164. Raises the problem `invalid`, in whichever language, without the number."""
    hint = _SHORT_NUMBERS.get(territory.departement, "FR")
    try:
        return phones.parse_phone(text, region_hint=hint, demonstration=demonstration)
    except ValueError as wrong:
        code = _PHONE_CODES.get(str(wrong), "phone_unknown")
        raise Problem("invalid", mistakes=[Mistake("phone", code)]) from None


async def sealed_patient(entry: Entry, request_id: str, phone: str, vault: Vault) -> Patient:
    """The person, sealed under the request's key, which commits first."""
    about = "\n".join(part for part in (entry.reason, entry.note) if part)
    name = f"{entry.last_name} {entry.first_name}" if entry.first_name else entry.last_name
    year = None if entry.birth_year is None else str(entry.birth_year)
    return Patient(
        name=await vault.seal(request_id, "name", name),
        phone=await vault.seal(request_id, "phone", phone),
        note=await vault.seal(request_id, "note", about) if about else None,
        address=await vault.seal(request_id, "address", entry.address) if entry.address else None,
        birth_year=await vault.seal(request_id, "birth_year", year) if year else None,
        language=entry.language,
        sms=entry.sms,
    )


def moment_of(text: str, *, now: datetime, territory: Territory) -> datetime:
    """The moment (aware UTC) an ISO date and time or French words mean. Raises ValueError, in French."""
    try:
        written = datetime.fromisoformat(text)
    except ValueError:
        written = None
    if written is not None and written.tzinfo is not None:
        return written.astimezone(now.tzinfo)
    return parse_when(text, now=now, zone=territory.tz)


def hours_between(now: datetime, deadline: datetime) -> int:
    """The promise in whole hours, rounded up, 1 at least."""
    return max(1, -int((now - deadline) // timedelta(hours=1)))


def find_commune(text: str, territory: Territory, communes: Communes) -> Commune | str:
    """The one commune meant by an INSEE code, an exact name or a postal code; or the code of the mistake.

    A name that several communes have means the one of the own territory, if just one is there. Nothing is
    guessed from a beginning: the list that opens while typing is for that.
    """
    known = communes.get(text.upper())
    if known is not None:
        return known
    typed = words(text)
    found = [
        commune
        for commune in communes.search(text, near=territory.communes, limit=100)
        if words(commune.name) == typed or text in commune.postal_codes
    ]
    own = [commune for commune in found if commune.insee in territory.communes]
    for choice in (own, found):
        if len(choice) == 1:
            return choice[0]
    return "several_communes" if found else "unknown_commune"


def _place(text: str, territory: Territory, communes: Communes, mistakes: list[Mistake]) -> Place | None:
    found = find_commune(text, territory, communes)
    if isinstance(found, str):
        mistakes.append(Mistake("commune", found))
        return None
    return Place(commune=found.insee, lat=found.lat, lon=found.lon)


def _window(
    wish: Wish, now: datetime, territory: Territory, mistakes: list[Mistake]
) -> tuple[datetime, datetime]:
    """When the visit may begin, first and last. Mistakes are noted; the window is then of no use."""
    deadline = _moment("deadline", wish.deadline, now, territory, mistakes)
    earliest = _moment("earliest", wish.earliest, now, territory, mistakes)
    last = deadline or now + timedelta(hours=wish.hours or DEFAULT_HOURS)
    first = earliest or now
    if deadline is not None and deadline <= now:
        mistakes.append(Mistake("deadline", "past_date"))
    elif last > now + timedelta(hours=LONGEST_HOURS):
        mistakes.append(Mistake("deadline", "deadline_too_far"))
    elif first >= last:
        mistakes.append(Mistake("deadline" if deadline else "earliest", "deadline_before_earliest"))
    if first < now - CLOCKS_DIFFER:
        mistakes.append(Mistake("earliest", "past_date"))
    return max(first, now), last


def _moment(
    name: str, text: str | None, now: datetime, territory: Territory, mistakes: list[Mistake]
) -> datetime | None:
    if text is None:
        return None
    try:
        return moment_of(text, now=now, territory=territory)
    except (ValueError, OverflowError) as wrong:
        mistakes.append(Mistake(name, "unreadable_date", {"said": str(wrong)}))
        return None


def _age_band(birth_year: int | None, this_year: int, mistakes: list[Mistake]) -> AgeBand:
    """The band; a year of birth leaves a doubt of one year, which goes to the more fragile band."""
    if birth_year is None:
        return AgeBand.UNKNOWN
    birthdays = this_year - birth_year
    if not 0 <= birthdays <= OLDEST:
        limits = {"oldest": str(this_year - OLDEST), "youngest": str(this_year)}
        mistakes.append(Mistake("birth_year", "birth_year", limits))
        return AgeBand.UNKNOWN
    if birthdays <= 2:
        return AgeBand.INFANT
    if birthdays <= 18:
        return AgeBand.CHILD
    return AgeBand.SENIOR if birthdays >= 75 else AgeBand.ADULT
