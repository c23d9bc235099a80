"""What time is it in a simulation? An event loop that never waits: when nobody has anything to do, time jumps."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from services.clock import Clock

DAWN = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
"""When every simulation begins: a Monday, nine o'clock in France."""


class StandsStill(Exception):
    """Nobody has anything to do, nor ever will: the simulated house waits for something that cannot come."""


class _NoSockets:
    """Instead of a selector: there is nothing to wait for but time."""

    def __init__(self, pass_time: Callable[[float], None]) -> None:
        self._pass_time = pass_time

    def select(self, timeout: float | None) -> list[Any]:
        if timeout is None:
            raise StandsStill
        if timeout > 0:
            self._pass_time(timeout)
        return []

    def close(self) -> None:
        pass


class VirtualLoop(asyncio.BaseEventLoop):
    """asyncio with a clock of its own, one thread and no sockets: the same program runs in the same order each time.

    What would run in a thread (SQLite's COMMIT waits for the disk there) runs in place.
    """

    def __init__(self) -> None:
        super().__init__()
        self._elapsed = 0.0
        self._clock_resolution = 1e-6
        self._selector = _NoSockets(self._pass)

    def time(self) -> float:
        return self._elapsed

    def begin_again(self) -> None:
        """Midnight: whatever was planned is forgotten."""
        self._elapsed = 0.0
        self._ready.clear()  # type: ignore[attr-defined]  # typeshed does not know how a loop is made
        self._scheduled.clear()  # type: ignore[attr-defined]
        self._timer_cancelled_count = 0

    def run_in_executor(  # type: ignore[override]  # no executor is ever asked
        self, executor: Any, func: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        done: asyncio.Future[Any] = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as failed:
            done.set_exception(failed)
        return done

    def _pass(self, seconds: float) -> None:
        self._elapsed += seconds

    def _process_events(self, event_list: list[Any]) -> None:
        """No sockets, no events."""

    def _write_to_self(self) -> None:
        """Nobody sleeps, so nobody has to be woken."""


class VirtualClock(Clock):
    """The loop's time as a moment of the day. `skew` is by how much this machine's clock is wrong."""

    def __init__(self, loop: VirtualLoop, skew: timedelta = timedelta()) -> None:
        self.speed = 1.0
        self._loop = loop
        self._skew = skew

    def now(self) -> datetime:
        return DAWN + self._skew + timedelta(seconds=round(self._loop.time(), 6))

    def jump(self) -> timedelta:
        return timedelta()
