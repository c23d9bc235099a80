"""Does the database keep what it promises, of both kinds?"""

from dispatcher import store
from dispatcher.views import OnCall
from services.database import Database


async def roster(database: Database) -> list[str]:
    async with database.read() as db:
        return [one.person for one in await store.roster(db, "tarn-ouest")]


async def test_what_was_committed_is_read_by_others(database: Database) -> None:
    async with database.writing() as db:
        await store.set_roster(db, "tarn-ouest", [OnCall("coord-1", 0, "Coordination")])
    assert await roster(database) == ["coord-1"]
