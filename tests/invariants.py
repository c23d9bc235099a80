"""Are the house's invariants kept? What `relais check` asks, asked of a test's database, and of the stream beside it.

To be asked when nothing moves any more (no grace is given), unless `grace` says otherwise.
"""

from collections.abc import Callable
from datetime import UTC, datetime

from nats.js import JetStreamContext

from services.checks.examine import examine
from services.storage.database import Database


def _wall() -> datetime:
    return datetime.now(UTC)


async def assert_kept(
    database: Database, js: JetStreamContext | None = None, *, now: Callable[[], datetime] = _wall, grace: float = 0
) -> None:
    """Fail with every broken invariant of the database and, when a stream is given, of its readers."""
    found = await broken(database, js, now=now, grace=grace)
    assert not found, "\n".join(found)


async def broken(
    database: Database, js: JetStreamContext | None = None, *, now: Callable[[], datetime] = _wall, grace: float = 0
) -> list[str]:
    """What is not as it must be, one sentence each."""
    verdicts = await examine(database, now, js, grace=grace)
    return [f"{one.name}: {sentence}" for one in verdicts for sentence in one.found]
