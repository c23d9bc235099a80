"""How far is looked? Wider until there are enough practitioners in the disc."""

from collections.abc import Iterable

ENOUGH = 5
"""Practitioners of the profession to have a choice from (the national platform's aim)."""
STEPS = ((0.0, 3.0), (10.0, 5.0), (20.0, 10.0), (30.0, 15.0), (40.0, 20.0), (50.0, 25.0))
"""From which radius on, how much wider, in km (the national platform's published table)."""
WIDEST = 100.0
"""Nobody is sent further (ours)."""


def enlarge(radius_km: float) -> float:
    """The next radius in km."""
    step = next(more for since, more in reversed(STEPS) if radius_km >= since)
    return min(radius_km + step, max(WIDEST, radius_km))


def widened(radius_km: float, practitioners_km: Iterable[float]) -> float:
    """The radius enlarged until enough practitioners are within it, or all that there are within the widest."""
    distances = [km for km in practitioners_km if km <= WIDEST]
    while sum(km <= radius_km for km in distances) < min(ENOUGH, len(distances)):
        radius_km = enlarge(radius_km)
    return radius_km
