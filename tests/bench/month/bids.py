"""What is a seat worth to those who have not called yet? Prices learned from past months, and told as time passes."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np

from dispatcher.matching.columns import Floats
from dispatcher.matching.seats import OpenSeats
from dispatcher.planning.prices import worth
from tests.bench.month.demand import WINDOW, Request
from tests.bench.month.hindsight import hindsight
from tests.bench.month.world import FIRST_MONDAY, Seat

HOURS_A_WEEK = 168
TELL_EACH = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Learned:
    """Of past months, by hour of the week (Monday first): `worth` of one seat more by profession, equivalent minutes;
    `leads` of those who would best have had the seats of that hour: minutes from their calls to the visit, sorted.
    `communes` in which each profession sits."""

    worth: Mapping[str, Floats]
    leads: Sequence[Floats]
    communes: Mapping[str, frozenset[str]]


def learn(months: Iterable[tuple[Sequence[Request], Sequence[Seat]]]) -> Learned:
    """What the months that are over would have paid for one seat more, had every call been known in advance."""
    total: dict[str, Floats] = defaultdict(lambda: np.zeros(HOURS_A_WEEK))
    count: dict[str, Floats] = defaultdict(lambda: np.zeros(HOURS_A_WEEK))
    leads: list[list[float]] = [[] for _ in range(HOURS_A_WEEK)]
    communes = defaultdict[str, set[str]](set)
    for requests, seats in months:
        past = hindsight(requests, seats)
        for seat, minutes in zip(seats, worth(past.edges, past.best).seat.tolist(), strict=True):
            profession, hour = seat.slot.profession, hour_of_week(seat.slot.start)
            total[profession][hour] += minutes
            count[profession][hour] += 1
            communes[profession].add(seat.slot.place.commune)
        starts = {seat.slot.slot_id: seat.slot.start for seat in seats}
        for request in requests:
            if (slot_id := past.chosen.get(request.id)) is not None:
                start = starts[slot_id]
                leads[hour_of_week(start)].append((start - request.entered) / timedelta(minutes=1))
    mean = {profession: total[profession] / np.maximum(count[profession], 1) for profession in total}
    where = {profession: frozenset(found) for profession, found in communes.items()}
    return Learned(mean, [np.sort(np.array(one)) for one in leads], where)


@dataclass
class Bids:
    """Tells the engine what its seats are worth: `weight` × what was learned × the share of rivals still to call."""

    learned: Learned
    weight: float = 1.0
    _told: datetime | None = field(default=None, init=False)

    def tell(self, seats: OpenSeats, now: datetime) -> None:
        """Give the engine the prices of now, if those it has are too old."""
        if self._told is not None and now - self._told < TELL_EACH:
            return
        self._told = now
        first = now.replace(minute=0, second=0, microsecond=0)
        prices = {}
        for ahead in range(int(WINDOW / timedelta(hours=1)) + 1):
            hour = first + timedelta(hours=ahead)
            share = self._to_come(hour + timedelta(minutes=30), now)
            for profession, by_hour in self.learned.worth.items():
                minutes = round(self.weight * share * float(by_hour[hour_of_week(hour)]))
                if minutes:
                    for commune in self.learned.communes[profession]:
                        prices[profession, commune, int(hour.timestamp()) // 3600] = minutes
        seats.know_prices(prices)

    def _to_come(self, start: datetime, now: datetime) -> float:
        """Of those who would best have a seat that begins then, the share that has not called yet."""
        leads = self.learned.leads[hour_of_week(start)]
        left = (start - now) / timedelta(minutes=1)
        return float(np.searchsorted(leads, left)) / len(leads) if len(leads) else 0.0


def hour_of_week(moment: datetime) -> int:
    """0 = the hour after midnight on Monday, in France."""
    return int((moment - FIRST_MONDAY) / timedelta(hours=1)) % HOURS_A_WEEK
