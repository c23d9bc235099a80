"""Who may be told the time later, and which better seats replace the ones they are promised? Late confirmation.

A flexible patient hears a window now and the hour at a freeze horizon before the visit. Until then a real seat is kept
for each (the guarantee), so the promise holds whatever comes; a better seat may replace it as long as every promise has
one. In the trial it took a third to half of the gap to the limit away, and no confirmed patient was ever moved.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from dispatcher.matching.seats import OpenSeats
from dispatcher.planning.batch import plan
from dispatcher.planning.ground import Ask
from dispatcher.planning.plan import Plan


@dataclass(frozen=True, slots=True)
class Promised:
    """One promise: the visit begins before its deadline; the seat kept for it is in `slot_id` and begins at `start`."""

    ask: Ask
    slot_id: str
    start: datetime


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


def improve(promised: Iterable[Promised], waiting: Iterable[Ask], seats: OpenSeats, now: datetime) -> Improvement:
    """The plan of least cost for those who wait and those who are promised, in which every promise keeps a seat.

    `promised` are those whose hour was not told yet; the others and their seats never move. A request that is in
    `waiting` and gets nothing has no move.
    """
    loose = list(promised)
    guarantees = {one.ask.request_id: (one.slot_id, one.start) for one in loose}
    found = plan([*(one.ask for one in loose), *waiting], seats, now, guarantees=guarantees)
    moves = []
    for request_id, to in sorted(found.chosen.items()):
        since = guarantees[request_id][0] if request_id in guarantees else None
        if to != since:
            moves.append(Move(request_id, since, to))
    return Improvement(tuple(moves), found)
