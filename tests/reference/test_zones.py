"""Is it the right hour and the right holiday, in every département and overseas?"""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from services.reference.communes import Communes
from services.reference.zones import is_holiday, zone_of


@pytest.mark.parametrize(
    ("departement", "zone", "hour"),
    [
        ("81", "Europe/Paris", 14),
        ("2A", "Europe/Paris", 14),
        ("67", "Europe/Paris", 14),
        ("971", "America/Guadeloupe", 8),
        ("973", "America/Cayenne", 9),
        ("974", "Indian/Reunion", 16),
        ("975", "America/Miquelon", 10),
        ("976", "Indian/Mayotte", 15),
        ("987", "Pacific/Tahiti", 2),
        ("988", "Pacific/Noumea", 23),
    ],
)
def test_noon_in_greenwich_in_summer(departement: str, zone: str, hour: int) -> None:
    assert zone_of(departement) == zone
    assert datetime(2026, 7, 1, 12, tzinfo=UTC).astimezone(ZoneInfo(zone)).hour == hour


def test_every_inhabited_commune_has_a_zone(communes: Communes) -> None:
    for departement in {commune.departement for commune in communes if commune.population}:
        assert ZoneInfo(zone_of(departement))


@pytest.mark.parametrize("departement", ["20", "96", "99", "", "Tarn", "1"])
def test_an_unknown_departement_is_refused_in_words(departement: str) -> None:
    for ask in (zone_of, lambda code: is_holiday(date(2026, 1, 1), code)):
        with pytest.raises(ValueError, match="Département inconnu"):
            ask(departement)


def test_bastille_day_is_a_holiday_everywhere_in_the_metropolis() -> None:
    assert is_holiday(date(2026, 7, 14), "81")
    assert is_holiday(date(2026, 7, 14), "2B")
    assert not is_holiday(date(2026, 7, 15), "81")


def test_alsace_and_moselle_rest_on_saint_stephen_s_day() -> None:
    boxing_day = date(2026, 12, 26)
    assert [is_holiday(boxing_day, departement) for departement in ("67", "68", "57", "54")] == [
        True,
        True,
        True,
        False,
    ]


def test_each_overseas_collectivity_remembers_abolition_on_its_own_day() -> None:
    assert is_holiday(date(2026, 12, 20), "974")
    assert is_holiday(date(2026, 5, 27), "971")
    assert is_holiday(date(2026, 4, 27), "976")
    assert is_holiday(date(2026, 9, 24), "988")
    assert not is_holiday(date(2026, 12, 20), "81")
