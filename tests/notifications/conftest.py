"""What do the notifications' tests share? The room, on both databases."""

import pytest

from services.storage.database import Database
from services.storage.keyring import Keyring
from tests.notifications.room import Notifications


@pytest.fixture
async def room(database: Database, vault: Keyring) -> Notifications:
    return await Notifications.open(database, vault)
