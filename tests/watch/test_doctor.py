"""Does doctor see a reader that stands still, a process that is silent, a clock that jumped, a server that does not
sync?"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.bus.readers import Reader, readers, standing_still
from services.bus.server import EmbeddedNats, embedded
from services.cli.bus_findings import of_bus, of_readers, wanted_readers
from services.cli.doctor import of_beats
from services.settings import Settings
from services.storage.beats import BeatRow
from tests.journeys.town import living

NOW = datetime(2026, 1, 5, 8, tzinfo=UTC)
WELL = Reader("dispatcher-request-entered-v1", 0, 0, 0, 1, 10, 10, 2000, NOW)


# --- readers ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (WELL, WELL),
        (replace(WELL, pending=500, asking=0), replace(WELL, pending=900, asking=0, delivered=74)),  # behind, but reads
        (replace(WELL, pending=5, asking=0), replace(WELL, pending=5, asking=0, acknowledged=11)),
        (replace(WELL, pending=5), replace(WELL, pending=5)),  # it asks: the server has just not answered yet
        (replace(WELL, unacknowledged=1999), replace(WELL, unacknowledged=1999)),
        (replace(WELL, unacknowledged=2000), replace(WELL, unacknowledged=2000, acknowledged=11)),  # both hands full
    ],
)
def test_a_reader_that_reads_is_well(before: Reader, after: Reader) -> None:
    assert standing_still([before], [after], [WELL.name]) == {}


@pytest.mark.parametrize(
    ("before", "after", "wrong"),
    [
        ([WELL], [], "missing"),
        ([WELL], [replace(WELL, unacknowledged=2000)], "full"),
        ([replace(WELL, pending=5, asking=0)], [replace(WELL, pending=9, asking=0)], "dead"),
    ],
)
def test_a_reader_that_stands_still_is_named(before: list[Reader], after: list[Reader], wrong: str) -> None:
    assert standing_still(before, after, [WELL.name]) == {WELL.name: wrong}
    line = of_readers(before, after, {WELL.name})[-1]
    assert (line.what, line.state) == (f"Lecteur {WELL.name}", "wrong")
    assert line.mend


@pytest.mark.journey
async def test_doctor_asks_the_server_that_relais_started(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "var")
    async with living(settings) as town:
        found = {one.what: one for one in await of_bus(settings)}
        assert found["NATS sur disque"].state == "fine"
        assert found["Lecteurs"].state == "fine"
        assert set(found) == {"NATS sur disque", "Lecteurs"}
        assert {one.name for one in await readers(town.js)} == wanted_readers()
        await town.js.delete_consumer("CARE", WELL.name)
        found = {one.what: one for one in await of_bus(settings)}
        assert "manque" in found[f"Lecteur {WELL.name}"].seen
    (away,) = await of_bus(settings)
    assert (away.what, away.state) == ("NATS", "look")


@pytest.mark.journey
async def test_a_server_that_does_not_sync_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from services.bus import server

    plain = server._configuration
    monkeypatch.setattr(server, "_configuration", lambda *said: plain(*said).replace("sync_interval: always", ""))
    monkeypatch.setattr(server, "writes_synced", lambda monitor: True)  # it would refuse to start
    nats = EmbeddedNats(tmp_path / "var" / "nats")
    await nats.start()
    try:
        found = await of_bus(Settings(data_dir=tmp_path / "var"))
    finally:
        await nats.stop()
    assert (found[0].what, found[0].state) == ("NATS sur disque", "wrong")
    assert "sync_interval: always" in found[0].mend


def test_where_nats_never_ran_there_is_nothing_to_say(tmp_path: Path) -> None:
    assert embedded(tmp_path) is None


# --- processes --------------------------------------------------------------------------------------------


def beat(name: str, ago: float, detail: str = '{"version": "0.1.0", "strayed": 0}') -> BeatRow:
    return BeatRow(name, NOW - timedelta(seconds=ago), detail)


def test_processes_that_beat_are_well() -> None:
    (line,) = of_beats([beat("web@here:1", 9), beat("sweep", 4)], NOW)
    assert line.state == "fine"


def test_a_process_that_is_silent_beside_others_is_named() -> None:
    lines = of_beats([beat("web@here:1", 9), beat("clock@here:2", 61)], NOW)
    assert [(line.what, line.state) for line in lines] == [("Processus", "fine"), ("Processus muets", "wrong")]
    assert "clock@here:2" in lines[1].seen


def test_when_nothing_runs_nobody_is_called_silent() -> None:
    assert [line.what for line in of_beats([beat("web@here:1", 600), beat("sweep", 600)], NOW)] == ["Processus"]


@pytest.mark.parametrize("strayed", [10800, -10800])
def test_a_clock_that_jumped_is_named(strayed: int) -> None:
    lines = of_beats([beat("all@here:1", 9, f'{{"strayed": {strayed}}}')], NOW)
    assert (lines[1].what, lines[1].state) == ("Horloge", "wrong")


@pytest.mark.parametrize("detail", ["", "3 facts", "[]", "null", '{"strayed": "x"}'])
def test_a_beat_that_says_something_else_harms_nobody(detail: str) -> None:
    assert len(of_beats([beat("sweep", 3, detail)], NOW)) == 1
