"""Are the professions the official ones, and do their shares add up?"""

import pytest

from services.reference.professions import (
    DEMAND_SHARE,
    GENERALIST_SPECIALTY,
    PROFESSIONS,
    SUPPLY_SHARE,
    is_generalist,
    official_label,
    profession,
    profession_named,
)


def test_a_general_practitioner_is_code_10() -> None:
    assert profession("10").label == "Médecin généraliste"
    assert official_label(GENERALIST_SPECIALTY) == "Médecine générale (SM)"
    assert is_generalist(GENERALIST_SPECIALTY)
    assert not is_generalist("SM04")


@pytest.mark.parametrize(
    ("code", "official"),
    [
        ("21", "Pharmacien"),
        ("40", "Chirurgien-Dentiste"),
        ("50", "Sage-Femme"),
        ("60", "Infirmier"),
        ("70", "Masseur-Kinésithérapeute"),
        ("80", "Pédicure-Podologue"),
        ("91", "Orthophoniste"),
        ("92", "Orthoptiste"),
        ("93", "Psychologue"),
        ("95", "Diététicien"),
    ],
)
def test_our_words_and_the_nomenclature_mean_the_same_profession(code: str, official: str) -> None:
    assert official_label(code) == official
    assert profession(code).label.lower().startswith(official.lower())


def test_an_unknown_profession_is_answered_with_the_known_ones() -> None:
    with pytest.raises(ValueError) as refusal:
        profession("999")
    assert all(known.label in str(refusal.value) for known in PROFESSIONS.values())
    assert official_label("999") is None


def test_the_shares_of_a_community_cover_every_profession_and_add_up_to_one() -> None:
    assert SUPPLY_SHARE.keys() == DEMAND_SHARE.keys() == PROFESSIONS.keys()
    assert sum(SUPPLY_SHARE.values()) == pytest.approx(1)
    assert sum(DEMAND_SHARE.values()) == pytest.approx(1)
    assert max(DEMAND_SHARE, key=DEMAND_SHARE.__getitem__) == "10"
    assert max(SUPPLY_SHARE, key=SUPPLY_SHARE.__getitem__) == "60"


@pytest.mark.parametrize(
    ("written", "code"),
    [("10", "10"), ("MEDECIN GENERALISTE", "10"), ("infirmière", "60"), ("Infirmier", "60"), (" Sage-femme ", "50")],
)
def test_a_profession_is_found_by_its_code_or_its_name(written: str, code: str) -> None:
    assert profession_named(written).code == code


def test_a_name_that_is_no_profession_is_answered_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="Choisissez parmi : 10 Médecin généraliste"):
        profession_named("femme")
