"""How many of those asked have said yes, so long after? A curve, published at first, then learned from answers."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from math import ceil, log

PUBLISHED = ((0.0, 0.0), (2.0, 0.15), (10.0, 0.45), (30.0, 0.69), (60.0, 0.82), (480.0, 1.0))
"""Minutes, and the share of all yeses that have come by then: 15 % in 2 min, 45 % in 10, 69 % in 30, 82 % in 60, as
published for shift filling by telephone; the last point is ours."""
SLOWER = 3.0
"""Clinicians answer between two patients: three times as slow."""
SAYS_YES = 0.25
"""How many of those asked take the patient, before anything is learned: ours, a first guess."""
WORTH = 20
"""The published curve weighs as much as this many answers."""
MOST_PEOPLE = 60
"""More than these are asked of nobody's goodwill at once."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of an offer: `yes_after` = how long the yes took, None = no, or nothing after long enough."""

    yes_after: timedelta | None


@dataclass(frozen=True, slots=True)
class Curve:
    """`says_yes` of all asked ever will; `delays` are those of the yeses that were seen, sorted, in minutes."""

    says_yes: float = SAYS_YES
    delays: tuple[float, ...] = ()

    def by(self, lasts: timedelta) -> float:
        """The share of those asked who have said yes after that time, between 0 and 1."""
        minutes = lasts.total_seconds() / 60
        seen = bisect_right(self.delays, minutes)
        return self.says_yes * (WORTH * published(minutes / SLOWER) + seen) / (WORTH + len(self.delays))

    def people(self, lasts: timedelta, wanted: float) -> int:
        """How many must be asked so that one says yes within that time, with the probability `wanted`."""
        one = self.by(lasts)
        if one <= 0:
            return MOST_PEOPLE
        return 1 if one >= wanted else min(MOST_PEOPLE, max(1, ceil(log(1 - wanted) / log(1 - one))))


def published(minutes: float) -> float:
    """The published share of yeses after these minutes, straight lines between its points."""
    for (before, low), (after, high) in pairwise(PUBLISHED):
        if minutes < after:
            return low + (high - low) * (minutes - before) / (after - before)
    return 1.0


def learn(answers: Sequence[Answer]) -> Curve:
    """The curve of these answers, leaning on the published one while they are few."""
    delays = sorted(one.yes_after.total_seconds() / 60 for one in answers if one.yes_after is not None)
    says_yes = (len(delays) + WORTH * SAYS_YES) / (len(answers) + WORTH)
    return Curve(says_yes, tuple(delays))
