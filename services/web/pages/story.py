"""What happened to a request, in plain words? The audit's facts as a timeline, and its messages."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from notifications.store import MessageRow
from schemas.sealed import Sealed
from schemas.values import Role
from services.audit.history import AuditRow
from services.house import House

WORDS: dict[str, str] = {
    "request.entered": "Demande enregistrée",
    "slot.held": "Place gardée pendant l’appel",
    "hold.released": "Place relâchée",
    "slot.chosen": "Une place est proposée",
    "slot.lost": "Place prise par quelqu’un d’autre : Relais en cherche une autre",
    "request.promised": "Une place est gardée, l’heure sera dite plus tard",
    "offer.made": "Des praticiens sont sollicités",
    "offer.accepted": "Un praticien prend le patient",
    "offer.declined": "Un praticien n’est pas disponible",
    "request.booked": "Rendez-vous fixé",
    "request.unmatched": "Aucune place dans le délai pour le moment",
    "request.escalated": "Une personne est alertée",
    "escalation.acknowledged": "Alerte prise en main",
    "request.confirmed": "Le patient confirme sa venue",
    "patient.wrote": "Le patient a répondu par SMS",
    "request.answered": "Une personne est prévenue de lire cette réponse",
    "request.untold": "Une personne est chargée de téléphoner au patient",
    "booking.cancelled": "Le praticien retire son créneau",
    "request.reopened": "Relais cherche une nouvelle place",
    "request.withdrawn": "Demande annulée",
    "seat.freed": "La place est rendue au praticien",
    "request.closed": "Demande close",
    "request.erased": "Les données de la personne sont effacées",
    "alarm.raised": "Une alarme technique est donnée",
}
"""By noun and fact. What is not here is between machines, or shown with the messages themselves."""

PEOPLE = frozenset(
    {"request.entered", "slot.held", "offer.accepted", "offer.declined", "escalation.acknowledged", "request.confirmed"}
    | {"booking.cancelled", "request.withdrawn", "request.closed"}
)
"""What somebody does by hand; the rest follows by itself, even when it carries the name of who began it."""

BY: dict[Role, str] = {
    Role.REGULATOR: "par la régulation",
    Role.COORDINATOR: "par la coordination",
    Role.PRACTITIONER: "par le praticien",
    Role.DELEGATE: "par le secrétariat",
    Role.PATIENT: "par le patient",
    Role.OPERATOR: "par l’exploitation",
}
_TO = {"patient": "Au patient", "practitioner": "Au praticien", "human": "À la personne de garde"}
_STATES: dict[str, tuple[str, str, str]] = {
    "due": ("", "clock", "part bientôt"),
    "claimed": ("", "send", "en cours d’envoi"),
    "sent": ("ok", "check", "parti"),
    "delivered": ("ok", "check", "arrivé"),
    "acknowledged": ("ok", "check", "vu"),
    "failed": ("late", "triangle-alert", "non parti"),
    "ambiguous": ("soon", "circle-help", "sans réponse du réseau"),
    "superseded": ("", "ban", "remplacé, non envoyé"),
}
_LINK = re.compile(r"(https?://\S+[\w/])")


@dataclass(frozen=True, slots=True)
class Happened:
    """One line of the timeline."""

    at: datetime
    words: str
    by: str


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a message's text; `href` where it is a link."""

    text: str
    href: str = ""


@dataclass(frozen=True, slots=True)
class Wrote:
    """What the patient answered by SMS; None = forgotten."""

    at: datetime
    text: str | None


@dataclass(frozen=True, slots=True)
class Told:
    """A message as a person would see it."""

    id: str
    to_whom: str
    to: str | None
    text: str
    parts: tuple[Part, ...]
    state: str
    look: str
    mark: str
    at: datetime | None


def timeline(rows: Iterable[AuditRow]) -> list[Happened]:
    """The facts a person can use, oldest first."""
    told: list[Happened] = []
    for row in rows:
        said = ".".join(row.subject.split(".")[:2])
        if said in WORDS and not (said == "offer.made" and told and told[-1].words == WORDS[said]):
            told.append(Happened(row.at, WORDS[said], BY.get(row.actor.role, "") if said in PEOPLE else ""))
    return told


async def open_replies(house: House, rows: Sequence[tuple[datetime, str | None]]) -> list[Wrote]:
    """What the patient wrote, opened: only for pages whose reader may."""
    boxes = [Sealed[str].model_validate_json(body) if body else None for _, body in rows]
    return [Wrote(at, text) for (at, _), text in zip(rows, await house.vault.open_many(boxes), strict=True)]


async def open_messages(house: House, rows: Sequence[MessageRow]) -> list[Told]:
    """The messages opened: only for pages whose reader may."""
    bodies = await house.vault.open_many([row.body for row in rows])
    numbers = await house.vault.open_many([row.to for row in rows])
    told = []
    for row, body, number in zip(rows, bodies, numbers, strict=True):
        look, mark, state = _STATES.get(_reached(row), ("", "clock", row.state))
        text = body or "—"
        told.append(
            Told(
                id=row.message_id,
                to_whom=_TO.get(row.recipient, row.recipient),
                to=number,
                text=text,
                parts=tuple(_parts(text, house.settings.base_url)),
                state=state,
                look=look,
                mark=mark,
                at=row.sent_at or row.send_after,
            )
        )
    return told


def _reached(row: MessageRow) -> str:
    """How far a message got: what is known beyond « it left »."""
    if row.state != "sent":
        return row.state
    return "acknowledged" if row.acknowledged_at else "delivered" if row.delivered_at else "sent"


def _parts(text: str, base_url: str) -> Iterable[Part]:
    """The text cut at its links. A link of this house stays on this host; another is plain text."""
    for piece in _LINK.split(text):
        if piece.startswith(base_url + "/"):
            yield Part(piece, piece.removeprefix(base_url))
        elif piece:
            yield Part(piece)
