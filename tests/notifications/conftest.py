"""What do the notifications' tests share? The room, on both databases."""

import pytest

from services.database import Database
from services.keyring import Keyring
from tests.notifications.room import Notifications


@pytest.fixture
async def room(database: Database, vault: Keyring) -> Notifications:
    return await Notifications.open(database, vault)
