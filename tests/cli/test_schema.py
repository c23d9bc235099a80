"""Does `relais database` say how the databases stand, and bring them up to date?"""

import asyncio
import json
from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from services.cli.main import app
from services.storage.database import Database
from services.storage.migrate import DATA, migrate

HEAD = list(DATA.files())[-1]


@pytest.fixture(autouse=True)
def nothing_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RELAIS_DATABASE_URL", "RELAIS_KEYRING_URL"):
        monkeypatch.delenv(name, raising=False)


def run(*words: str) -> tuple[int, str, str]:
    """Exit code, standard output, standard error."""
    done = CliRunner().invoke(app, ["database", *words])
    return done.exit_code, done.stdout, " ".join(done.stderr.split())


def stamp(folder: Path, words: str) -> None:
    async def write() -> None:
        database = Database(f"sqlite:///{folder / 'relais.db'}")
        await migrate(database)
        async with database.writing() as db:
            await db.execute(text("UPDATE alembic_version SET version_num = :words"), {"words": words})
        await database.close()

    asyncio.run(write())


def test_databases_that_are_not_there_are_behind_and_not_made_by_looking(tmp_path: Path) -> None:
    code, said, _ = run("status", "--data", str(tmp_path))
    assert code == 1
    assert "aucune révision" in said
    assert "0002_0001_alarm_and_beat" in said
    assert list(tmp_path.iterdir()) == []


def test_an_upgrade_brings_data_and_keys_up_to_date(tmp_path: Path) -> None:
    assert run("upgrade", "--data", str(tmp_path))[0] == 0
    code, said, _ = run("status", "--data", str(tmp_path), "--json")
    assert code == 0
    assert [(one["name"], one["standing"], one["pending"]) for one in json.loads(said)] == [
        ("Données", "current", []),
        ("Clés", "current", []),
    ]


def test_what_is_pending_is_what_has_not_run(tmp_path: Path) -> None:
    run("upgrade", "--data", str(tmp_path))
    stamp(tmp_path, "0001_0001")
    code, said, _ = run("status", "--data", str(tmp_path), "--json")
    data, keys = json.loads(said)
    assert (code, data["revision"], data["head"], keys["pending"]) == (1, "0001_0001", HEAD, [])
    assert data["pending"] == [file.stem[1:] for file in list(DATA.files().values())[1:]]


def test_a_newer_database_that_one_can_work_with_is_fine(tmp_path: Path) -> None:
    run("upgrade", "--data", str(tmp_path))
    stamp(tmp_path, "0099_0001")
    code, said, _ = run("status", "--data", str(tmp_path))
    assert (code, "plus récente que ce Relais, qui peut travailler avec" in said) == (0, True)


def test_a_database_beyond_this_code_is_refused_by_every_command_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("upgrade", "--data", str(tmp_path))
    stamp(tmp_path, "0099_0098")
    assert run("status", "--data", str(tmp_path))[0] == 1
    assert run("upgrade", "--data", str(tmp_path))[0] == 2
    monkeypatch.setattr("services.cli.main._need_servers", lambda settings: None)
    for words in (["web"], ["worker", "dispatcher"]):
        done = CliRunner().invoke(app, [*words, "--data", str(tmp_path)])
        assert done.exit_code == 1, done.output
        assert "Installez la version de Relais qui l'a mise à jour" in " ".join(done.stderr.split())


def test_a_server_that_is_away_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RELAIS_DATABASE_URL", f"postgresql+asyncpg://relais@/relais?host={tmp_path}")
    code, _, words = run("status", "--data", str(tmp_path))
    assert (code, "vérifiez RELAIS_DATABASE_URL" in words) == (2, True)
