"""What does another vendor's FHIR R4 server say of a practitioner's slots? A search of `Slot`, as the SAS asks it.

One search (flow R01 of https://interop.esante.gouv.fr/ig/fhir/sas): the slots of a period by the practitioner's
national id, with their schedules and actors included, page after page.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit
from zoneinfo import ZoneInfo

from availability.feeds.source import MOST_TIMES, Ask, LeftOut, Outside, Reading, Time, Unreadable
from schemas.values import LONGEST, Mode

MOST_PAGES = 50
NATIONAL = "urn:oid:1.2.250.1.71.4.2.1"
"""The system of a professional's national identifier (IDNPS): 8 + RPPS, 0 + ADELI."""
_MODES = {"AMB": Mode.OFFICE, "HH": Mode.HOME, "VR": Mode.TELE}
"""v3-ActCode, the only three that the SAS knows."""
_STATUSES = {"open": ("free",), "busy": ("busy", "busy-unavailable", "busy-tentative")}
_GENERALISTS = frozenset({"SM26", "SM53", "SM54"})
"""TRE_R38: the three ways to be registered as a general practitioner."""
_DOCTOR = "10"
_SHORTEST = 5

Resource = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Found:
    """The resources of all pages, by `Type/id`."""

    slots: Mapping[str, Resource]
    others: Mapping[str, Resource]


class Source:
    """The base address of a FHIR R4 server."""

    name = "fhir"

    async def read(self, ask: Ask, outside: Outside) -> Reading:
        found = await _search(ask, outside)
        left_out: Counter[str] = Counter()
        times = [time for one in found.slots.values() if (time := _time(one, found.others, ask, left_out)) is not None]
        if len(times) > MOST_TIMES:
            raise Unreadable("too_many")
        return Reading(tuple(sorted(times, key=lambda time: (time.start, time.uid))), dict(left_out))


async def _search(ask: Ask, outside: Outside) -> _Found:
    """Every page of the search; a next page elsewhere than on the same server is not followed."""
    first = url = _first_page(ask)
    asked: set[str] = set()
    slots: dict[str, Resource] = {}
    others: dict[str, Resource] = {}
    while url not in asked and len(asked) < MOST_PAGES:
        asked.add(url)
        answer = await outside.get(url, {"accept": "application/fhir+json, application/json;q=0.9"})
        bundle = _bundle(answer.body)
        for resource in _resources(bundle):
            kept = slots if resource["resourceType"] == "Slot" else others
            kept[f"{resource['resourceType']}/{resource['id']}"] = resource
        following = _next(bundle)
        if following is None:
            return _Found(slots, others)
        url = urljoin(url, following)
        if _origin(url) != _origin(first):
            raise Unreadable("elsewhere")
    raise Unreadable("too_many")


def _first_page(ask: Ask) -> str:
    first, last = (one.astimezone(ask.zone).isoformat(timespec="milliseconds") for one in (ask.since, ask.until))
    return f"{ask.url.rstrip('/')}/Slot?" + urlencode(
        [
            ("_include", "Slot:schedule"),
            ("_include:iterate", "Schedule:actor"),
            ("start", f"ge{first}"),
            ("start", f"le{last}"),
            ("schedule.actor:Practitioner.identifier", f"{NATIONAL}|{ask.national_id or ''}"),
            ("status", ",".join(_STATUSES[ask.means])),
        ],
        safe=":,",
    )


def _bundle(body: bytes) -> Resource:
    try:
        bundle = json.loads(body)
    except (ValueError, RecursionError):
        raise Unreadable("not_fhir") from None
    if not isinstance(bundle, dict) or bundle.get("resourceType") != "Bundle" or bundle.get("type") != "searchset":
        raise Unreadable("not_fhir")
    return bundle


def _resources(bundle: Resource) -> Iterator[Resource]:
    for entry in _list(bundle, "entry"):
        resource = entry.get("resource")
        if isinstance(resource, dict) and isinstance(resource.get("resourceType"), str) and "id" in resource:
            yield resource


def _next(bundle: Resource) -> str | None:
    links = (link.get("url") for link in _list(bundle, "link") if link.get("relation") == "next")
    return next((link for link in links if isinstance(link, str) and link), None)


def _time(slot: Resource, others: Mapping[str, Resource], ask: Ask, left_out: Counter[str]) -> Time | None:
    """The slot as a time of this practitioner; None when it is none, which `left_out` then says."""
    if slot.get("status") not in _STATUSES[ask.means]:  # a server that does not know the parameter gives all
        return None
    try:
        start, ends = _instant(slot["start"], ask.zone), _instant(slot["end"], ask.zone)
    except (KeyError, ValueError, TypeError, OverflowError):
        left_out["unreadable"] += 1
        return None
    if not ask.since < start < ask.until:
        return None
    time = Time(str(slot["id"]), start, ends, _modes(slot))
    why = _why_not(slot, time, others, ask)
    if why is not None:
        left_out[why] += 1
    return time if why is None else None


def _why_not(slot: Resource, time: Time, others: Mapping[str, Resource], ask: Ask) -> LeftOut | None:
    """What speaks against using the slot."""
    actors = _actors(slot, others)
    if not any(_is(ask.national_id, actor) for actor in actors):
        return "not_theirs"
    if ask.means == "busy":
        return None
    if time.minutes < _SHORTEST:
        return "too_short"
    if time.minutes > LONGEST:
        return "too_long"
    if "WALKIN" in _codes([slot.get("appointmentType")], "v2-0276"):
        return "walk_in"
    professions = {code for actor in actors for code in _codes(_list(actor, "code"), "G15-ProfessionSante")}
    if professions and ask.profession and ask.profession not in professions:
        return "profession"
    specialties = _codes(_list(slot, "specialty"), "R38-SpecialiteOrdinale")
    return "specialty" if ask.profession == _DOCTOR and specialties and not specialties & _GENERALISTS else None


def _actors(slot: Resource, others: Mapping[str, Resource]) -> list[Resource]:
    """The slot's practitioner, and the role in which she practises, as far as they came with it."""
    schedule = others.get(_reference(slot.get("schedule")), {})
    actors = [others[name] for one in _list(schedule, "actor") if (name := _reference(one)) in others]
    practitioners = [others.get(_reference(actor.get("practitioner")), {}) for actor in actors]
    return [*actors, *practitioners]


def _reference(reference: Any) -> str:
    """ "Practitioner/1" for a relative reference, an absolute one, or one with a version."""
    said = reference.get("reference") if isinstance(reference, dict) else None
    parts = said.partition("/_history/")[0].rstrip("/").split("/") if isinstance(said, str) else []
    return "/".join(parts[-2:])


def _is(national_id: str | None, actor: Resource) -> bool:
    """Whether it is this professional. Some servers leave the first digit (the kind of identifier) out."""
    if not national_id:
        return False
    mine = {national_id, national_id[1:]}
    return any(one.get("system") == NATIONAL and one.get("value") in mine for one in _list(actor, "identifier"))


def _modes(slot: Resource) -> tuple[Mode, ...]:
    codes = _codes(_list(slot, "serviceType"), "v3-ActCode")
    return tuple(mode for code, mode in _MODES.items() if code in codes)


def _codes(concepts: list[Any], system: str) -> set[str]:
    """The codes of these CodeableConcepts in a system whose URI holds this name."""
    codings = [one for concept in concepts if isinstance(concept, dict) for one in _list(concept, "coding")]
    return {str(one["code"]) for one in codings if system in str(one.get("system", "")) and "code" in one}


def _list(resource: Resource, name: str) -> list[dict[str, Any]]:
    found = resource.get(name)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _instant(text: str, zone: ZoneInfo) -> datetime:
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"https": 443, "http": 80}.get(parts.scheme)
