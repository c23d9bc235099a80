"""What do the tests of the demonstration share? One territory, its people, and one day of theirs."""

from datetime import date

import pytest

from availability.agenda import NewPractitioner
from schemas.territory import Territory
from services.demo.demand import day
from services.demo.population import practitioners
from services.demo.world.acts import Act
from services.reference.communes import Communes, load_communes
from services.reference.territories import load_territories

MONDAY = date(2027, 1, 4)


@pytest.fixture(scope="session")
def communes() -> Communes:
    return load_communes()


@pytest.fixture(scope="session")
def tarn() -> Territory:
    return load_territories()["tarn-ouest"]


@pytest.fixture(scope="session")
def people(tarn: Territory, communes: Communes) -> list[NewPractitioner]:
    """The practitioners of Tarn Ouest."""
    return practitioners(tarn, communes, seed=1)


@pytest.fixture(scope="session")
def monday(tarn: Territory, people: list[NewPractitioner], communes: Communes) -> list[Act]:
    """The acts of a Monday in January."""
    return day(tarn, people, MONDAY, 1, communes=communes)
