"""What need is it that the person typed, and whose? A body turned into a Need and a sealed Patient."""

from datetime import datetime, timedelta
from typing import Any

from dispatcher.offers.people import People
from schemas.request import Need, Patient
from schemas.sealed import Vault
from schemas.territory import Territory
from schemas.values import AgeBand, Place
from services.reference import dates, phones
from services.reference.communes import Commune, Communes
from services.reference.professions import PROFESSIONS
from services.reference.spelling import words
from services.web.bodies import LONGEST_HOURS, Entry, Wish
from services.web.problems import Mistake, Problem

DEFAULT_HOURS = 24
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


_DATE_CODES = {
    dates.PASSED: "date_passed",
    dates.YEAR_MISSING: "date_passed",
    dates.TOO_FAR: "date_too_far",
    dates.HOUR_MISSING: "date_without_hour",
}


def need_of(wish: Wish, *, now: datetime, territory: Territory, communes: Communes, people: People) -> Need:
    """The need, in [earliest, deadline] (aware UTC); the radius is the territory's, wider where there are few of the
    profession, unless one is asked for. Raises the problem `invalid` with every mistake."""
    mistakes: list[Mistake] = []
    place = _place(wish.commune, territory, communes, mistakes)
    if wish.profession not in PROFESSIONS:
        mistakes.append(Mistake("profession", "unknown_profession"))
    earliest, deadline = _window(wish, now, territory, mistakes)
    if wish.can_wait and territory.told_before is None:
        mistakes.append(Mistake("can_wait", "told_at_once"))
    age = _age_band(wish.birth_year, now.astimezone(territory.tz).year, mistakes)
    if mistakes or place is None:
        raise Problem("invalid", mistakes=mistakes)
    protocol = _protocol(wish, territory)
    professions = (wish.profession, *protocol.get("also", ()))
    return Need(
        profession=wish.profession,
        modes=tuple(dict.fromkeys(wish.modes)),
        place=place,
        earliest=earliest,
        deadline=deadline,
        hours=hours_between(now, deadline),
        radius_km=wish.radius_km or people.radius(place, professions, territory.id, territory.radius_km),
        no_vehicle=wish.no_vehicle,
        age=age,
        usual_practitioner=wish.usual_practitioner,
        told_before=territory.told_before if wish.can_wait else None,
        **protocol,
    )


def _protocol(wish: Wish, territory: Territory) -> dict[str, Any]:
    """What the territory's protocol for this reason allows besides; nothing when it has none for these very words, so
    that no free text ever leaves as a code."""
    said = words(wish.reason or "")
    for reason, professions in territory.protocols:
        if words(reason) == said:
            also = tuple(one for one in professions if one != wish.profession)
            return {"also": also, "reason": "-".join(said)[:40]}
    return {}


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
        discreet=entry.discreet,
    )


def moment_of(text: str, *, now: datetime, territory: Territory) -> datetime:
    """The moment (aware UTC) an ISO date and time or French words mean. Raises ValueError, in French."""
    try:
        written = datetime.fromisoformat(text)
    except ValueError:
        written = None
    if written is not None and written.tzinfo is not None:
        return written.astimezone(now.tzinfo)
    return dates.parse_when(text, now=now, zone=territory.tz)


def date_mistake(field: str, wrong: Exception) -> Mistake:
    """What `moment_of` raised, as a mistake of this field: past, too far, without its hour, or not understood."""
    said = str(wrong)
    code = _DATE_CODES.get(said, "unreadable_date")
    if said.startswith("Il est plus de"):
        code = "date_passed"
    return Mistake(field, code, {"said": said if isinstance(wrong, ValueError) else dates.NOT_READ})


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


def _window(wish: Wish, now: datetime, territory: Territory, mistakes: list[Mistake]) -> tuple[datetime, datetime]:
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
        mistakes.append(date_mistake(name, wrong))
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
