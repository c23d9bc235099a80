"""What does everybody else do? First come, first served: the earliest seat, or the cheapest."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from dispatcher.matching.columns import REFUSED, asked, costs
from dispatcher.matching.pair import wish_of
from dispatcher.matching.seats import OpenSeats
from tests.bench.month.board import Board
from tests.bench.month.demand import Request
from tests.bench.month.world import CPTS


@dataclass(frozen=True)
class FirstCome:
    """Each caller takes what is best for that caller alone, at once and for good: the earliest seat (of those that
    begin together the one that costs least), or else the one that costs least. Whoever found none is served when a
    seat appears, in the order of the calls."""

    earliest: bool
    period: None = None

    def decide(self, waiting: Sequence[Request], news: Iterable[str], board: Board, now: datetime) -> None:
        for request in waiting:
            slot_id = best_alone(request, board.seats, now, earliest=self.earliest)
            if slot_id is None:
                board.flag(request, now)
            else:
                board.confirm(request, slot_id, now)


def best_alone(request: Request, seats: OpenSeats, now: datetime, *, earliest: bool) -> str | None:
    """The seat that the rules of the house allow and that begins first, or costs least; ties by id."""
    table = seats.index.table
    shelves = seats.index.near(request.need, CPTS)
    rows = np.array([row for shelf in shelves for some in shelf.bins.values() for row in some], np.int64)
    if not len(rows):
        return None
    minutes = costs(asked(request.need, wish_of(request.need, now), CPTS, table), table.rows(rows))
    fitting = np.flatnonzero(minutes < REFUSED)
    starts = table.starts[rows] if earliest else np.zeros(len(rows))
    order = [(int(starts[at]), int(minutes[at]), table.slots[rows[at]].slot_id) for at in fitting]
    return min(order)[2] if order else None
