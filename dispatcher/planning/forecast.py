"""Where will seats be short in the coming hours? A queue an hour at a time: what is expected against what is open."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from dispatcher.matching.open_slot import OpenSlot
from dispatcher.matching.pair import lower_second

HOURS = 24
Where = tuple[str, str]
"""A profession's code and an area: a commune, or whatever the profile counts by."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """One profession in one area, hour by hour from now: requests expected, seats open, and how many would still wait
    at the end of each hour. `short` is how many find no seat in all."""

    profession: str
    area: str
    asked: tuple[float, ...]
    open: tuple[int, ...]
    waiting: tuple[float, ...]

    @property
    def short(self) -> float:
        return self.waiting[-1]


def forecast(
    asked: Mapping[Where, Sequence[float]],
    opened: Mapping[Where, Sequence[int]],
    waiting: Mapping[Where, float] | None = None,
) -> list[Outlook]:
    """The outlook of each place, the shortest of seats first.

    `asked` are the requests expected in each coming hour, `opened` the seats that begin in it (same length), `waiting`
    those who wait already. A seat serves whoever waits when it begins; an empty one serves nobody later.
    """
    found = []
    for profession, area in sorted({*asked, *opened, *(waiting or {})}):
        where = (profession, area)
        hours = max(len(asked.get(where, ())), len(opened.get(where, ())), 1)
        expected, seats = _filled(asked.get(where, ()), hours), _filled(opened.get(where, ()), hours)
        queue, left = [], (waiting or {}).get(where, 0.0)
        for more, served in zip(expected, seats, strict=True):
            left = max(0.0, left + more - served)
            queue.append(left)
        found.append(Outlook(profession, area, expected, tuple(int(one) for one in seats), tuple(queue)))
    return sorted(found, key=lambda one: (-one.short, one.profession, one.area))


def seats_by_hour(slots: Iterable[OpenSlot], now: datetime, hours: int = HOURS) -> dict[Where, list[int]]:
    """Free seats by profession and commune in each of the coming hours."""
    found: defaultdict[Where, list[int]] = defaultdict(lambda: [0] * hours)
    for slot in slots:
        hour = (lower_second(slot.start) - lower_second(now)) // 3600
        if 0 <= hour < hours and slot.state.free > 0:
            found[slot.schedule.profession, slot.schedule.place.commune][hour] += slot.state.free
    return dict(found)


def _filled(some: Sequence[float], hours: int) -> tuple[float, ...]:
    return (*some, *[0.0] * (hours - len(some)))
