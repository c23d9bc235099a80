"""Short: does nobody get a message twice, and everybody once, when the sender is killed among faults?"""

from pathlib import Path

import pytest

from tests.messaging.chaos import Plan, play


@pytest.mark.slow
async def test_killed_among_faults_nobody_is_told_twice_and_nobody_is_forgotten(
    tmp_path: Path, database_url: str
) -> None:
    found = await play(Plan(messages=300, kills=2, rate=60, faster=40, within=60, database=database_url), tmp_path)
    assert (found.doubled, found.lost, found.unseen) == (0, 0, 0), found
    assert found.states["failed"] == 3


@pytest.mark.slow
async def test_the_policy_everybody_has_tells_people_twice(tmp_path: Path) -> None:
    found = await play(Plan(messages=300, kills=2, rate=60, faster=40, within=60, naive=True), tmp_path)
    assert found.doubled > 0
