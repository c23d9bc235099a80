"""What do people do on the demonstration's day? One frozen act per kind, each with its moment."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from availability.agenda import NewSlot
from schemas.values import AgeBand, Mode

Answer = Literal["redirected", "advised", "unmet", "waits"]


@dataclass(frozen=True, slots=True)
class Caller:
    """The fictional person a request is for; what the regulator hears on the phone."""

    first_name: str
    last_name: str
    birth_year: int
    phone: str
    address: str | None = None
    sms: bool = True


@dataclass(frozen=True, slots=True)
class Ask:
    """A regulator enters a request. `at` = the call begins (aware UTC).

    `interactive`: the patient chooses on the phone among the proposals, the one of rank `pick` (0 = the
    first) or the last before it; otherwise the regulator hangs up and Relais does the rest. `otherwise`:
    what the human on call answers when the request is escalated.
    """

    at: datetime
    territory: str
    request_id: str
    caller: Caller = field(repr=False)
    profession: str
    commune: str
    hours: int
    modes: tuple[Mode, ...]
    age: AgeBand
    frail: bool
    no_vehicle: bool
    can_wait: bool
    usual_practitioner: str | None
    reason: str = field(repr=False)
    interactive: bool
    pick: int
    otherwise: Answer


@dataclass(frozen=True, slots=True)
class Publish:
    """A practitioner opens times."""

    at: datetime
    territory: str
    practitioner_id: str
    slots: tuple[NewSlot, ...]


@dataclass(frozen=True, slots=True)
class CancelSlot:
    """A practitioner takes back the time that starts at `start`."""

    at: datetime
    territory: str
    practitioner_id: str
    start: datetime


@dataclass(frozen=True, slots=True)
class PatientConfirms:
    """The patient opens the link of the SMS and says yes, at `at` or as soon as the SMS is there."""

    at: datetime
    territory: str
    request_id: str


@dataclass(frozen=True, slots=True)
class PatientCancels:
    """The patient gives the place back by the link of the SMS, at `at` or as soon as the SMS is there."""

    at: datetime
    territory: str
    request_id: str


@dataclass(frozen=True, slots=True)
class NoShow:
    """The patient of this request will not come. `at` = the call; nobody knows before the visit."""

    at: datetime
    territory: str
    request_id: str


Act = Publish | CancelSlot | Ask | PatientConfirms | PatientCancels | NoShow

_ORDER = {kind: rank for rank, kind in enumerate((Publish, CancelSlot, Ask, NoShow, PatientConfirms, PatientCancels))}


def in_order(acts: Iterable[Act]) -> list[Act]:
    """By time; at the same moment slots open before anybody asks, and then by id."""
    return sorted(acts, key=lambda act: (act.at, _ORDER[type(act)], _id(act)))


def _id(act: Act) -> str:
    return act.practitioner_id if isinstance(act, Publish | CancelSlot) else act.request_id
