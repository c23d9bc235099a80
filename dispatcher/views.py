"""How does a request look to those who read it? Frozen rows, and the figures made of them."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from statistics import median
from typing import Any, NamedTuple

from dispatcher.life import OPEN, State
from schemas.request import Need, Patient
from schemas.sealed import Sealed
from schemas.values import Mode, Place


class RequestRow(NamedTuple):
    """A request as it is. `patient` stays sealed; `start` to `place` are those of the visit."""

    request_id: str
    territory: str
    state: State
    need: Need
    patient: Patient
    entered_at: datetime
    entered_by: str
    interactive: bool
    choice: int
    pending: str | None
    unmatched: bool
    lost: tuple[str, ...]
    slot_id: str | None
    practitioner_id: str | None
    start: datetime | None
    minutes: int | None
    mode: Mode | None
    place: Place | None
    reasons: tuple[str, ...]
    others: tuple[str, ...]
    counts: dict[str, int]
    moved: bool
    promised_at: datetime | None
    exchanging: bool
    escalated_to: str | None
    rank: int
    acknowledged_at: datetime | None
    closed_at: datetime | None
    counted: bool = False
    confirmed_for: str | None = None

    @property
    def confirmed(self) -> bool:
        """Whether the patient said that she comes, to this place and to no other."""
        return self.confirmed_for is not None and self.confirmed_for == self.slot_id


@dataclass(frozen=True, slots=True)
class Board:
    """Rows to show, and how many requests are open in all."""

    rows: list[RequestRow]
    total_open: int


@dataclass(frozen=True, slots=True)
class OnCall:
    """A human of the roster: rank 0 is alerted first. `phone` (E.164) and `email` are sealed under the person's own
    key; without them only a browser that the person allowed to be woken reaches him or her."""

    person: str
    rank: int
    name: str
    channel: str = "console"
    phone: Sealed[str] | None = None
    email: Sealed[str] | None = None


@dataclass(slots=True)
class Count:
    """Asked, placed in time, ended (or overdue) without a place."""

    asked: int = 0
    in_time: int = 0
    unmet: int = 0


@dataclass(frozen=True, slots=True)
class Figures:
    """What happened to the requests of a period. `in_time` = a place that begins before the deadline; `confirmed` of
    `booked` said that they come; of `came` + `no_show` it is known, or presumed, who came."""

    asked: int
    booked: int
    in_time: int
    within_24h: int
    open: int
    escalated: int
    withdrawn: int
    unmet: int
    confirmed: int
    came: int
    no_show: int
    median_wait_minutes: float | None
    waits: tuple[float, ...]
    by_profession: dict[str, Count]
    by_commune: dict[str, Count]
    counts: dict[str, int] = field(default_factory=dict)


# A request is read again a moment later, when its seat is booked: what never changes is understood once. 4 kB each.
_need = lru_cache(1024)(Need.model_validate_json)
_patient = lru_cache(1024)(Patient.model_validate_json)


@lru_cache(1024)
def _words(text: str) -> tuple[str, ...]:
    """A list of words, which mostly has none."""
    return tuple(json.loads(text))


def request_row(row: Any) -> RequestRow:
    """The row of the table as a value."""
    return RequestRow(
        row.id, row.territory, State(row.state), _need(row.need),
        _patient(row.patient), row.entered_at, row.entered_by, row.interactive, row.choice,
        row.pending, row.unmatched, _words(row.lost), row.slot_id,
         row.practitioner_id, row.start, row.minutes,
        None if row.mode is None else Mode(row.mode),
        None if row.place is None else Place.model_validate_json(row.place),
        _words(row.reasons), _words(row.others), json.loads(row.counts), row.moved,
        row.promised_at, row.exchanging, row.escalated_to, row.rank, row.acknowledged_at, row.closed_at, row.counted,
        row.confirmed_for,
    )  # fmt: skip


def figures(rows: Iterable[RequestRow], now: datetime) -> Figures:
    """The figures of these requests as of `now`."""
    rows = list(rows)
    placed = [row for row in rows if row.start is not None and row.state is not State.WITHDRAWN]
    waits = sorted((row.start - row.entered_at).total_seconds() / 60 for row in placed if row.start)
    by_profession: dict[str, Count] = defaultdict(Count)
    by_commune: dict[str, Count] = defaultdict(Count)
    why: Counter[str] = Counter()
    for row in rows:
        for count in (by_profession[row.need.profession], by_commune[row.need.place.commune]):
            count.asked += 1
            count.in_time += in_time(row)
            count.unmet += unmet(row, now)
        if unmet(row, now):
            why.update(row.counts)
    states = Counter(row.state for row in rows)
    return Figures(
        asked=len(rows), booked=len(placed), in_time=sum(map(in_time, rows)),
        within_24h=sum(wait <= 24 * 60 for wait in waits), open=sum(states[state] for state in OPEN),
        escalated=sum(row.rank >= 0 for row in rows), withdrawn=states[State.WITHDRAWN],
        unmet=sum(unmet(row, now) for row in rows), no_show=states[State.NO_SHOW],
        confirmed=sum(row.confirmed for row in placed), came=states[State.FULFILLED],
        median_wait_minutes=median(waits) if waits else None, waits=tuple(waits),
        by_profession=dict(by_profession), by_commune=dict(by_commune), counts=dict(why),
    )  # fmt: skip


def in_time(row: RequestRow) -> bool:
    """It has (or had) a place that begins before its deadline."""
    return row.start is not None and row.start <= row.need.deadline and row.state is not State.WITHDRAWN


def unmet(row: RequestRow, now: datetime) -> bool:
    """It ended without a place, or its deadline has passed without one."""
    ended = row.state in (State.UNMET, State.REDIRECTED, State.ADVISED)
    return ended or (row.start is None and row.state in OPEN and row.need.deadline <= now)
