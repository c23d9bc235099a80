"""How long is the way? Minutes by road from the distance as the crow flies, for one pair or for columns of pairs."""

from functools import lru_cache
from math import cos, radians, sin, sqrt
from typing import Any

import numpy as np

from schemas.values import Place

EARTH_KM = 6371.0
WALK_KM = 2.0
"""How far a patient without a vehicle is sent on foot: half an hour."""
UNKNOWN_KM = 1e6
"""Stands for a distance nobody knows: beyond every radius."""

Number = Any
"""A number, or a numpy array of numbers that broadcasts: what follows treats both alike, to the last bit."""
Point = tuple[float, float, float]
"""On the unit sphere. Both paths start from it: what comes after is only + − × and √, the same everywhere."""


def distance_km(here: Place, there: Place) -> float | None:
    """Kilometres as the crow flies; 0 in one commune; None when a position is unknown."""
    if here.commune == there.commune:
        return 0.0
    one, other = point(here), point(there)
    return None if one is None or other is None else float(crow(one, other))


def point(place: Place) -> Point | None:
    """Where it is on the unit sphere; None when nobody knows."""
    return None if place.lat is None or place.lon is None else _point(place.lat, place.lon)


def crow(here: tuple[Number, Number, Number], there: tuple[Number, Number, Number]) -> Number:
    """Kilometres along the great circle: the chord, and two terms of the arcsine (exact to 1 m under 500 km)."""
    x, y, z = here[0] - there[0], here[1] - there[1], here[2] - there[2]
    square = x * x + y * y + z * z
    return _root(square) * (square * (EARTH_KM / 24) + EARTH_KM)


def travel_minutes(km: float | None) -> float | None:
    """3.84·√km + 0.53·km: fitted on 120 road pairs under 60 km, 11 % mean error."""
    return None if km is None else float(road(km))


def road(km: Number) -> Number:
    """Minutes by road for a distance that is known."""
    return 3.84 * _root(km) + 0.53 * km


def whole(minutes: Number) -> Number:
    """The nearest whole number of minutes that are not negative."""
    if isinstance(minutes, np.ndarray):
        return (minutes + 0.5).astype(np.int64)
    return int(minutes + 0.5)


def larger(one: Number, other: Number) -> Number:
    """The larger of two."""
    if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        return np.maximum(one, other)
    return max(one, other)


def _root(number: Number) -> Number:
    return np.sqrt(number) if isinstance(number, np.ndarray) else sqrt(number)


@lru_cache(maxsize=200_000)
def _point(lat: float, lon: float) -> Point:
    north, east = radians(lat), radians(lon)
    return cos(north) * cos(east), cos(north) * sin(east), sin(north)
