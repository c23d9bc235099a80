"""After a whole journey and an erasure: is anything of the person left, in files, stream, tables, or a backup?"""

import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from schemas.sealed import Erased
from schemas.values import Refused
from services.bus.streams import STREAM
from services.erasure import erase
from services.settings import Settings
from tests.builders import somebody
from tests.invariants import assert_kept
from tests.journeys.test_privacy import call, found_in
from tests.journeys.town import Town, living
from tests.services.test_erasure import everything, opened, sealed_in

pytestmark = pytest.mark.journey


async def in_the_stream(town: Town) -> list[bytes]:
    state = (await town.js.stream_info(STREAM)).state
    found = [await town.js.get_msg(STREAM, seq) for seq in range(state.first_seq, state.last_seq + 1)]
    return [message.data or b"" for message in found]


async def readable(town: Town) -> list[str]:
    """Every text that can still be opened, of all tables and of the stream."""
    rows = await everything(town.house.database)
    stream = [json.loads(body) for body in await in_the_stream(town)]
    return await opened(town.house.vault, list(sealed_in([*rows.values(), stream])))


def clear_in_files(folder: Path) -> list[str]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert any("jetstream" in path.parts for path in files)
    return [path.name for path in files if found_in(path.read_bytes())]


def copy_of(database: Path, to: Path) -> None:
    """What a backup of the running database is."""
    with sqlite3.connect(database) as source, sqlite3.connect(to) as target:
        source.backup(target)
    source.close()
    target.close()


async def test_nothing_is_left_of_a_person_who_was_erased(tmp_path: Path) -> None:
    settings, backup = Settings(data_dir=tmp_path / "var"), tmp_path / "backup.db"
    async with living(settings) as town:
        await town.settle_in("gp-1")
        await town.open_slot(capacity=2)
        request_id = (await call(town, "the-first-call")).json()["id"]
        await town.until_state("booked", request_id)
        await town.until_quiet()
        assert any(found_in(text.encode()) for text in await readable(town))
        copy_of(settings.data_dir / "relais.db", backup)

        refused = await erase(town.house, [request_id], somebody(), withdraw=False)
        assert isinstance(refused, Refused)
        assert isinstance(await erase(town.house, [request_id], somebody(), withdraw=True), list)
        await town.until_quiet()
        assert not [text for text in await readable(town) if found_in(text.encode())]
        assert ("withdrawn", "failed") in await town.told(request_id)
        assert ("seat_freed", "sent") in await town.told(request_id, "practitioner")
        assert await town.aside() == []
        await assert_kept(town.house.database, town.js)
        row = await town.request(request_id)
        with pytest.raises(Erased):
            await town.house.vault.open(row.patient.phone)
    assert clear_in_files(settings.data_dir) == []

    for name in ("relais.db", "relais.db-wal", "relais.db-shm"):
        (settings.data_dir / name).unlink(missing_ok=True)
    shutil.copyfile(backup, settings.data_dir / "relais.db")
    async with living(settings) as town:
        await town.until_quiet()
        assert not [text for text in await readable(town) if found_in(text.encode())]
        shown = json.dumps([one.model_dump(mode="json") for one in [(await town.request(request_id)).patient]])
        assert not found_in(shown.encode())
    assert clear_in_files(settings.data_dir) == []
