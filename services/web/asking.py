"""What does a regulator see of the asking? Who was asked, who answered, who comes next, and whom one may phone."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from availability import store as agendas
from availability.store import PractitionerRow
from dispatcher import asked
from dispatcher import store as requests
from dispatcher.asking import people_for, planned
from dispatcher.life import WAITING, Wake
from dispatcher.offers.offer import OfferRow
from dispatcher.offers.people import Known
from dispatcher.offers.person import WORDS, Ask, Asked, Person, why_not
from dispatcher.views import RequestRow
from schemas.offer import Circle
from services.house import House
from services.web.views import practitioner_name

CIRCLES: dict[Circle, str] = {
    Circle.USUAL: "le praticien habituel",
    Circle.NEAR: "à moins de 10 km",
    Circle.TERRITORY: "dans le territoire",
    Circle.NEIGHBOURS: "dans les territoires voisins",
    Circle.EXTRA: "par téléphone",
}
PHONED = 5
"""As many as one phones in a row."""
A_MOMENT = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Said:
    """Somebody who was asked, with what was answered, in words; `look` and `mark` say the same."""

    name: str
    km: float | None
    words: str
    look: str
    mark: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Round:
    """Those asked together."""

    circle: str
    began: datetime
    people: tuple[Said, ...]


@dataclass(frozen=True, slots=True)
class Coming:
    """Those who are asked next, if nobody says yes before."""

    circle: str
    begins: datetime
    many: int


@dataclass(frozen=True, slots=True)
class Extra:
    """Somebody who may be phoned; `number` as people write it, None = there is none."""

    practitioner_id: str
    name: str
    km: float | None
    number: str | None


@dataclass(frozen=True, slots=True)
class Asking:
    """The whole of it. `left_out` = how many were not asked, and why, in words."""

    rounds: tuple[Round, ...] = ()
    coming: tuple[Coming, ...] = ()
    left_out: tuple[str, ...] = ()
    extra: tuple[Extra, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.rounds or self.coming or self.left_out or self.extra)


async def asking_of(house: House, db: AsyncConnection, row: RequestRow) -> Asking:
    """Who was asked about this request, and, while it waits, who may still be."""
    offers = await asked.all_of(db, row.request_id)
    now, waiting = house.clock.now(), row.state in WAITING
    known = list(house.seats.people.of(row.need.professions)) if waiting else []
    near = [one for one in known if one.territory == row.territory or one.terms.neighbours]
    people = await people_for(row, near, house.seats, db, now)
    may_phone = _to_phone(row, near, people, offers, now)
    shown = {one.practitioner_id for one in offers} | {one.practitioner_id for one in may_phone}
    rows = await agendas.practitioners(db, shown)
    rings_at = (await requests.timers_of(db, row.request_id)).get(Wake.RING, now)
    coming = await planned(row, house.seats, db, max(now, rings_at)) if waiting and row.pending is None else ()
    return Asking(
        rounds=tuple(_rounds(offers, rows)),
        coming=tuple(Coming(CIRCLES[ring.circle], ring.begins, len(ring.people)) for ring in coming[:3]),
        left_out=tuple(_left_out(row, people, now)),
        extra=await _extra(house, may_phone, rows),
    )


def _rounds(offers: Iterable[OfferRow], rows: dict[str, PractitionerRow]) -> Iterable[Round]:
    by_ring: dict[int, list[OfferRow]] = {}
    for one in offers:
        by_ring.setdefault(one.ring, []).append(one)
    for _, those in sorted(by_ring.items()):
        said = tuple(_said(one, practitioner_name(one.practitioner_id, rows) or "") for one in those)
        yield Round(CIRCLES[those[-1].circle], min(one.made_at for one in those), said)


def _said(one: OfferRow, name: str) -> Said:
    words, look, mark = {
        "made": ("pas encore de réponse", "", "clock"),
        "accepted": ("prend le patient", "ok", "check"),
        "declined": ("non", "", "x"),
        "undone": ("a accepté, puis annulé", "late", "x"),
    }.get(one.state, ("sans réponse", "", "ban"))
    if one.state == "ended" and one.answer == "yes":
        words, mark = ("oui, mais l’heure n’était pas libre" if one.why == "lost" else "oui, trop tard"), "clock"
    return Said(name, one.km, words, look, mark, one.answered_at)


def _left_out(row: RequestRow, people: Iterable[Person], now: datetime) -> Iterable[str]:
    refused = [why_not(Ask(row.need, one, now, A_MOMENT)) for one in people]
    counted = Counter(code for code in refused if code and code != "asked_already")
    for code, many in sorted(counted.items(), key=lambda item: (-item[1], item[0])):
        yield f"{many} {WORDS[code][many > 1]}"


def _to_phone(
    row: RequestRow, known: Iterable[Known], people: Iterable[Person], offers: Iterable[OfferRow], now: datetime
) -> list[Person]:
    """Those who said that one may, in the order in which one would: the usual one, who was asked least lately, the
    nearest. Whoever has said no to this patient is left in peace."""
    agreed = {one.practitioner_id for one in known if one.terms.extra}
    refused = {one.practitioner_id for one in offers if one.answer == "no"}
    could = [
        one
        for one in people
        if one.practitioner_id in agreed - refused and why_not(Ask(row.need, _free(one), now, A_MOMENT)) is None
    ]

    def order(one: Person) -> tuple[bool, float, float, str]:
        last = one.asked.last.timestamp() if one.asked.last else 0.0
        return (
            one.practitioner_id != row.need.usual_practitioner,
            last,
            1e9 if one.km is None else one.km,
            one.practitioner_id,
        )

    return sorted(could, key=order)[:PHONED]


def _free(one: Person) -> Person:
    """The same person as if never asked: a telephone call is not an offer."""
    return replace(one, terms=one.terms.model_copy(update={"offers": True, "neighbours": True}), asked=Asked())


async def _extra(house: House, people: Iterable[Person], rows: dict[str, PractitionerRow]) -> tuple[Extra, ...]:
    those = [(one, rows[one.practitioner_id]) for one in people if one.practitioner_id in rows]
    numbers = await house.vault.open_many([row.phone for _, row in those])
    return tuple(
        Extra(one.practitioner_id, row.name, one.km, number) for (one, row), number in zip(those, numbers, strict=True)
    )
