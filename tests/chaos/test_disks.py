"""Does a disk lose at a power cut what had not been written, and only that? Is a scene that fails never "skipped"?"""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos import __main__ as chaos
from tests.chaos.disks import Disk, NoDisk, disk
from tests.chaos.faults import Faults, Say
from tests.chaos.judge import Verdict
from tests.chaos.people import Journal
from tests.chaos.report import Report, Scene
from tests.chaos.scenes import SHORT, Length

pytestmark = pytest.mark.slow

CLEAN = Verdict(0, [], [], [], [], ambiguous=0, set_aside=0, messages=0, at_rest=True)


@pytest.fixture
def cuttable() -> Iterator[Disk]:
    with tempfile.TemporaryDirectory(prefix="relais-disk-", ignore_cleanup_errors=True) as folder:
        try:
            with disk(Path(folder), 64) as made:
                yield made
        except NoDisk as refused:
            pytest.skip(str(refused))


def test_a_power_cut_leaves_what_was_written_and_nothing_else(cuttable: Disk) -> None:
    _write(cuttable.place / "written", synced=True)
    _write(cuttable.place / "held", synced=False)
    cuttable.cut()
    assert [one.name for one in cuttable.place.iterdir() if one.name != "lost+found"] == ["written"]
    assert (cuttable.place / "written").read_bytes() == bytes(5000)


async def test_a_scene_without_its_disk_is_skipped_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    report = await _play(monkeypatch, NoDisk("mount: permission denied"))
    assert report.notes == ["nats-full: skipped, mount: permission denied"]
    assert report.broken == []


async def test_a_scene_that_breaks_off_is_not_skipped_but_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    report = await _play(monkeypatch, FileNotFoundError("the socket of PostgreSQL"))
    report.scenes.append(Scene("another", Journal(), Faults(), CLEAN))
    assert not report.clean
    assert "nats-full: broke off, FileNotFoundError: the socket of PostgreSQL" in report.markdown()


async def _play(monkeypatch: pytest.MonkeyPatch, error: Exception) -> Report:
    async def refused(folder: Path, length: Length, seed: int, say: Say) -> Scene:
        raise error

    monkeypatch.setitem(chaos.SCENES, "nats-full", refused)
    report = Report("test", seed=1)
    await chaos.play(report, "nats-full", SHORT)
    return report


def _write(path: Path, *, synced: bool) -> None:
    with path.open("wb") as file:
        file.write(bytes(5000))
        file.flush()
        if synced:
            os.fsync(file.fileno())
