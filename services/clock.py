"""What time is it? A trusted start plus a monotonic clock, so that a jump of the wall clock moves no deadline."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

JUMP = timedelta(seconds=30)
"""A wall clock that strays further than this from the monotonic one raises an alarm."""

# CLOCK_BOOTTIME goes on while a laptop sleeps; plain monotonic does not.
_SOURCE = getattr(time, "CLOCK_BOOTTIME", None)


def _elapsed() -> float:
    return time.clock_gettime(_SOURCE) if _SOURCE is not None else time.monotonic()


class Clock:
    """Aware UTC now. `speed` > 1 is a demonstration: a real second counts for `speed` seconds."""

    def __init__(self, speed: float = 1.0, start: datetime | None = None) -> None:
        self.speed = speed
        self._start = start or datetime.now(UTC)
        self._wall = datetime.now(UTC)
        self._mark = _elapsed()

    def now(self) -> datetime:
        return self._start + timedelta(seconds=(_elapsed() - self._mark) * self.speed)

    def jump(self) -> timedelta:
        """How far the machine's wall clock has strayed from its monotonic one since this clock was made."""
        return datetime.now(UTC) - self._wall - timedelta(seconds=_elapsed() - self._mark)

    async def sleep(self, seconds: float) -> None:
        """Wait that many seconds of this clock's time."""
        await asyncio.sleep(seconds / self.speed)
