"""What does the engine know of those who have not called yet? What it learned of past months, told as time passes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from dispatcher.matching.seats import OpenSeats, by_hour
from dispatcher.planning.bids import Learned, Week, bids, weeks_over
from dispatcher.planning.bids import learn as learn_weeks
from dispatcher.planning.demand import WATCHED, Past
from dispatcher.planning.futures import Opened, Weeks
from tests.bench.month.demand import Request
from tests.bench.month.world import CPTS, FIRST_MONDAY, Seat

ZONE = ZoneInfo("Europe/Paris")
TELL_EACH = timedelta(minutes=30)


def learn(months: Iterable[tuple[Sequence[Request], Sequence[Seat]]]) -> Learned:
    """What the server learns each hour, of these months, which end at the same moment."""
    return learn_weeks((week for month in months for week in _weeks(*month)), ZONE)


@dataclass
class Bids:
    """Tells the engine what its seats are worth now, if what it was told is too old; `weight` × what was learned."""

    learned: Learned
    weight: float = 1.0
    _told: datetime | None = field(default=None, init=False)

    def tell(self, seats: OpenSeats, now: datetime) -> None:
        if self._told is not None and now - self._told < TELL_EACH:
            return
        self._told = now
        worth = by_hour(bids(self.learned, now, ZONE))
        seats.know_bids(CPTS, {key: round(self.weight * minutes) for key, minutes in worth.items()})


def _weeks(requests: Sequence[Request], seats: Sequence[Seat]) -> list[Week]:
    past, opened = [Past(one.entered, one.need) for one in requests], [Opened(one.published, one.slot) for one in seats]
    return weeks_over(Weeks(past, opened=opened), FIRST_MONDAY + WATCHED, CPTS)
