"""Does `relais plan` answer « what if » from files, and say of bad ones which line to mend?"""

import csv
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from services.cli.main import app

runner = CliRunner()

REQUESTS = """id,profession,lat,lon,urgency,earliest,deadline,modes,usual_practitioner
r1,10,43.90,1.90,3,2026-01-05T09:00,2026-01-06T09:00,office,dr-b
r2,Médecin généraliste,43.90,1.90,1,2026-01-05T09:00,2026-01-05T15:00,office|teleconsultation,
r3,infirmière,43.85,1.81,2,2026-01-05T09:00,2026-01-05T21:00,home,
"""
SLOTS = """id,practitioner,profession,lat,lon,start,minutes,capacity,modes
s1,dr-a,10,43.90,1.90,2026-01-05T10:00,15,1,office
s2,dr-b,10,43.90,1.90,2026-01-05T11:30,15,1,office
s3,nurse,60,43.90,1.90,2026-01-05T14:00+01:00,30,2,home
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "R.csv").write_text(REQUESTS)
    (tmp_path / "S.csv").write_text(SLOTS)
    return tmp_path


def plan(folder: Path, *more: str, now: str = "2026-01-05T09:00") -> Result:
    files = ["--requests", str(folder / "R.csv"), "--slots", str(folder / "S.csv")]
    return runner.invoke(app, ["plan", *files, "--now", now, *more])


def written(folder: Path, *more: str) -> list[dict[str, Any]]:
    said = plan(folder, "--out", str(folder / "P.csv"), *more)
    assert said.exit_code == 0, said.output
    return list(csv.DictReader((folder / "P.csv").read_text().splitlines()))


def test_all_at_once_gives_each_the_seat_that_is_best_for_all(folder: Path) -> None:
    rows = written(folder)
    assert [(row["request"], row["slot"], row["cost_minutes"]) for row in rows] == [
        ("r1", "s2", "150"),  # two hours and a half for the own GP: 150 < 60 + 120
        ("r2", "s1", "240"),  # one hour, four times
        ("r3", "s3", str(5 * 60 * 2 + 25)),  # 16 min of road at 1.5
    ]
    assert rows[0]["reasons"] == "médecin traitant ; dans 2 h 30 ; dans la commune"


def test_one_by_one_is_in_the_order_of_the_file(folder: Path) -> None:
    text = (folder / "S.csv").read_text().replace("s2,dr-b", "s2,dr-c")
    (folder / "S.csv").write_text(text)
    assert [row["slot"] for row in written(folder, "--policy", "online")] == ["s1", "s2", "s3"]
    assert [row["slot"] for row in written(folder, "--policy", "batch")] == ["s2", "s1", "s3"]


def test_those_who_can_wait_are_promised_a_window(folder: Path) -> None:
    (folder / "S.csv").write_text(SLOTS.replace("11:30", "16:30"))
    rows = written(folder, "--policy", "late")
    assert rows[0]["reasons"].startswith("promis avant le 06/01 à 09:00, heure dite 2 h avant ; place gardée ; ")
    assert not rows[1]["reasons"].startswith("promis")


def test_every_pair_considered_is_written(folder: Path) -> None:
    written(folder, "--edges", str(folder / "E.csv"))
    edges = list(csv.DictReader((folder / "E.csv").read_text().splitlines()))
    assert [(row["request"], row["slot"], row["cost"]) for row in edges] == [
        ("r1", "s1", "180"), ("r1", "s2", "150"), ("r2", "s1", "240"), ("r2", "s2", "600"), ("r3", "s3", "625"),
    ]  # fmt: skip


def test_whoever_gets_nothing_is_in_the_plan_with_the_reasons(folder: Path) -> None:
    (folder / "S.csv").write_text("\n".join(SLOTS.splitlines()[:2]))
    rows = written(folder)
    assert [(row["slot"], row["cost_minutes"]) for row in rows] == [("", "4320"), ("s1", "240"), ("", "8640")]
    assert rows[0]["reasons"] == "1 créneau plus utile à d'autres"
    assert rows[2]["reasons"] == "aucun créneau de cette profession n'est publié dans le territoire"


def test_without_a_file_the_plan_goes_to_standard_output(folder: Path) -> None:
    said = plan(folder)
    assert said.exit_code == 0
    assert said.stdout.splitlines()[0] == "request,slot,cost_minutes,reasons"
    assert len(said.stdout.splitlines()) == 4
    assert "3 demandes servies sur 3, coût 1015 minutes équivalentes." in said.stderr


def test_the_next_best_and_what_they_cost_more_are_told_when_asked(folder: Path) -> None:
    said = plan(folder, "--explain")
    assert "r1 → s2 : médecin traitant, dans 2 h 30, dans la commune" in said.stderr
    assert "    ensuite : dans 1 h, dans la commune" in said.stderr


def test_a_french_spreadsheet_with_semicolons_and_commas_is_read(folder: Path) -> None:
    for name in ("R.csv", "S.csv"):
        text = (folder / name).read_text().replace(",", ";").replace("43.9", "43,9").replace("1.9", "1,9")
        (folder / name).write_text("\ufeff" + text)
    assert [row["slot"] for row in written(folder)] == ["s2", "s1", "s3"]


@pytest.mark.parametrize(
    ("file", "before", "after", "told"),
    [
        ("R.csv", ",urgency,", ",degree,", "R.csv, ligne 1 : il manque la colonne urgency"),
        (
            "R.csv",
            "r2,Médecin généraliste",
            "r2,Sorcier",
            "R.csv, ligne 3 : profession « Sorcier » : Profession inconnue",
        ),
        ("R.csv", "r3,infirmière,43.85", "r3,infirmière,143.85", "R.csv, ligne 4 : coordonnée lat « 143.85 » fausse"),
        ("S.csv", "s1,dr-a,10,43.90", "s1,dr-a,10,north", "S.csv, ligne 2 : coordonnée lat « north » fausse"),
        ("S.csv", "s1,dr-a,10,43.90", "s1,dr-a,10,nan", "S.csv, ligne 2 : coordonnée lat « nan » fausse"),
        ("R.csv", "2026-01-05T15:00", "2026-01-04T15:00", "R.csv, ligne 3 : l'échéance (deadline) est avant le début"),
        ("R.csv", "r3,", "r1,", "R.csv, ligne 4 : l'identifiant « r1 » est déjà celui de la ligne 2"),
        ("S.csv", "s3,", "s1,", "S.csv, ligne 4 : l'identifiant « s1 » est déjà celui de la ligne 2"),
        ("R.csv", "r3,", ",", "R.csv, ligne 4 : l'identifiant (id) est vide"),
        (
            "R.csv",
            ",1,2026",
            ",9,2026",
            "R.csv, ligne 3 : urgence « 9 » inconnue. Écrivez 1 (6 h), 2 (12 h) ou 3 (24 h)",
        ),
        ("R.csv", "2026-01-05T15:00", "demain", "R.csv, ligne 3 : moment deadline « demain » illisible"),
        ("R.csv", "home", "fax", "R.csv, ligne 4 : mode « fax » inconnu"),
        ("S.csv", "15,1,office\ns2", "15,0,office\ns2", "S.csv, ligne 2 : capacity « 0 » faux"),
        ("S.csv", "14:00+01:00,30", "14:00+01:00,half", "S.csv, ligne 4 : minutes « half » faux"),
        ("S.csv", "s1,dr-a", "s1,", "S.csv, ligne 2 : le professionnel (practitioner) est vide"),
    ],
)
def test_a_bad_line_is_named_with_what_to_do_and_nothing_is_written(
    folder: Path, file: str, before: str, after: str, told: str
) -> None:
    text = (folder / file).read_text()
    assert before in text
    (folder / file).write_text(text.replace(before, after, 1))
    said = plan(folder, "--out", str(folder / "P.csv"), "--edges", str(folder / "E.csv"))
    assert said.exit_code == 2, said.output
    assert told in said.stderr
    assert not (folder / "P.csv").exists()
    assert not (folder / "E.csv").exists()


@pytest.mark.parametrize("text", ["", "\n\n"])
def test_an_empty_file_is_told(folder: Path, text: str) -> None:
    (folder / "S.csv").write_text(text)
    said = plan(folder)
    assert said.exit_code == 2
    assert "S.csv, ligne 1 : le fichier est vide" in said.stderr


def test_a_file_with_a_header_alone_is_told(folder: Path) -> None:
    (folder / "R.csv").write_text(REQUESTS.splitlines()[0])
    said = plan(folder)
    assert said.exit_code == 2
    assert "R.csv, ligne 2 : le fichier n'a aucune ligne" in said.stderr


def test_every_mistake_is_told_at_once(folder: Path) -> None:
    (folder / "R.csv").write_text(REQUESTS.replace("43.90", "x"))
    said = plan(folder)
    assert said.stderr.count("coordonnée lat") == 2


def test_a_file_that_is_not_there_a_moment_that_is_none_and_a_folder_that_takes_no_file(folder: Path) -> None:
    assert "illisible" in plan(folder, now="now").stderr
    assert "impossible d'écrire ici" in plan(folder, "--out", str(folder / "none" / "P.csv")).stderr
    (folder / "R.csv").unlink()
    said = plan(folder)
    assert said.exit_code == 2
    assert "R.csv : illisible" in said.stderr


def test_one_file_that_cannot_be_written_leaves_the_other_unwritten(folder: Path) -> None:
    said = plan(folder, "--out", str(folder / "none" / "P.csv"), "--edges", str(folder / "E.csv"))
    assert said.exit_code == 2
    assert sorted(path.name for path in folder.iterdir()) == ["R.csv", "S.csv"]
