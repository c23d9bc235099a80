"""Does the simulated house keep its promises, and would we notice if it did not?"""

import logging
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from services.simulation.day import Stage
from services.simulation.faults import draw_faults
from services.simulation.run import shrink
from services.simulation.words import command, tell
from tests.simulation import planted

SEEDS = 200
"""Days that are played at every run of the tests; `relais simulate --seeds` plays more."""
CAUGHT_WITHIN = 400
"""Days in which each planted bug has to show itself."""
SHOWED_ON = {"no_outbox": 110}
"""Days on which the rarest showed themselves once: played first, to save the minutes before them."""


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging.getLogger("relais"), "disabled", True)
    for name in list(logging.root.manager.loggerDict):
        if name.startswith("relais."):
            monkeypatch.setattr(logging.getLogger(name), "disabled", True)


@pytest.fixture
def stage() -> Iterator[Stage]:
    stage = Stage()
    yield stage
    stage.leave()


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("first", range(1, SEEDS, 50))
def test_the_house_keeps_every_promise_on_every_day(stage: Stage, first: int) -> None:
    for seed in range(first, first + 50):
        result = stage.play(seed)
        assert result.broken is None, "\n".join(tell(result))


@pytest.mark.parametrize("seed", [2157, 3954, 6949, 8248, 9023, 10896, 14604, 15975])
def test_a_day_that_broke_once_breaks_no_more(stage: Stage, seed: int) -> None:
    result = stage.play(seed)
    assert result.broken is None, "\n".join(tell(result))


def test_much_goes_wrong_on_an_ordinary_day(stage: Stage) -> None:
    days = [stage.play(seed) for seed in range(1, 9)]
    struck = {fault.kind for day in days for fault in day.struck}
    assert {"crash", "partition", "twice", "late", "no answer"} <= struck
    assert sum(len(day.struck) for day in days) >= 4 * len(days)
    assert all(day.requests >= 3 for day in days)


@pytest.mark.parametrize("hash_seed", ["1", "2"])
def test_the_same_seed_is_the_same_day_to_the_last_step_in_any_process(stage: Stage, hash_seed: str) -> None:
    here = [stage.play(seed).fingerprint for seed in (3, 7)]
    program = (
        "import logging; logging.disable(); from services.simulation.day import Stage; stage = Stage(); "
        "print(*(stage.play(seed).fingerprint for seed in (7, 3))); stage.leave()"
    )
    there = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=True,
    )
    assert there.stdout.split() == here[::-1]


def test_two_seeds_are_two_days(stage: Stage) -> None:
    assert stage.play(1).fingerprint != stage.play(2).fingerprint


BUGS = [
    planted.no_inbox,
    planted.no_outbox,
    planted.no_sweep_of_the_outbox,
    planted.no_sweep_of_the_timers,
    planted.no_sweep_of_the_holds,
    planted.no_seat_index,
    planted.no_message_key,
    planted.acknowledged_before_commit,
    planted.no_receipts,
    planted.older_news_wins,
    planted.lost_messages_are_sent_again,
    planted.an_empty_index_after_a_restart,
]


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("plant", BUGS, ids=lambda plant: plant.__name__)
def test_a_house_without_one_of_its_walls_is_noticed(
    plant: planted.Plant, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch, stage)
    days = (SHOWED_ON.get(plant.__name__, 1), *range(1, CAUGHT_WITHIN + 1))
    caught = next((day for seed in days if (day := stage.play(seed)).broken), None)
    assert caught is not None, f"{CAUGHT_WITHIN} days, and nobody noticed"


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_key_of_a_message_holds_when_the_inbox_does_not(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    planted.deaf_in_the_notifications(monkeypatch, stage)
    assert [day.broken for seed in range(1, 13) if (day := stage.play(seed)).broken] == []


def test_a_failure_is_told_with_its_faults_its_last_steps_and_how_to_see_it_again(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted.no_sweep_of_the_holds(monkeypatch, stage)
    failed = next(day for seed in range(1, CAUGHT_WITHIN + 1) if (day := stage.play(seed)).broken)
    fewer, without = shrink(stage, failed, frozenset())
    assert fewer.broken
    assert {fault.number for fault in fewer.faults} | without == {fault.number for fault in failed.faults}
    said = list(tell(fewer, without, last=7))
    assert said[0] == f"✗ Seed {failed.seed}: {fewer.broken}"
    assert sum(line.startswith("  09:") or line.startswith("  08:") for line in said) == 7
    assert command(failed.seed, without) in said[-1]
    again = stage.play(failed.seed, without)
    assert (again.broken, again.fingerprint) == (fewer.broken, fewer.fingerprint)


def test_a_fault_that_is_left_out_leaves_the_others_as_they_were() -> None:
    drawn = draw_faults(5)
    assert 8 <= len(drawn) <= 10
    assert draw_faults(5, {2, 3}) == [fault for fault in drawn if fault.number not in (2, 3)]
