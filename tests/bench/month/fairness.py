"""Who was given more than the others? Each GP's share of the week, told to the engine every hour."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from dispatcher.matching.fairness import excesses
from dispatcher.matching.standing import Standing
from tests.bench.month.board import Board
from tests.bench.month.world import FIRST_MONDAY

GP = "10"
TELL_EACH = timedelta(hours=1)
A_WEEK = timedelta(days=7)


@dataclass
class Shares:
    """Keeps the engine's picture of the GPs' loads: of the seats of this week, the share that was given."""

    _told: datetime | None = field(default=None, init=False)

    def tell(self, board: Board, now: datetime) -> None:
        """Say what each GP was given of this week's seats, if what was said is too old."""
        if self._told is not None and now - self._told < TELL_EACH:
            return
        self._told = now
        monday = FIRST_MONDAY + (now - FIRST_MONDAY) // A_WEEK * A_WEEK
        week = [
            one
            for one in board.slots.values()
            if one.schedule.profession == GP and monday <= one.start < monday + A_WEEK
        ]
        opened = Counter(slot.schedule.practitioner_id for slot in week)
        given = Counter(slot.schedule.practitioner_id for slot in week if slot.slot_id in board.taken)
        for practitioner_id, excess in excesses(given, opened).items():
            # No weekly cap: all calls of the study are dispatched, not only those a doctor is paid a supplement for.
            board.seats.know(Standing(practitioner_id, per_week=None, excess=excess))
