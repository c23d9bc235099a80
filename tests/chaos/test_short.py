"""Is nobody lost, and nothing done twice, when each process dies once under load?"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.bus.server import NatsMissing, find_server
from tests import servers
from tests.chaos import scenes
from tests.chaos.faults import VICTIMS
from tests.chaos.report import entry_while_away

pytestmark = [pytest.mark.slow, pytest.mark.journey, pytest.mark.pg, pytest.mark.timeout(400)]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short path (a socket's is 107 signs long at most), open to whom PostgreSQL runs as."""
    with tempfile.TemporaryDirectory(prefix="relais-chaos-", ignore_cleanup_errors=True) as made:
        Path(made).chmod(0o755)
        yield Path(made)


async def test_everybody_dies_once_under_load_and_nobody_is_lost_and_nothing_is_done_twice(folder: Path) -> None:
    if servers.postgres_programs() is None:
        servers.missing("no PostgreSQL: install Debian's postgresql, or set PG_BIN to the folder with initdb")
    try:
        find_server()
    except NatsMissing as missing:
        servers.missing(str(missing))
    scene = await scenes.killed_in_turn(folder, scenes.SHORT, seed=1, say=print)
    verdict = scene.verdict
    assert {kill.name for kill in scene.faults.kills} == set(VICTIMS)
    assert verdict.acknowledged > 20
    assert verdict.messages > 20
    assert verdict.lost == []
    assert verdict.double_booked == []
    assert verdict.double_messaged == []
    assert verdict.violated == []
    assert verdict.at_rest
    assert verdict.seated["plain"] + verdict.seated["promised"] > 20
    assert scene.journal.taken
    good, tried = entry_while_away(scene.journal, scene.faults)
    assert good == tried > 0
