"""Is every request watched until it ends, whatever people do and in whatever order facts come?"""

import asyncio
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from services.storage.database import Database
from services.storage.migrate import migrate
from tests.dispatcher.both_rooms import World

STEPS = (
    *("enter", "publish") * 2,
    *("deliver",) * 5,
    *("act", "close", "cancel", "round", "answer", "answer", "answer", "phone", "pause", "wait", "wait"),
)
days = st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 59)), min_size=30, max_size=60)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty SQLite database to copy."""
    path = tmp_path_factory.mktemp("promise") / "empty.db"

    async def make() -> None:
        database = Database(f"sqlite:///{path}")
        await migrate(database)
        await database.close()

    asyncio.run(make())
    return path


def play(empty: Path, steps: list[tuple[str, int]]) -> None:
    async def day() -> None:
        here = empty.with_name("day.db")
        for left in ("", "-wal", "-shm"):
            here.with_name(here.name + left).unlink(missing_ok=True)
        shutil.copyfile(empty, here)
        world = World(Database(f"sqlite:///{here}"))
        try:
            await world.begin()
            for step, pick in steps:
                await getattr(world, step)(pick)
                assert await world.unwatched() == []
                assert await world.revived() == []
                assert await world.too_many() == []
                assert await world.unasked_for() == []
            await world.settle()
            assert await world.unwatched() == []
            assert await world.revived() == []
            assert await world.disagreements() == []
            assert await world.asked_in_vain() == []
        finally:
            await world.database.close()

    asyncio.run(day())


@pytest.mark.slow
@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.generate],  # shrinking would replay days for minutes; the steps are printed anyway
)
@given(days)
def test_every_open_request_is_watched_until_it_ends_and_both_rooms_agree_on_who_sits_where(
    empty: Path, steps: list[tuple[str, int]]
) -> None:
    play(empty, steps)


def test_somebody_who_is_asked_says_yes_takes_it_back_and_another_is_asked(empty: Path) -> None:
    deliver = [("deliver", 1)] * 12
    play(
        empty,
        [
            *deliver,
            ("enter", 2),
            *deliver,
            ("answer", 1),
            *deliver,
            ("cancel", 0),
            *deliver,
            ("wait", 1),
            ("answer", 3),
        ],
    )


def test_a_place_that_is_booked_cancelled_and_found_again_is_watched_all_the_way(empty: Path) -> None:
    deliver = [("deliver", 1)] * 12
    play(
        empty, [("publish", 0), ("publish", 3), *deliver, ("enter", 0), *deliver, ("cancel", 0), *deliver, ("wait", 3)]
    )
