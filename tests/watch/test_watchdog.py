"""Does the watchdog tell silence from life by its own clock, and does its alarm reach people by every way?"""

import asyncio
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatcher.orders import set_roster
from dispatcher.views import OnCall
from notifications import store as notifications
from schemas.event import Event
from services.clock import Clock
from services.mailbox import Mailbox
from services.settings import Settings
from services.storage.beats import SWEEP, keep_beat
from services.storage.database import Database
from services.storage.keyring import Keyring
from services.watch.alarms import open_alarms
from services.watch.watchdog import Judge, Look, answers, watching
from services.watch.ways import run_command
from tests.builders import TARN, an_order

BEFORE = datetime(2026, 1, 5, tzinfo=UTC)
WELL = Look(database=True, bus=True, sweep=BEFORE)


def judged(*looks: Look, silence: float = 90.0, every: float = 10.0) -> list[set[str]]:
    """What is alarmed after each look."""
    judge = Judge(silence)
    return [set(judge.judge(look, every).silent) for look in looks]


def beating(seconds: int) -> Look:
    return Look(database=True, bus=True, sweep=BEFORE + timedelta(seconds=seconds))


# --- the judgement ----------------------------------------------------------------------------------------


def test_a_beat_that_changes_is_life() -> None:
    assert judged(*(beating(look) for look in range(30))) == [set()] * 30


def test_a_beat_that_stands_still_is_an_alarm_after_the_silence_and_not_before() -> None:
    assert judged(*([beating(0)] * 9)) == [set()] * 8 + [{"no_sweep"}]
    assert judged(beating(0), *([beating(1)] * 10)) == [set()] * 10 + [{"no_sweep"}]


def test_the_first_look_proves_nothing_yet() -> None:
    judge = Judge(90.0)
    assert judge.judge(beating(0), 10.0).well == {"database_away", "bus_away", "reader_stands"}
    assert judge.judge(beating(5), 10.0).well == {"database_away", "bus_away", "reader_stands", "no_sweep"}


@pytest.mark.parametrize("hours", [3, -3])
def test_what_hour_the_beat_says_does_not_matter(hours: int) -> None:
    jumped = [beating(0), *(beating(hours * 3600 + look) for look in range(20))]
    assert judged(*jumped) == [set()] * 21
    assert judged(*([beating(hours * 3600)] * 11))[-1] == {"no_sweep"}


def test_an_installation_whose_clock_worker_never_ran_is_alarmed_too() -> None:
    assert judged(*([Look(database=True, bus=True, sweep=None)] * 9))[-1] == {"no_sweep"}


def test_while_the_database_is_away_it_is_the_database_that_is_missing() -> None:
    away = Look(database=False, bus=True, sweep=None)
    found = judged(beating(0), *([away] * 20))
    assert found[8:10] == [set(), {"database_away"}]
    assert found[-1] == {"database_away"}
    back = judged(beating(0), *([away] * 20), *([beating(0)] * 9))
    assert back[21:] == [set()] * 8 + [{"no_sweep"}]


def test_nats_away_is_an_alarm_of_its_own() -> None:
    away = Look(database=True, bus=False, sweep=None)
    assert judged(*([away] * 9))[-1] == {"bus_away", "no_sweep"}


def test_a_reader_that_stands_still_is_an_alarm_as_long_as_somebody_looks() -> None:
    still = [replace(beating(look), standing=("dispatcher-care-requested-v1",)) for look in range(12)]
    assert judged(*still) == [set()] * 8 + [{"reader_stands"}] * 4
    assert judged(*still[:7], beating(7), *still[8:])[-1] == set()
    away = Look(database=False, bus=True, sweep=None, standing=())
    assert "reader_stands" not in judged(*still[:8], *([away] * 9))[-1]


# --- the ways ---------------------------------------------------------------------------------------------


@pytest.fixture
async def settings(database_url: str, tmp_path: Path, vault: Keyring) -> Settings:
    """An installation on this database, whose alarms a program writes into `told.txt`."""
    program = tmp_path / "pager.py"
    program.write_text("import sys, pathlib\npathlib.Path(sys.argv[1]).write_text(sys.stdin.read())\n")
    command = f"{sys.executable} {program} {tmp_path / 'told.txt'}"
    return Settings(
        data_dir=tmp_path, database_url=database_url, keyring_url=f"sqlite:///{tmp_path / 'keyring.db'}",
        alarm_command=command,
    )  # fmt: skip


@pytest.fixture
async def mailbox(database: Database):
    mailbox = Mailbox(database, Clock())
    task = asyncio.create_task(mailbox.run())
    yield mailbox
    task.cancel()


async def beat(mailbox: Mailbox, name: str = SWEEP) -> None:
    async def decide(db: AsyncConnection, now: datetime) -> list[Event]:
        await keep_beat(db, name, "")
        return []

    await mailbox.order(an_order(), decide)


async def until(so) -> None:
    async with asyncio.timeout(60):
        while not await so():  # noqa: ASYNC110 - it happens in a database
            await asyncio.sleep(0.05)


async def kinds(database: Database) -> list[str]:
    async with database.read() as db:
        return [alarm.kind for alarm in await open_alarms(db)]


async def test_a_silent_sweep_is_told_on_the_console_to_a_program_to_people_and_to_the_database_and_ends(
    settings: Settings, database: Database, mailbox: Mailbox, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    people = [OnCall("anne", 0, "Anne"), OnCall("bruno", 1, "Bruno")]
    await mailbox.order(an_order(), lambda db, now: set_roster(an_order(), people, db, now))
    said: list[str] = []
    async with watching(settings, said.append, 0.6):
        await until(lambda: _has(database, "no_sweep"))
        assert "CRITICAL" in {record.levelname for record in caplog.records}
        assert "ne suit plus les échéances" in said[0]
        await until(lambda: _written(tmp_path / "told.txt"))
        async with database.read() as db:
            rows = await notifications.messages(db, TARN)
        assert {(row.kind, row.recipient, row.recipient_id, row.lane, row.state) for row in rows} == {
            ("alarm", "human", "anne", 0, "due"),
            ("alarm", "human", "bruno", 0, "due"),
        }

        async def well() -> bool:
            await beat(mailbox)
            return await kinds(database) == []

        await until(well)
    assert any("rétabli" in words for words in said)


async def _has(database: Database, kind: str) -> bool:
    return kind in await kinds(database)


async def _written(path: Path) -> bool:
    return path.exists() and "relais doctor" in path.read_text("utf-8")  # noqa: ASYNC240 - a test blocks nobody


async def test_an_alarm_that_is_raised_already_is_not_told_to_people_again(
    settings: Settings, database: Database, mailbox: Mailbox
) -> None:
    people = [OnCall("anne", 0, "Anne")]
    await mailbox.order(an_order(), lambda db, now: set_roster(an_order(), people, db, now))
    for _ in range(2):  # the second watchdog finds the first one's alarm
        async with watching(settings, lambda words: None, 0.6):
            await until(lambda: _has(database, "no_sweep"))
            await asyncio.sleep(1)
    async with database.read() as db:
        assert len(await notifications.messages(db, TARN)) == 1


async def test_a_database_that_is_away_is_told_by_the_ways_that_need_none(tmp_path: Path, settings: Settings) -> None:
    nowhere = f"postgresql+asyncpg://relais@/none?host={tmp_path}"
    away = Settings(**{**vars(settings), "database_url": nowhere})
    said: list[str] = []
    async with watching(away, said.append, 0.6):
        await until(lambda: _written(tmp_path / "told.txt"))
    assert "base de données" in (tmp_path / "told.txt").read_text("utf-8")
    assert any("base de données" in words for words in said)


async def test_a_server_that_accepts_but_does_not_greet_is_away() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async def greets(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b'INFO {"server_id":"x"}\r\n')
        await reader.read()
        writer.close()

    for greeting, expected in ((silent, False), (greets, True)):
        async with await asyncio.start_server(greeting, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            assert await answers(f"nats://secret@127.0.0.1:{port}", 1.0) is expected
    assert not await answers(f"nats://127.0.0.1:{port}", 1.0)


async def test_a_program_that_fails_is_logged_and_stops_nothing(caplog: pytest.LogCaptureFixture) -> None:
    await run_command(f"{sys.executable} -c 'import sys; sys.exit(3)'", "words")
    await run_command("/nowhere/pager", "words")
    assert "code 3" in caplog.text
    assert "could not be run" in caplog.text
