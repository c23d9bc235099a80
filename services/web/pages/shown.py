"""How does a request look to a person? A row with its words, opened for those who may read it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from availability import store as agendas
from dispatcher.life import OPEN, PLACED, SEATED, WAITING, State, freeze_at
from dispatcher.matching.eligibility import say_counts
from dispatcher.views import RequestRow
from schemas.request import Need
from schemas.values import Mode
from services.house import House
from services.web.saying import NB, say_time, say_when
from services.web.views import name_of, practitioner_name

LOOKS: dict[State, tuple[str, str, str]] = {
    State.SEEKING: ("", "search", "en recherche"),
    State.OFFERING: ("soon", "users", "praticiens sollicités"),
    State.ESCALATED: ("late", "bell", "alerte"),
    State.PROMISED: ("ok", "clock", "promise"),
    State.BOOKED: ("ok", "calendar", "placée"),
    State.CONFIRMED: ("ok", "check", "confirmée"),
    State.FULFILLED: ("ok", "check", "patient venu"),
    State.NO_SHOW: ("", "x", "pas venu"),
    State.WITHDRAWN: ("", "ban", "annulée"),
    State.REDIRECTED: ("", "send", "réorientée"),
    State.ADVISED: ("", "phone", "conseil donné"),
    State.UNMET: ("late", "triangle-alert", "sans solution"),
}
"""Colour, icon and words of each state: each says the same."""

_STATUS: dict[State, str] = {
    State.SEEKING: "Relais cherche une place",
    State.OFFERING: "Relais demande à des praticiens",
    State.ESCALATED: f"Aucune place{NB}: à reprendre",
    State.FULFILLED: "Le patient est venu",
    State.NO_SHOW: "Le patient n’est pas venu",
    State.WITHDRAWN: "Demande annulée",
    State.REDIRECTED: "Réorientée",
    State.ADVISED: "Conseil donné",
    State.UNMET: "Close sans solution",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """A request in words. `name` is a dash once the patient is forgotten; `detail` is a smaller line."""

    id: str
    state: str
    waiting: bool
    open: bool
    to_acknowledge: bool
    deadline: datetime
    need: Need
    name: str
    age: str
    commune: str
    hints: str
    status: str
    when: str
    detail: str
    look: str
    mark: str
    word: str
    reasons: tuple[str, ...]
    others: tuple[str, ...]
    why_not: tuple[str, ...]


async def show(
    house: House, db: AsyncConnection, rows: Sequence[RequestRow], zone: ZoneInfo, names: dict[str, str]
) -> list[Shown]:
    """The rows in words, in the same order. `names` are those of the people an alert may go to, by id."""
    now = house.clock.now()
    opened = await house.vault.open_many([row.patient.name for row in rows])
    years = await house.vault.open_many([row.patient.birth_year for row in rows])
    practitioners = await agendas.practitioners(db, {row.practitioner_id for row in rows if row.practitioner_id})
    shown = []
    for row, name, year in zip(rows, opened, years, strict=True):
        look, mark, word = LOOKS[row.state]
        who = practitioner_name(row.practitioner_id, practitioners) or ""
        shown.append(
            Shown(
                id=row.request_id,
                state=row.state.value,
                waiting=row.state in WAITING,
                open=row.state in OPEN,
                to_acknowledge=row.state is State.ESCALATED and row.acknowledged_at is None,
                deadline=row.need.deadline,
                need=row.need,
                name=name or "—",
                age=say_age(year, now.year),
                commune=name_of(row.need.place.commune, house.communes),
                hints=", ".join(_hints(row.need)),
                status=_status(row, zone, now),
                when=say_when(row.start, zone, now) if row.state in PLACED and row.start else "",
                detail=_detail(row, who, names, zone, now),
                look=look,
                mark=mark,
                word=word,
                reasons=row.reasons if row.state in SEATED else (),
                others=row.others,
                why_not=tuple(say_counts(row.counts)) if row.counts and row.state in WAITING else (),
            )
        )
    return shown


def say_age(year: str | None, this_year: int) -> str:
    """ "68 ans". The year alone is known, so it may be one more than the truth."""
    if not year or not year.isdigit():
        return ""
    years = this_year - int(year)
    return f"{years}{NB}ans" if years > 1 else "1 an ou moins"


def _hints(need: Need) -> Iterable[str]:
    if Mode.HOME in need.modes:
        yield "à domicile"
    if Mode.TELE in need.modes:
        yield "téléconsultation possible" if len(need.modes) > 1 else "téléconsultation"
    if need.no_vehicle:
        yield "sans véhicule"


def _status(row: RequestRow, zone: ZoneInfo, now: datetime) -> str:
    if row.state is State.PROMISED:
        return f"Place promise avant {say_when(row.need.deadline, zone, now)}"
    if row.state in PLACED and row.start is not None:
        return f"Rendez-vous {say_when(row.start, zone, now)}"
    return _STATUS.get(row.state, "")


def _detail(row: RequestRow, practitioner: str, names: dict[str, str], zone: ZoneInfo, now: datetime) -> str:
    if row.state in PLACED:
        how = {"home": "à domicile", "teleconsultation": "en téléconsultation"}.get(str(row.mode), "")
        return ", ".join(part for part in (practitioner, how, "déplacé" if row.moved else "") if part)
    if row.state is State.PROMISED and row.start is not None:
        told = say_when(freeze_at(row.need, row.start), zone, now)
        return f"place gardée {say_when(row.start, zone, now)}, {practitioner}{NB}; heure dite {told}"
    if row.state is State.ESCALATED:
        person = names.get(row.escalated_to or "", "une personne")
        if row.acknowledged_at is None:
            return f"{person} est alerté·e"
        return f"{person} s’en occupe depuis {say_time(row.acknowledged_at, zone)}"
    return "après une annulation du praticien" if row.state is State.SEEKING and row.moved else ""
