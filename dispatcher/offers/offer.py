"""How does an offer look to those who read it? Frozen rows, and what became of those asked in a period."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from schemas.offer import Circle
from schemas.values import Mode


@dataclass(frozen=True, slots=True)
class OfferRow:
    """An offer as it stands. `answer` is "yes" or "no", also when it came too late; `why` = why it ended."""

    offer_id: str
    request_id: str
    practitioner_id: str
    territory: str
    ring: int
    circle: Circle
    state: str
    answer: str | None
    why: str | None
    km: float | None
    mode: Mode
    start: datetime
    minutes: int
    made_at: datetime
    until: datetime
    answered_at: datetime | None


@dataclass(slots=True)
class Tally:
    """Of one practitioner in a period: asked, and what was answered. `late` = a yes when the patient had a place."""

    asked: int = 0
    yes: int = 0
    no: int = 0
    late: int = 0
    silent: int = 0
    waiting: int = 0


def offer_row(row: Any) -> OfferRow:
    """The row of the table as a value."""
    return OfferRow(
        row.id, row.request_id, row.practitioner_id, row.territory, row.ring, Circle(row.circle), row.state, row.answer,
        row.why, row.km, Mode(row.mode), row.start, row.minutes, row.made_at, row.until, row.answered_at,
    )  # fmt: skip


def tally(offers: Iterable[OfferRow]) -> dict[str, Tally]:
    """What became of these offers, by practitioner. Somebody phoned was not asked by Relais."""
    found: dict[str, Tally] = defaultdict(Tally)
    for one in offers:
        mine = found[one.practitioner_id]
        mine.asked += one.circle is not Circle.EXTRA
        mine.yes += one.state in ("accepted", "undone")
        mine.no += one.answer == "no"
        mine.late += one.answer == "yes" and one.state == "ended"
        mine.silent += one.answer is None and one.state == "ended"
        mine.waiting += one.state == "made"
    return dict(found)
