"""What happens when? The month played from its first call to its last visit, under one policy."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from heapq import heapify, heappop, heappush
from typing import Protocol

from tests.bench.month.board import Board
from tests.bench.month.demand import Request
from tests.bench.month.troubles import NO_TROUBLES, SHORTEST_NOTICE, Troubles
from tests.bench.month.world import Seat


class Policy(Protocol):
    """A way to decide. `period` None = at once, at each call and each freed seat; else at every beat."""

    @property
    def period(self) -> timedelta | None: ...

    def decide(self, waiting: Sequence[Request], news: Iterable[str], board: Board, now: datetime) -> None:
        """Seat those who wait (in the order of their calls) of the professions of which there is `news`, or flag them;
        confirm the promises that are due."""


Happening = tuple[datetime, int, str, str]
"""When, the order of its kind at one moment, the kind, and of whom."""
ORDER = {"ill": 0, "refusal": 1, "withdrawal": 2, "new seats": 3, "call": 4, "beat": 5}

AT_ONCE = frozenset({"ill", "refusal"})
"""A practitioner's no waits for no beat."""


class Month:
    """One month under one policy; `play` it once."""

    def __init__(
        self, policy: Policy, seats: Iterable[Seat], requests: Sequence[Request], troubles: Troubles = NO_TROUBLES
    ) -> None:
        self.policy, self.troubles = policy, troubles
        self.board = Board(seats)
        self.requests = {request.id: request for request in requests}
        self.waiting: dict[str, Request] = {}
        self.withdrawn: set[str] = set()
        self.cut: set[str] = set()
        self._news: set[str] = set()
        self._asked: set[str] = set()
        self._happenings: list[Happening] = []

    def play(self) -> Board:
        """From the first call until the last deadline. The board at the end, its counters filled."""
        self._plan()
        while self._happenings:
            now, _, kind, whom = heappop(self._happenings)
            self._happen(kind, whom, now)
            if kind == "beat" or (self._news and (self.policy.period is None or kind in AT_ONCE)):
                self._decide(now)
        self._count()
        return self.board

    def _plan(self) -> None:
        requests = list(self.requests.values())
        found = [_at(request.entered, "call", request.id) for request in requests]
        found += [_at(requests[0].entered, "new seats", "")]
        found += [_at(moment, "withdrawal", request_id) for request_id, moment in self.troubles.withdraws.items()]
        found += [_at(moment, "ill", str(number)) for number, (moment, _) in enumerate(self.troubles.ill)]
        if self.policy.period is not None:
            moment, last = requests[0].entered, requests[-1].need.deadline
            while moment <= last + self.policy.period:
                moment += self.policy.period
                found.append(_at(moment, "beat", ""))
        heapify(found)
        self._happenings = found

    def _happen(self, kind: str, whom: str, now: datetime) -> None:
        match kind:
            case "call":
                self.waiting[whom] = self.requests[whom]
                self._news.add(self.requests[whom].need.profession)
            case "new seats":
                self._news |= self.board.show(now)
                if (moment := self.board.next_shown()) is not None:
                    heappush(self._happenings, _at(moment, "new seats", ""))
            case "withdrawal":
                self._withdraw(whom, now)
            case "refusal":
                self._close([whom])
            case "ill":
                self._close(self.troubles.ill[int(whom)][1])

    def _decide(self, now: datetime) -> None:
        for request_id in [one for one, request in self.waiting.items() if request.need.deadline < now]:
            del self.waiting[request_id]
        waiting = [request for request in self.waiting.values() if request.need.profession in self._news]
        waiting.sort(key=lambda request: (request.entered, request.id))
        news, self._news = self._news, set()
        before = set(self.board.confirmed)
        self.policy.decide(waiting, news, self.board, now)
        for request in waiting:
            if request.id in self.board.promised or request.id in self.board.confirmed:
                self.waiting.pop(request.id, None)
        if self.troubles.refuses:
            for request_id in self.board.confirmed.keys() - before:
                self._ask(self.board.confirmed[request_id], now)

    def _ask(self, slot_id: str, now: datetime) -> None:
        """The practitioner is told of the visit, and may say no."""
        after = self.troubles.refuses.get(slot_id)
        if after is None or slot_id in self._asked:
            return
        self._asked.add(slot_id)
        latest = self.board.slots[slot_id].start - timedelta(minutes=1)
        heappush(self._happenings, _at(min(now + after, latest), "refusal", slot_id))

    def _withdraw(self, request_id: str, now: datetime) -> None:
        seat = self.board.confirmed.get(request_id) or self.board.promised.get(request_id)
        if seat is not None and self.board.slots[seat].start < now + SHORTEST_NOTICE:
            return  # seen already, or on the way
        self.withdrawn.add(request_id)
        self.waiting.pop(request_id, None)
        if self.board.leave(request_id) is not None:
            self._news.add(self.requests[request_id].need.profession)

    def _close(self, slot_ids: Iterable[str]) -> None:
        for request_id in self.board.close(slot_ids):
            request = self.requests[request_id]
            self.cut.add(request_id)
            self.waiting[request_id] = request
            self._news.add(request.need.profession)

    def _count(self) -> None:
        """What must never be, seen from the end: each promise kept unless its practitioner broke it, no silent miss."""
        board, never = self.board, self.board.never
        for request_id, request in self.requests.items():
            slot_id = board.confirmed.get(request_id)
            kept = slot_id is not None and board.slots[slot_id].start <= request.need.deadline
            excused = request_id in self.withdrawn or request_id in self.cut
            never["promises broken"] += request_id in board.ever_promised and not kept and not excused
            flagged = board.flagged.get(request_id)
            missed = slot_id is None and request_id not in self.withdrawn
            never["misses kept silent"] += missed and (flagged is None or flagged > request.need.deadline)
        seated = list(board.confirmed.values())
        never["double bookings"] += len(seated) - len(set(seated))


def _at(moment: datetime, kind: str, whom: str) -> Happening:
    return moment, ORDER[kind], kind, whom
