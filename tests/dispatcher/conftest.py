"""What do the dispatcher's tests share? The room, on both databases."""

import pytest

from services.storage.database import Database
from tests.dispatcher.room import Dispatcher


@pytest.fixture
def room(database: Database) -> Dispatcher:
    return Dispatcher(database)
