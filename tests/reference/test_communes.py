"""Does the regulator find the commune that the patient says?"""

from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.reference.communes import Commune, Communes, load_communes
from services.reference.territories import load_territories

GRAULHET, LISLE_SUR_TARN, SAINT_ETIENNE, PARIS = "81105", "81145", "42218", "75056"


@pytest.fixture(scope="module")
def tarn_ouest() -> frozenset[str]:
    return load_territories()["tarn-ouest"].communes


def names(found: list[Commune]) -> list[str]:
    return [commune.name for commune in found]


def test_all_the_communes_of_france_are_known_and_read_only_once(communes: Communes) -> None:
    assert len(communes) == 34_969
    assert load_communes() is communes


def test_a_commune_is_known_by_its_insee_code(communes: Communes) -> None:
    graulhet = communes.get(GRAULHET)
    assert graulhet is not None
    assert (graulhet.name, graulhet.departement, graulhet.postal_codes) == ("Graulhet", "81", ("81300",))
    assert graulhet.population > 10_000
    assert graulhet.lat == pytest.approx(43.76, abs=0.05)
    assert communes.get("99999") is None


def test_a_commune_without_a_position_is_found_all_the_same(communes: Communes) -> None:
    found = communes.search("Miquelon")[0]
    assert (found.insee, found.lat, found.lon) == ("97501", None, None)


def test_a_commune_without_inhabitants_or_postal_code_is_known(communes: Communes) -> None:
    kerguelen = communes.search("kerguelen")[0]
    assert (kerguelen.insee, kerguelen.population, kerguelen.postal_codes) == ("98412", 0, ())


@pytest.mark.parametrize("typed", ["graulhet", "GRAULHÉT", " Graul", "81300 grau", "grau 81300", "graulhet 81"])
def test_accents_case_and_the_end_of_the_word_are_forgiven(communes: Communes, typed: str) -> None:
    assert communes.search(typed)[0].insee == GRAULHET


@pytest.mark.parametrize("typed", ["isle sur tarn", "l'isle sur tarn", "lisle-sur-tarn", "L’ISLE TARN", "tarn lisle"])
def test_an_article_grown_into_the_name_may_be_left_out(communes: Communes, typed: str) -> None:
    assert communes.search(typed)[0].insee == LISLE_SUR_TARN


def test_a_leading_article_may_be_left_out(communes: Communes) -> None:
    assert communes.search("rochelle")[0].name == "La Rochelle"
    assert communes.search("touquet")[0].name == "Le Touquet-Paris-Plage"
    assert communes.search("isle jourdain")[0].name == "L'Isle-Jourdain"
    assert communes.search("l'isle jourd")[0].name == "L'Isle-Jourdain"


@pytest.mark.parametrize("typed", ["st sulpice", "saint sulpice", "ST-SULPICE", "sulpice"])
def test_st_stands_for_saint_and_the_own_territory_comes_first(
    communes: Communes, tarn_ouest: frozenset[str], typed: str
) -> None:
    assert communes.search(typed, near=tarn_ouest | {"81271"})[0].name == "Saint-Sulpice-la-Pointe"


def test_ste_stands_for_sainte_and_st_still_begins_strasbourg(communes: Communes) -> None:
    assert communes.search("ste maxime")[0].name == "Sainte-Maxime"
    assert communes.search("stes maries")[0].name == "Saintes-Maries-de-la-Mer"
    assert "Strasbourg" in names(communes.search("st"))
    assert communes.search("strasb")[0].name == "Strasbourg"


def test_the_exact_name_comes_before_its_homonyms_with_more_words(communes: Communes) -> None:
    found = communes.search("Saint-Étienne")
    assert found[0].insee == SAINT_ETIENNE
    assert all(name.startswith("Saint-Étienne-") for name in names(found[1:]))
    assert communes.search("saint etienne rouvray")[0].name == "Saint-Étienne-du-Rouvray"


def test_homonyms_come_the_largest_first(communes: Communes) -> None:
    found = communes.search("Sainte-Colombe", limit=12)
    assert set(names(found)) == {"Sainte-Colombe"}
    sizes = [commune.population for commune in found]
    assert sizes == sorted(sizes, reverse=True)


def test_paris_is_paris_and_its_postal_codes_are_its_own(communes: Communes) -> None:
    assert names(communes.search("Paris"))[0] == "Paris"
    assert communes.search("75011")[0].insee == PARIS
    assert communes.search("paris 11")[0].insee == PARIS
    assert communes.search("Lyon 3e")[0].name == "Lyon"


def test_a_postal_code_or_its_beginning_finds_its_communes(communes: Communes) -> None:
    exact = communes.search("81300", limit=50)
    assert exact[0].insee == GRAULHET
    assert all("81300" in commune.postal_codes for commune in exact)
    assert communes.search("01")[0].name == "Bourg-en-Bresse"
    assert communes.search("8") == []


def test_a_wrong_postal_code_does_not_hide_the_name(communes: Communes) -> None:
    assert communes.search("81020 graulhet cedex")[0].insee == GRAULHET


@pytest.mark.parametrize("typed", ["graulet", "graulhett", "gralhuet", "grualhet", "vraulhet", "graulhey"])
def test_one_wrong_letter_is_forgiven_when_nothing_else_matches(communes: Communes, typed: str) -> None:
    found = communes.search(typed)
    if typed == "gralhuet":  # two slips are not forgiven
        assert found == []
    else:
        assert found[0].insee == GRAULHET


def test_a_slip_is_never_looked_for_when_the_text_matches(communes: Communes) -> None:
    assert "Toulouse" not in names(communes.search("toulon", limit=50))


def test_the_own_territory_comes_first_whatever_its_size(communes: Communes, tarn_ouest: frozenset[str]) -> None:
    found = communes.search("la", near=tarn_ouest, limit=8)
    own = [commune.insee in tarn_ouest for commune in found]
    assert own[0]
    assert own == sorted(own, reverse=True)
    assert not any(commune.insee in tarn_ouest for commune in communes.search("la"))


def test_nothing_typed_or_nothing_asked_finds_nothing(communes: Communes) -> None:
    assert communes.search("") == communes.search("  -' ") == communes.search("paris", limit=0) == []
    assert communes.search("paris", near=frozenset({"00000"}))[0].insee == PARIS


@settings(deadline=None, max_examples=200)
@given(text=st.text(max_size=120), limit=st.integers(-1, 12))
def test_any_text_gets_a_list_within_the_limit_and_without_doubles(text: str, limit: int) -> None:
    found = load_communes().search(text, limit=limit)
    assert len(found) <= max(limit, 0)
    assert len({commune.insee for commune in found}) == len(found)


@settings(deadline=None, max_examples=200)
@given(rank=st.integers(0, 34_968))
def test_every_commune_is_found_by_its_full_name_and_postal_code(rank: int) -> None:
    everywhere = load_communes()
    commune = next(islice(everywhere, rank, None))
    typed = " ".join([commune.name.upper(), *commune.postal_codes[:1]])
    assert commune in everywhere.search(typed, limit=50)
    assert everywhere.search(commune.name, near=frozenset({commune.insee}))[0] == commune
