"""Is the way as long as the formula says?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.matching.travel import distance_km, travel_minutes
from schemas.values import Place
from tests.builders import GAILLAC, SOMEWHERE

TOULOUSE = Place(commune="31555", lat=43.6045, lon=1.4440)
PARIS = Place(commune="75056", lat=48.8566, lon=2.3522)


@pytest.mark.parametrize(
    ("km", "road"),
    [(0, 0.0), (1, 4.37), (4, 9.80), (9, 16.29), (25, 32.45), (49, 52.85)],  # 3.84·√km + 0.53·km by hand
)
def test_the_minutes_of_a_way(km: float, road: float) -> None:
    assert travel_minutes(km) == pytest.approx(road)


def test_nobody_knows_how_long_an_unknown_way_is() -> None:
    assert travel_minutes(None) is None
    assert distance_km(GAILLAC, SOMEWHERE) is None
    assert distance_km(SOMEWHERE, GAILLAC) is None


def test_within_one_commune_there_is_no_way_even_without_a_position() -> None:
    assert distance_km(SOMEWHERE, SOMEWHERE) == 0.0


def test_toulouse_is_588_km_from_paris_as_the_crow_flies() -> None:
    assert distance_km(TOULOUSE, PARIS) == pytest.approx(588, abs=1)


def test_a_degree_of_latitude_is_111_km() -> None:
    north, south = Place(commune="1", lat=44, lon=2), Place(commune="2", lat=43, lon=2)
    assert distance_km(north, south) == pytest.approx(111.2, abs=0.1)


positions = st.builds(Place, commune=st.sampled_from(["1", "2"]), lat=st.floats(41, 51), lon=st.floats(-5, 10))


@given(positions, positions)
def test_there_is_as_far_as_back(here: Place, there: Place) -> None:
    way, back = distance_km(here, there), distance_km(there, here)
    assert way is not None
    assert way >= 0
    assert way == pytest.approx(back)


@given(st.floats(0, 200), st.floats(0, 200))
def test_further_takes_longer(one: float, other: float) -> None:
    near, far = sorted((one, other))
    shorter, longer = travel_minutes(near), travel_minutes(far)
    assert shorter is not None
    assert longer is not None
    assert shorter <= longer
