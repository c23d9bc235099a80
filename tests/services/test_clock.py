"""Does time go on, at its speed, whatever the wall clock does?"""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from services import clock
from services.clock import Clock
from tests.builders import MONDAY


class Elapsed:
    """The machine's `time` module, moved by hand: seconds since the machine began."""

    seconds = 1000.0

    def monotonic(self) -> float:
        return self.seconds

    def clock_gettime(self, which: int) -> float:
        return self.seconds


@pytest.fixture
def elapsed(monkeypatch: pytest.MonkeyPatch) -> Elapsed:
    moved = Elapsed()
    monkeypatch.setattr(clock, "time", moved)
    return moved


def test_now_is_in_utc_and_knows_it() -> None:
    assert Clock().now().tzinfo is UTC


def test_a_demonstration_begins_when_it_is_told_to_and_runs_at_its_speed(elapsed: Elapsed) -> None:
    demonstration = Clock(120, MONDAY)
    assert demonstration.now() == MONDAY
    elapsed.seconds += 30
    assert demonstration.now() == MONDAY + timedelta(hours=1)


def test_a_jump_of_the_wall_clock_moves_no_deadline_but_is_seen(
    elapsed: Elapsed, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Wall(datetime):
        shift = timedelta()

        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return MONDAY + cls.shift

    monkeypatch.setattr(clock, "datetime", Wall)
    ours = Clock()
    Wall.shift = timedelta(hours=3)
    elapsed.seconds += 1
    assert ours.now() == MONDAY + timedelta(seconds=1)
    assert ours.jump() == timedelta(hours=3) - timedelta(seconds=1)
    assert abs(ours.jump()) > clock.JUMP


def test_the_night_a_laptop_slept_has_passed(elapsed: Elapsed) -> None:
    ours = Clock()
    before = ours.now()
    elapsed.seconds += 8 * 3600
    assert ours.now() - before == timedelta(hours=8)


def test_the_hour_at_which_a_demonstration_plays_is_no_jump() -> None:
    assert abs(Clock(120, MONDAY).jump()) < clock.JUMP
    assert abs(Clock(1.0, MONDAY).jump()) < clock.JUMP


def test_time_never_goes_back() -> None:
    ours = Clock()
    moments = [ours.now() for _ in range(1000)]
    assert moments == sorted(moments)


async def test_an_hour_of_a_demonstration_is_slept_quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    await Clock(120, MONDAY).sleep(3600)
    assert slept == [30.0]
