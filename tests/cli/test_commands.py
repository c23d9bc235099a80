"""Does each command do its work, and say in words of action what is wrong?"""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.build import build_house
from services.cli.main import app
from services.settings import Settings
from services.watch.alarms import raise_alarm

BRENS = "81038"


@pytest.fixture(autouse=True)
def nothing_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RELAIS_NATS_URL", "RELAIS_DATABASE_URL", "RELAIS_KEYRING_URL", "RELAIS_HOST", "RELAIS_PORT"):
        monkeypatch.delenv(name, raising=False)


def run(*words: str) -> tuple[int, str, str]:
    """Exit code, standard output, standard error; line ends flattened."""
    done = CliRunner().invoke(app, list(words))
    return done.exit_code, done.stdout, " ".join(done.stderr.split())


def test_the_command_itself_is_light_for_the_supervisor_is_nothing_else() -> None:
    code = (
        "import sys, services.cli.main, services.up; print([n for n in ('sqlalchemy', 'fastapi') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_demonstration_territories_are_listed_with_the_state_of_their_evidence(tmp_path: Path) -> None:
    code, said, _ = run("territory", "list", "--json", "--data", str(tmp_path))
    territories = {one["id"]: one for one in json.loads(said)}
    assert code == 0
    assert territories["tarn-ouest"]["communes"] == 50
    assert territories["volvestre"]["evidence"] == "hypothese"


def test_a_cpts_brings_its_own_perimeter(tmp_path: Path) -> None:
    table = tmp_path / "mine.csv"
    table.write_text(f"territory,name,departement,insee_code\nmon-pays,CPTS Mon Pays,81,{BRENS}\n", "utf-8")
    code, _, words = run("territory", "import", str(table), "--data", str(tmp_path))
    assert (code, "1 communes" in words) == (0, True)
    _, said, _ = run("territory", "list", "--json", "--data", str(tmp_path))
    assert "mon-pays" in {one["id"] for one in json.loads(said)}


def test_a_perimeter_with_mistakes_is_not_imported_and_each_mistake_has_its_line(tmp_path: Path) -> None:
    table = tmp_path / "mine.csv"
    table.write_text("territory,name,departement,insee_code\nmon-pays,X,81,99999\nmon-pays,X,81,abc\n", "utf-8")
    code, _, words = run("territory", "import", str(table), "--data", str(tmp_path))
    assert code == 2
    assert "rien n'a changé" in words
    assert "2" in words
    assert "3" in words
    assert not (tmp_path / "territories").exists()


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.10", "example.org"])
def test_relais_listens_to_this_machine_only(tmp_path: Path, host: str) -> None:
    code, _, words = run("up", "--host", host, "--data", str(tmp_path))
    assert code == 2
    assert "127.0.0.1" in words


@pytest.mark.parametrize("command", [("web",), ("worker", "dispatcher")])
def test_a_single_room_needs_real_servers_and_says_which(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    code, _, words = run(*command, "--data", str(tmp_path))
    assert (code, "RELAIS_NATS_URL" in words) == (2, True)
    monkeypatch.setenv("RELAIS_NATS_URL", "nats://127.0.0.1:4222")
    code, _, words = run(*command, "--data", str(tmp_path))
    assert (code, "PostgreSQL" in words) == (2, True)


def test_a_room_that_does_not_exist_is_answered_with_those_that_do() -> None:
    code, _, words = run("worker", "kitchen")
    assert code == 2
    assert "dispatcher, availability, notifications, clock" in words


def test_doctor_says_what_is_missing_before_the_first_start(tmp_path: Path) -> None:
    code, said, _ = run("doctor", "--json", "--data", str(tmp_path), "--port", "1")
    findings = {one["what"]: one for one in json.loads(said)}
    assert code == 0
    assert findings["Relais"]["state"] == "look"
    assert "make run" in findings["Relais"]["mend"]


def test_doctor_finds_a_master_key_that_others_can_read(tmp_path: Path) -> None:
    key = tmp_path / "master.key"
    key.write_text("00" * 32)
    key.chmod(0o644)
    code, said, _ = run("doctor", "--json", "--data", str(tmp_path), "--port", "1")
    finding = next(one for one in json.loads(said) if one["what"] == "Clé maîtresse")
    assert (code, finding["state"]) == (1, "wrong")
    assert "chmod 600" in finding["mend"]


def test_when_nobody_answers_the_command_says_how_to_start_relais() -> None:
    code, _, words = run(
        "request", "add", "--phone", "06 39 98 12 34", "--last-name", "Essai", "--commune", "Graulhet",
        "--url", "http://127.0.0.1:1",
    )  # fmt: skip
    assert code == 1
    assert "make run" in words


def test_the_documents_are_those_of_the_code(tmp_path: Path) -> None:
    code, _, _ = run("docs", "write", str(tmp_path))
    assert code == 0
    for name in ("openapi.json", "asyncapi.json"):
        kept = Path(__file__).parents[2] / "docs" / name
        assert kept.read_text("utf-8") == (tmp_path / name).read_text("utf-8"), f"run `make docs` ({name})"


def test_doctor_shows_each_alarm_and_is_not_content(tmp_path: Path) -> None:
    async def alarmed() -> None:
        house = await build_house(Settings(data_dir=tmp_path))
        work = asyncio.create_task(house.mailbox.run())
        await raise_alarm(house.mailbox, "stream_full", "CARE", "Le flux est plein.")
        work.cancel()
        await house.vault.close()
        await house.database.close()

    asyncio.run(alarmed())
    code, said, _ = run("doctor", "--json", "--data", str(tmp_path), "--port", "1")
    findings = [(one["state"], one["seen"]) for one in json.loads(said) if one["what"] == "Alarme"]
    assert (code, findings) == (1, [("wrong", "Le flux est plein.")])
