"""Does a wall clock that jumps move a deadline, or stop those who watch over it?"""

import os
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from dispatcher.life import escalate_at
from services.storage.database import Database
from services.watch.alarms import open_alarms
from tests import servers
from tests.watch.conftest import Boot
from tests.watch.machine import Machine

pytestmark = [pytest.mark.journey, pytest.mark.slow, pytest.mark.timeout(400)]

SPEED = 240.0
"""An hour in fifteen seconds: an alert is due 40 minutes after the call."""

Jump = Callable[[str], None]


@pytest.fixture
def faked(tmp_path: Path) -> tuple[dict[str, str], Jump]:
    """An environment whose wall clock can be moved (the monotonic one goes on), and what moves it."""
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
    if not found:
        servers.missing("no libfaketime: install Debian's faketime")
    offset = tmp_path / "offset"

    def jump(by: str) -> None:
        beside = tmp_path / "offset.new"
        beside.write_text(by)
        os.replace(beside, offset)

    jump("+0")
    environment = {
        "LD_PRELOAD": str(found[0]),
        "FAKETIME_TIMESTAMP_FILE": str(offset),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    return environment, jump


@pytest.mark.parametrize("by", ["+3h", "-3h"])
async def test_a_jump_skips_no_timer_fires_none_early_and_is_alarmed(
    boot: Boot, faked: tuple[dict[str, str], Jump], by: str
) -> None:
    environment, jump = faked
    machine = boot(environment=environment, speed=SPEED)
    called = time.monotonic()
    request_id = machine.enter(hours=1)
    before = machine.request(request_id)
    jump(by)
    later = machine.enter(hours=1)  # on a slow machine the first one's alert may have been given before the jump
    machine.until(lambda: machine.state_of(request_id) == "escalated", "nobody was alerted")
    elapsed = timedelta(seconds=(time.monotonic() - called) * SPEED)

    row = machine.request(request_id)
    assert row["deadline"] == before["deadline"]
    deadline, began = (datetime.fromisoformat(row[name]) for name in ("deadline", "entered_at"))
    due = escalate_at(began, deadline)
    assert elapsed >= due - began - timedelta(seconds=2 * SPEED)  # not early: two looks of the sweep at most
    assert alerted_at(row) >= due
    machine.until(lambda: machine.state_of(later) == "escalated", "nobody was alerted of the second")
    assert await alarmed(machine)


def test_started_again_on_a_clock_that_is_wrong_it_takes_what_is_due_at_once(
    boot: Boot, faked: tuple[dict[str, str], Jump]
) -> None:
    environment, jump = faked
    machine = boot(environment=environment)
    request_id = machine.enter(hours=2)
    deadline = machine.request(request_id)["deadline"]
    machine.stop()
    jump("+3h")
    machine.start()
    machine.until(lambda: machine.state_of(request_id) == "escalated", "nobody was alerted")
    machine.stop()
    jump("+0")
    machine.start()
    row = machine.request(request_id)
    assert (row["state"], row["deadline"]) == ("escalated", deadline)


def alerted_at(row: dict[str, list[dict[str, str]]]) -> datetime:
    return min(datetime.fromisoformat(one["at"]) for one in row["history"] if one["fact"] == "request.escalated.v1")


async def alarmed(machine: Machine) -> bool:
    database = Database(f"sqlite:///{machine.folder / 'var' / 'relais.db'}")
    try:
        async with database.read() as db:
            return "clock_jump" in {alarm.kind for alarm in await open_alarms(db)}
    finally:
        await database.close()
