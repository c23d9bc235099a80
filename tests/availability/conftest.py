"""What do availability's tests share? The room, on both databases."""

import pytest

from services.storage.database import Database
from tests.availability.linked import Agenda
from tests.availability.room import Availability


@pytest.fixture
async def room(database: Database) -> Availability:
    return await Availability(database).begin()


@pytest.fixture
async def agenda(room: Availability) -> Agenda:
    """An agenda of gp-1, linked."""
    return await Agenda(room).link()
