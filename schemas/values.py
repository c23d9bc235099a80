"""Which small words do all facts share? Modes, roles, places, actors: FHIR's names where FHIR has one."""

from enum import StrEnum
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


def _known_zone(zone: str) -> str:
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError) as unknown:
        raise ValueError("unknown IANA time zone") from unknown
    return zone


Zone = Annotated[str, AfterValidator(_known_zone)]
"""An IANA time zone by its name, such as `Indian/Reunion`."""


class Mode(StrEnum):
    """How the patient is seen. FHIR v3-ActCode: AMB (office), HH (home), VR (teleconsultation)."""

    OFFICE = "office"
    HOME = "home"
    TELE = "teleconsultation"


class Role(StrEnum):
    """In whose name somebody acts."""

    REGULATOR = "regulator"
    PRACTITIONER = "practitioner"
    DELEGATE = "delegate"
    COORDINATOR = "coordinator"
    OPERATOR = "operator"
    PATIENT = "patient"
    SYSTEM = "system"


class AgeBand(StrEnum):
    """All that deciding needs of an age. Under 2 and from 75 on are where care differs most."""

    INFANT = "infant"
    CHILD = "child"
    ADULT = "adult"
    SENIOR = "senior"
    UNKNOWN = "unknown"


class Visibility(StrEnum):
    """To whom a practitioner shows a slot: own patients, the territory (CPTS), or beyond it, where PRO, SNP and PUBLIC
    are the national platform's words."""

    OWN = "own"
    CPTS = "cpts"
    SNP = "snp"
    PRO = "pro"
    PUBLIC = "public"


class Value(BaseModel):
    """A frozen value that facts share. Input never shows in its errors: it may be personal."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class Actor(Value):
    """Who did it: a person's id (never a name), the role, the home territory, and for whom."""

    person: str
    role: Role
    territory: str
    on_behalf_of: str | None = None


class Place(Value):
    """Where: an INSEE commune code and, when known, WGS 84 degrees."""

    commune: str
    lat: float | None = Field(default=None, ge=-90, le=90)
    lon: float | None = Field(default=None, ge=-180, le=180)


class SlotState(Value):
    """What is left of a slot after a change. A higher `version` is later, whatever order it came in.

    `next_start` is the start (epoch seconds, UTC) of the lowest free seat; None when none is free. `starts`, of a slot
    of several seats: those of all free seats, ascending.
    """

    version: int
    free: int
    next_start: int | None = None
    starts: tuple[int, ...] = ()


Code = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]
"""A short code of a territory's own list (a reason for asking): never free text."""

LONGEST = 480
"""Minutes of the longest slot: a day's work."""
Minutes = Annotated[int, Field(ge=5, le=LONGEST)]
Capacity = Annotated[int, Field(ge=1, le=50)]


class Refused(Value):
    """An order that could not be carried out: nothing was changed. `code` picks the words, `about` fills them."""

    code: str
    about: dict[str, str] = Field(default_factory=dict)


class NotYet(Exception):
    """A fact came before one it needs. Raised by a handler; the mailbox's edge retries it later."""


def system_actor(territory: str) -> Actor:
    """The actor of what nobody asked for by hand: timers and sweeps."""
    return Actor(person="relais", role=Role.SYSTEM, territory=territory)
