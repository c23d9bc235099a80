"""May this practitioner be asked to take this patient? One rule, one function, with the words a regulator would use."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from dispatcher.matching.travel import WALK_KM
from dispatcher.offers.start import proposed_start
from schemas.practitioner import Terms, Visit, Why, counts_as_regulated, refused_by
from schemas.request import Need
from schemas.values import Mode

REST = timedelta(minutes=10)
"""Whoever said no to one patient is not asked about another this long (dispatch software)."""
MOST_OPEN = 3
"""Offers a person has to look at, at once (ours): more is a second agenda."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a practitioner was asked before: about this very request (`this`), last about any, last refused, and how
    many offers wait for an answer now."""

    this: bool = False
    last: datetime | None = None
    refused: datetime | None = None
    open: int = 0


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who might be asked. `own` = of the request's territory; `km` as the crow flies, None = unknown; `busy` =
    (start, end) of what the agenda already has."""

    practitioner_id: str
    own: bool
    km: float | None
    zone: ZoneInfo
    terms: Terms
    visits: tuple[Visit, ...] = ()
    busy: tuple[tuple[datetime, datetime], ...] = ()
    asked: Asked = Asked()


@dataclass(frozen=True, slots=True)
class Ask:
    """One person beside one need, at `now`, with `lasts` to answer."""

    need: Need
    person: Person
    now: datetime
    lasts: timedelta

    @property
    def mode(self) -> Mode | None:
        """The first of the patient's modes that distance allows."""
        return next((mode for mode in self.need.modes if _near_enough(self.need, mode, self.person.km)), None)

    @property
    def start(self) -> datetime | None:
        """The time that would be proposed."""
        if self.mode is None:
            return None
        one = self.person
        return proposed_start(self.need, self.mode, one.km, one.zone, one.busy, self.now, self.lasts)


def _near_enough(need: Need, mode: Mode, km: float | None) -> bool:
    if mode is Mode.TELE:
        return True
    on_foot = need.no_vehicle and mode is Mode.OFFICE
    return km is not None and km <= (WALK_KM if on_foot else need.radius_km)


def asked_already(ask: Ask) -> bool:
    """Nobody is asked twice about the same request."""
    return ask.person.asked.this


def excluded(ask: Ask) -> bool:
    """The patient is not to be sent there."""
    return ask.person.practitioner_id in ask.need.excluded


def unwilling(ask: Ask) -> bool:
    """Did not agree to be asked, or not for patients of other territories."""
    terms = ask.person.terms
    return not (terms.offers and (ask.person.own or terms.neighbours))


def resting(ask: Ask) -> bool:
    """Has just refused another, or has enough to answer."""
    asked = ask.person.asked
    return asked.open >= MOST_OPEN or (asked.refused is not None and ask.now - asked.refused < REST)


def too_far(ask: Ask) -> bool:
    """Beyond the radius in every mode."""
    return ask.mode is None


def too_late(ask: Ask) -> bool:
    """Could not be there before the deadline."""
    return ask.start is None


def paused(ask: Ask) -> bool:
    """Wants to hear of nothing now, or to see nobody then."""
    until = ask.person.terms.paused_until
    return until is not None and min(ask.now, ask.start or ask.now) < until


def by_terms(why: Why) -> Callable[[Ask], bool]:
    """The rule of the terms that says `why`."""

    def rule(ask: Ask) -> bool:
        return terms_refuse(ask.need, ask.person, ask.start or ask.now, ask.now) == why

    return rule


def terms_refuse(need: Need, person: Person, start: datetime, now: datetime) -> Why | None:
    """Why the person's own terms allow no visit then. What is asked for now is regulated now."""
    own = need.usual_practitioner == person.practitioner_id
    counted = counts_as_regulated(start, now, person.zone, own_patient=own)
    return refused_by(person.terms, person.zone, person.visits, start, counted=counted)


RULES: tuple[tuple[str, Callable[[Ask], bool]], ...] = (
    ("unwilling", unwilling),
    ("excluded", excluded),
    ("asked_already", asked_already),
    ("too_far", too_far),
    ("too_late", too_late),
    ("paused", paused),
    ("absent", by_terms("absent")),
    ("day_full", by_terms("day_full")),
    ("week_full", by_terms("week_full")),
    ("resting", resting),
)
"""In the order in which a regulator would say them: the first that refuses is the one counted."""

WORDS = {
    "unwilling": ("n’a pas accepté d’être sollicité", "n’ont pas accepté d’être sollicités"),
    "excluded": ("exclu pour ce patient", "exclus pour ce patient"),
    "asked_already": ("déjà sollicité", "déjà sollicités"),
    "too_far": ("trop loin", "trop loin"),
    "too_late": ("ne pourrait recevoir à temps", "ne pourraient recevoir à temps"),
    "paused": ("en pause", "en pause"),
    "absent": ("absent", "absents"),
    "day_full": ("au maximum de sa journée", "au maximum de leur journée"),
    "week_full": ("au plafond de sa semaine", "au plafond de leur semaine"),
    "resting": ("sollicité à l’instant pour un autre", "sollicités à l’instant pour un autre"),
}


def why_not(ask: Ask) -> str | None:
    """The code of the first rule that refuses, None = may be asked."""
    return next((code for code, refuses in RULES if refuses(ask)), None)
