"""Can members be brought and agendas be linked from a terminal, with words of action where it goes wrong?"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.availability.feeds.conftest import calendar
from tests.cli.test_life import Machine

pytestmark = pytest.mark.journey

HEAD = "RPPS;Nom;Prénom;Profession;Code postal;Commune\r\n"
ROSE = "10002909371;Fontmerle;Rose;Médecin;81500;Lavaur\r\n"
WRONG_KEY = "10100050075;Valsonge;Luc;Infirmier;81500;Lavaur\r\n"


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    machine = Machine(tmp_path / "var")
    machine.start()
    yield machine
    if machine.up is not None and machine.up.poll() is None:
        machine.up.kill()
        machine.up.communicate(timeout=30)


def bring(machine: Machine, file: Path, text: str, *more: str) -> tuple[int, str]:
    file.write_bytes((HEAD + text).encode("cp1252"))
    done = machine.type("members", "import", str(file), "--territory", "tarn-ouest", *more)
    return done.returncode, done.stdout


def test_members_are_brought_and_one_of_them_links_an_agenda(machine: Machine, tmp_path: Path) -> None:
    file = tmp_path / "membres.csv"
    code, said = bring(machine, file, ROSE + WRONG_KEY.replace("Lavaur", "Lavor"))
    assert (code, "ligne 3 : commune inconnue" in said) == (2, True)
    code, said = bring(machine, file, ROSE + WRONG_KEY, "--dry-run")
    assert (code, "Ce que ferait l’import : 2 nouveau(x)" in said) == (0, True)
    assert "ligne 3 : la clé du RPPS" in said
    assert "2 nouveau(x)" in bring(machine, file, ROSE + WRONG_KEY)[1]
    assert "2 inchangé(s)" in bring(machine, file, ROSE + WRONG_KEY)[1]

    soon = datetime.now(UTC) + timedelta(days=2)
    agenda = tmp_path / "agenda.ics"
    agenda.write_bytes(calendar(f"DTSTART:{soon:%Y%m%dT%H%M%SZ}|DURATION:PT1H"))
    rose = ("--as", "rpps-10002909371")
    done = machine.type("feeds", "add", *rose, "--file", str(agenda), "--visit-minutes", "20")
    assert (done.returncode, "1 horaires" in done.stdout) == (0, True), done.stdout + done.stderr

    done = machine.type("feeds", "add", *rose, "--url", "http://exemple.fr/a.ics")
    assert (done.returncode, "https://" in done.stderr) == (2, True)
    done = machine.type("feeds", "add", *rose, "--url", "https://127.0.0.1/a.ics?cle=s3cret")
    assert (done.returncode, "réseau privé" in done.stdout) == (1, True), done.stdout

    rows = json.loads(machine.type("feeds", "list", "--as", "coord-tarn-ouest", "--json").stdout)
    (bad,) = [row["id"] for row in rows if row["error"]]
    assert len(rows) == 2
    done = machine.type("feeds", "poll", bad, *rose)
    assert (done.returncode, "réseau privé" in done.stdout) == (1, True)
    assert "127.0.0.1 de rpps-10002909371" in machine.type("doctor").stdout
    assert machine.type("feeds", "remove", bad, *rose).returncode == 0
    assert len(json.loads(machine.type("feeds", "list", *rose, "--json").stdout)) == 1
    _, words = machine.stop()
    assert "s3cret" not in words
