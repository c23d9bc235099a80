"""What do those who wait hear when the database fails, and does it go on afterwards?"""

from datetime import datetime

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.event import Event
from tests.mailbox.conftest import NOTHING, Desk, database_away, deciding, fact, note, order, react


async def test_everyone_who_waits_hears_that_the_database_is_away_and_the_next_order_works(desk: Desk) -> None:
    async with database_away(desk.database):
        outcomes = await desk.together(
            [
                *(desk.receive("dispatcher-x", fact(n), react) for n in range(5)),
                desk.mailbox.order(order("enter"), deciding(order("enter"), "early"), fingerprint="f"),
            ]
        )
    assert all(isinstance(one, DBAPIError | OSError) or _refused(one) for one in outcomes), outcomes
    assert await desk.effects() == []
    assert await desk.ledger() == NOTHING
    assert desk.heard == []

    answer = await desk.mailbox.order(order("enter"), deciding(order("enter"), "late"), fingerprint="f")
    assert isinstance(answer, list)
    await desk.receive("dispatcher-x", fact(0), react)
    assert await desk.effects() == ["late", "r-0"]


def _refused(error: object) -> bool:
    return type(error).__module__.startswith("asyncpg")


async def test_the_text_of_a_database_error_never_shows_what_was_to_be_written(desk: Desk) -> None:
    async def twice(db: AsyncConnection, now: datetime) -> list[Event]:
        for _ in range(2):
            await note(db, "MARQUE", once="only one")
        return []

    [failed] = await desk.together([desk.mailbox.order(order("enter"), twice)])
    assert isinstance(failed, DBAPIError)
    assert "MARQUE" not in f"{failed} {failed!r} {failed.orig!r}"
