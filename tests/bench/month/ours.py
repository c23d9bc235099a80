"""What does the house do? Its own engine, deciding at once, every few minutes, or as late as it may."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from dispatcher.life import escalate_at
from dispatcher.matching.choice import propose
from dispatcher.matching.ranking import miss_cost
from dispatcher.planning.batch import plan
from dispatcher.planning.edges import Ask
from dispatcher.planning.plan import Plan
from dispatcher.planning.promises import Promised, improve
from tests.bench.month.bids import Bids
from tests.bench.month.board import Board
from tests.bench.month.demand import Request, urgency
from tests.bench.month.fairness import Shares
from tests.bench.month.world import CPTS


@dataclass
class Online:
    """The server's answer to a person on the phone: the best for this caller, prices of scarce seats included. When a
    seat appears, the most urgent of those who wait is asked first."""

    bids: Bids | None = None
    period: None = None

    def decide(self, waiting: Sequence[Request], news: Iterable[str], board: Board, now: datetime) -> None:
        _tell(self.bids, board, now)
        for request in sorted(waiting, key=urgency):
            options = propose(request.need, board.seats, CPTS, now, limit=1).options
            if options and (options[0].cost <= miss_cost(request.need) or alerted(request, now)):
                board.confirm(request, options[0].slot.slot_id, now)
            else:
                board.flag(request, now)


@dataclass
class Batch:
    """All who called since the last beat, and all who wait, considered together; told at once, for good."""

    period: timedelta
    bids: Bids | None = None

    def decide(self, waiting: Sequence[Request], news: Iterable[str], board: Board, now: datetime) -> None:
        if not waiting:
            return
        _tell(self.bids, board, now)
        found = plan(_asks(waiting), board.seats, now)
        kept = too_dear(found, waiting, now)
        for request in waiting:
            if request.id in found.chosen and request.id not in kept:
                board.confirm(request, found.chosen[request.id], now)
            else:
                board.flag(request, now)


def anybody(request: Request) -> bool:
    """All patients can wait for the hour of their visit."""
    return True


def not_urgent(request: Request) -> bool:
    """Those to be seen within 24 hours can wait for the hour of their visit; the others are told at once."""
    return urgency(request) == 3


@dataclass
class Late:
    """Every patient is promised a seat at the next beat, and told which one `horizon` before it begins; until then a
    better one may replace it. Those who are not `flexible` are told at once."""

    period: timedelta
    horizon: timedelta
    bids: Bids | None = None
    shares: Shares | None = None
    flexible: Callable[[Request], bool] = anybody
    _promised: dict[str, dict[str, Request]] = field(default_factory=dict, init=False)

    def decide(self, waiting: Sequence[Request], news: Iterable[str], board: Board, now: datetime) -> None:
        _tell(self.bids, board, now)
        if self.shares is not None:
            self.shares.tell(board, now)
        for profession in sorted(news):
            self._improve(profession, [one for one in waiting if one.need.profession == profession], board, now)
        for promised in self._promised.values():
            for request in [one for one in promised.values() if one.id in board.promised]:
                slot_id = board.promised[request.id]
                if now >= board.slots[slot_id].start - self.horizon or not self.flexible(request):
                    board.confirm(request, slot_id, now)

    def _improve(self, profession: str, waiting: Sequence[Request], board: Board, now: datetime) -> None:
        """Seats of a profession change hands, and those who wait get theirs."""
        known = self._promised.get(profession, {})
        promised = {one: request for one, request in known.items() if one in board.promised}  # the others have left
        self._promised[profession] = promised
        kept = [_as_promise(request, board) for request in promised.values()]
        loose = [one for one in kept if now < one.start - self.horizon]
        found = improve(loose, _asks(waiting), board.seats, now)
        left = too_dear(found.plan, waiting, now)
        board.exchange({move.request_id: move.to for move in found.moves if move.request_id not in left}, now)
        for request in waiting:
            if request.id in board.promised:
                promised[request.id] = request
            else:
                board.flag(request, now)


def too_dear(found: Plan, waiting: Iterable[Request], now: datetime) -> set[str]:
    """Those who would take a seat that is worth more to others than a miss is to them. They wait on: a human is told,
    and the price falls as those others do not call. Without prices there is nobody, and once a human was alerted."""
    taken = found.assignment.taken
    return {
        request.id
        for request in waiting
        if (edge := taken[found.number[request.id]]) >= 0
        and found.edges.cost[edge] > miss_cost(request.need)
        and not alerted(request, now)
    }


def alerted(request: Request, now: datetime) -> bool:
    """Whether a human seeks too: nothing is left to others any more."""
    return now >= escalate_at(request.entered, request.need.deadline)


def _as_promise(request: Request, board: Board) -> Promised:
    """What the patient was told: before the deadline, somewhere."""
    slot = board.slots[board.promised[request.id]]
    return Promised(Ask(request.id, request.need, CPTS), slot.slot_id, slot.start)


def _tell(bids: Bids | None, board: Board, now: datetime) -> None:
    if bids is not None:
        bids.tell(board.seats, now)


def _asks(requests: Iterable[Request]) -> list[Ask]:
    return [Ask(request.id, request.need, CPTS) for request in requests]
