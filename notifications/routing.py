"""Which provider carries the next message? Weights that errors lower and calm restores, and a breaker."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

Trouble = Literal["error", "ambiguous", "link"]

WORSE, BETTER, CALM = 10, 10, timedelta(minutes=5)
"""An error takes so much of the weight; each five minutes without one give so much back."""
LEAST = 5
"""A provider that works, however badly, keeps being tried."""
BREAKS, WITHIN, OPEN = 3, timedelta(seconds=60), timedelta(seconds=30)
"""Absolute counts, because volumes are small: three ambiguous or link errors within a minute, then nothing for half a
minute."""


@dataclass(frozen=True, slots=True)
class Health:
    """How much is given to a provider now; nothing until `broken_until`."""

    weight: int
    broken_until: datetime | None = None

    def open(self, now: datetime) -> bool:
        return self.broken_until is None or self.broken_until <= now


def health(full: int, troubles: Iterable[tuple[datetime, Trouble]], now: datetime) -> Health:
    """The health that these troubles (oldest first) leave of a provider whose weight is `full`."""
    weight, since, links, broken = full, None, list[datetime](), None
    for at, kind in troubles:
        weight = _rested(full, weight, since, at)
        weight, since = max(min(LEAST, full), weight - WORSE), at
        if kind != "error":
            links = [one for one in links if one > at - WITHIN] + [at]
            if len(links) >= BREAKS:
                broken = at + OPEN
    return Health(_rested(full, weight, since, now), broken)


def turn(served: Mapping[str, float], weights: Mapping[str, int]) -> list[str]:
    """The providers, the one that has carried least for its weight first."""
    return sorted(weights, key=lambda name: (served.get(name, 0.0) / max(1, weights[name]), name))


def _rested(full: int, weight: int, since: datetime | None, now: datetime) -> int:
    if since is None:
        return weight
    return min(full, weight + BETTER * int((now - since) / CALM))
