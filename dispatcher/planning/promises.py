"""Who may be told the time later, and which better seats replace the ones they are promised? Late confirmation.

A flexible patient hears a window now and the hour at a freeze horizon before the visit. Until then a real seat is kept
for each (the guarantee), so the promise holds whatever comes; a better seat may replace it as long as every promise has
one. In the trial it took a third to half of the gap to the limit away, and no confirmed patient was ever moved.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from dispatcher.matching.pair import urgency_weight
from dispatcher.matching.seats import OpenSeats
from dispatcher.planning.batch import plan
from dispatcher.planning.ground import Ask
from dispatcher.planning.plan import Plan
from schemas.request import Need

HORIZON = timedelta(hours=2)
"""How long before the visit its hour is told and no longer moves: 2 h did best in the trial, 4 h nearly as well."""


@dataclass(frozen=True, slots=True)
class Lateness:
    """A territory's setting. `horizon` before a visit its time is fixed and told; requests of a greater urgency weight
    (1, 2, 4) than `most_weight` are told at once."""

    horizon: timedelta = HORIZON
    most_weight: int = 1


@dataclass(frozen=True, slots=True)
class Promised:
    """One promise: the visit begins before `until`; the seat kept for it is in `slot_id` and begins at `start`."""

    ask: Ask
    slot_id: str
    start: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Move:
    """The request takes a seat of `to` instead of the one it had (None: it had none)."""

    request_id: str
    since: str | None
    to: str


@dataclass(frozen=True, slots=True, eq=False)
class Improvement:
    """Moves to be made together or not at all, by request id; `plan` is what they come from."""

    moves: tuple[Move, ...]
    plan: Plan


def flexible(need: Need, start: datetime, now: datetime, setting: Lateness) -> bool:
    """Whether the patient may be told a window only: not urgent, and the seat found is beyond the freeze horizon."""
    return urgency_weight(need) <= setting.most_weight and now < freeze_at(start, setting.horizon)


def freeze_at(start: datetime, horizon: timedelta) -> datetime:
    """When the visit's time is told, and moves no more."""
    return start - horizon


def improve(
    promised: Iterable[Promised], waiting: Iterable[Ask], seats: OpenSeats, now: datetime, horizon: timedelta = HORIZON
) -> Improvement:
    """The plan of least cost for those who wait and those who are promised, in which every promise keeps a seat.

    Promises past their freeze moment are left out: they and their seats never move. A request that is in `waiting` and
    gets nothing has no move.
    """
    loose = [one for one in promised if now < freeze_at(one.start, horizon)]
    asks = [Ask(one.ask.request_id, _by(one.ask.need, one.until), one.ask.territory) for one in loose]
    guarantees = {one.ask.request_id: (one.slot_id, one.start) for one in loose}
    found = plan([*asks, *waiting], seats, now, guarantees=guarantees)
    moves = []
    for request_id, to in sorted(found.chosen.items()):
        since = guarantees[request_id][0] if request_id in guarantees else None
        if to != since:
            moves.append(Move(request_id, since, to))
    return Improvement(tuple(moves), found)


def _by(need: Need, until: datetime) -> Need:
    """The need with the window that was promised."""
    return need if until >= need.deadline else need.model_copy(update={"deadline": until})
