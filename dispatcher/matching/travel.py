"""How long is the way? Minutes by road from the distance as the crow flies."""

from functools import lru_cache
from math import asin, cos, radians, sin, sqrt

from schemas.values import Place

EARTH_KM = 6371.0
WALK_KM = 2.0
"""How far a patient without a vehicle is sent on foot: half an hour."""


def distance_km(here: Place, there: Place) -> float | None:
    """Kilometres as the crow flies; 0 in one commune; None when a position is unknown."""
    if here.commune == there.commune:
        return 0.0
    if here.lat is None or here.lon is None or there.lat is None or there.lon is None:
        return None
    return _crow(here.lat, here.lon, there.lat, there.lon)


def travel_minutes(km: float | None) -> float | None:
    """3.84·√km + 0.53·km: fitted on 120 road pairs under 60 km, 11 % mean error."""
    return None if km is None else 3.84 * sqrt(km) + 0.53 * km


@lru_cache(maxsize=200_000)
def _crow(lat: float, lon: float, lat2: float, lon2: float) -> float:
    a, b = radians(lat), radians(lat2)
    half = sin((b - a) / 2) ** 2 + cos(a) * cos(b) * sin(radians(lon2 - lon) / 2) ** 2
    return 2 * EARTH_KM * asin(sqrt(half))
