"""Are the practitioners those of a believable community, and are they nobody?"""

import re
from collections import Counter

import pytest

from services.demo.population import apportion, headcount, inhabited, practitioners
from services.demo.world.names import LANDS, SIGHTS, STREETS
from services.reference.professions import SUPPLY_SHARE
from services.reference.territories import load_territories


def test_there_are_as_many_professionals_as_the_community_declares(people) -> None:
    assert len(people) == 406


def test_where_nobody_declares_a_number_it_follows_the_inhabitants(communes) -> None:
    volvestre = load_territories()["volvestre"]
    assert volvestre.professionals is None
    inhabitants = sum(place.population for place in inhabited(volvestre, communes))
    assert headcount(volvestre, communes) == pytest.approx(inhabitants * 435 / 119_000, abs=1)


def test_a_shared_commune_counts_by_half(communes) -> None:
    seyne = load_territories()["var-la-seyne-toulon-ouest"]
    toulon = communes.get("83137")
    assert seyne.partial_communes == {"83137"}
    alone = seyne.model_copy(update={"partial_communes": frozenset()})
    fewer = headcount(alone, communes) - headcount(seyne, communes)
    assert fewer == pytest.approx(toulon.population / 2 * 435 / 119_000, abs=1)


def test_the_mix_of_professions_is_the_known_one_to_the_unit(people) -> None:
    counted = Counter(person.profession for person in people)
    assert set(counted) == set(SUPPLY_SHARE)
    for code, share in SUPPLY_SHARE.items():
        assert abs(counted[code] - share * len(people)) < 1


def test_parts_add_up_whatever_the_shares() -> None:
    assert apportion({"a": 1 / 3, "b": 1 / 3, "c": 1 / 3}, 100) == {"a": 34, "b": 33, "c": 33}
    assert apportion({"a": 0.999, "b": 0.001}, 3) == {"a": 3, "b": 0}


def test_everybody_practises_in_a_commune_of_the_territory_near_its_town_hall(people, tarn, communes) -> None:
    for person in people:
        commune = communes.get(person.commune)
        assert person.commune in tarn.communes
        assert abs(person.lat - commune.lat) < 0.01
        assert abs(person.lon - commune.lon) < 0.01


def test_the_larger_communes_have_more_of_them(people, communes) -> None:
    largest = sorted(inhabited_of(people, communes), key=lambda place: -place.population)[:4]
    there = sum(person.commune in {place.insee for place in largest} for person in people)
    share_of_people = sum(place.population for place in largest) / 54_800
    assert there / len(people) > share_of_people


def inhabited_of(people, communes):
    return {communes.get(person.commune) for person in people}


def test_the_same_seed_makes_the_same_people_and_another_seed_others(people, tarn, communes) -> None:
    assert practitioners(tarn, communes, seed=1) == people
    assert practitioners(tarn, communes, seed=2) != people


def test_nobody_bears_these_names_and_nobody_lives_in_these_streets(people) -> None:
    invented = {land + sight for land in LANDS for sight in SIGHTS}
    for person in people:
        assert person.name.split()[-1] in invented
        assert any(re.match(rf"\d+ {re.escape(street)}, \d{{5}} ", person.address) for street in STREETS)
    assert len({person.name for person in people}) > 390


def test_ids_are_the_territory_s_and_each_is_its_own(people) -> None:
    assert [person.id for person in people[:2]] == ["p-tarn-ouest-0001", "p-tarn-ouest-0002"]
    assert len({person.id for person in people}) == len(people)


@pytest.mark.parametrize("territory", sorted(load_territories()))
def test_every_demonstration_territory_has_its_gps(territory, communes) -> None:
    found = practitioners(load_territories()[territory], communes, seed=1)
    assert sum(person.profession == "10" for person in found) >= 5
