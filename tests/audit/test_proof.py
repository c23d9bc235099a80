"""Is every way to falsify the audit found, and its place named?"""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.audit.chain import audit_key, public_key
from services.audit.heads import HeadUnread, read_heads
from services.cli.main import app
from services.storage.database import Database
from services.storage.migrate import migrate
from tests.audit.conftest import Journal, writing_to
from tests.conftest import MASTER

ENTRY = "INSERT INTO audit (seq, event_id, subject, territory, about, actor, at)"


@pytest.fixture
async def sealed(journal: Journal) -> Journal:
    """Entries 1 to 9 in three rounds: a b a | a b a | a b a."""
    for _ in range(3):
        await journal.write("a", "b", "a")
        await journal.sealer.sweep()
    return journal


CHANGES: dict[str, tuple[list[str], *tuple[str, ...]]] = {
    "an altered entry": (
        ["UPDATE audit SET actor = '{}' WHERE seq = 4"],
        "a, sceau 2 (entrées 4 à 6",
        "l'entrée 4 (",
        "a été modifiée",
    ),
    "another time": (
        ["UPDATE audit SET at = '2026-01-05 08:00:01.000000' WHERE seq = 4"],
        "a, sceau 2",
        "l'entrée 4 (",
        "2026-01-05 08:00:01",
    ),
    "a removed entry": (
        ["DELETE FROM audit WHERE seq = 6"],
        "a, sceau 2 (entrées 4 à 6",
        "1 entrée(s) retirée(s) parmi 2",
    ),
    "an entry moved to another territory": (
        ["UPDATE audit SET territory = 'b' WHERE seq = 4"],
        "a, sceau 2",
        "1 entrée(s) retirée(s) parmi 2",
    ),
    "an inserted entry": (
        [
            "DELETE FROM audit WHERE seq = 5",
            f"{ENTRY} SELECT 5, 'x', subject, 'a', about, actor, at FROM audit WHERE seq = 4",
        ],
        "a, sceau 2",
        "l'entrée 5 (x, 2026-01-05 ",
        "ajoutée après coup",
    ),
    "two entries exchanged": (
        [
            "UPDATE audit SET seq = -1 WHERE seq = 4",
            "UPDATE audit SET seq = 4 WHERE seq = 6",
            "UPDATE audit SET seq = 6 WHERE seq = -1",
        ],
        "a, sceau 2",
        "l'entrée 4 (",
        "déplacée",
    ),
    "a removed seal": (
        ["DELETE FROM audit_seal WHERE territory = 'a' AND number = 2"],
        "a, sceau 3",
        "il manque les sceaux 2 à 2 avant lui",
    ),
    "the first seal removed": (
        ["DELETE FROM audit_seal WHERE territory = 'b' AND number = 1"],
        "b, sceau 2",
        "il manque les sceaux 1 à 1 avant lui",
    ),
    "an altered seal": (
        ["UPDATE audit_seal SET last_seq = 5 WHERE territory = 'a' AND number = 2"],
        "a, sceau 2 (entrées 4 à 5",
        "a été modifié",
    ),
    "another hour of the seal": (
        ["UPDATE audit_seal SET sealed_at = '2026-01-05 09:00:00.000000' WHERE territory = 'b' AND number = 3"],
        "b, sceau 3",
        "a été modifié",
    ),
    "the last seals of one territory removed": (
        ["DELETE FROM audit_seal WHERE territory = 'b' AND number = 3"],
        "b : l'entrée 8 (",
        "dans aucun sceau",
    ),
    "a whole chain removed": (
        ["DELETE FROM audit_seal WHERE territory = 'b'"],
        "b : l'entrée 2 (",
        "dans aucun sceau",
    ),
}


async def test_an_untouched_journal_has_no_fault(sealed: Journal) -> None:
    assert await sealed.faults(json.loads(await sealed.head())) == []


@pytest.mark.parametrize("change", CHANGES)
async def test_a_change_is_found_and_its_place_is_named(sealed: Journal, change: str) -> None:
    statements, *words = CHANGES[change]
    await sealed.tamper(*statements)
    found = await sealed.faults()
    assert any(all(word in one for word in words) for one in found), found
    assert await sealed.faults(territory=words[0][0])


async def test_the_other_territory_is_proved_alone(sealed: Journal) -> None:
    await sealed.tamper("UPDATE audit SET actor = '{}' WHERE seq = 4")
    assert await sealed.faults(territory="b") == []


async def test_a_chain_made_again_by_somebody_without_the_key_is_found(sealed: Journal, database_url: str) -> None:
    await sealed.tamper("UPDATE audit SET actor = '{}' WHERE seq = 1", "DELETE FROM audit_seal")
    sealed.sealer._key = audit_key(b"another master key, of 32 bytes.")
    assert await sealed.sealer.sweep() == 9
    found = await sealed.faults()
    assert [one for one in found if "clé inconnue" in one], found


async def test_a_cut_end_is_found_with_a_head_kept_outside_and_not_without(sealed: Journal) -> None:
    heads = json.loads(await sealed.head())
    await sealed.tamper("DELETE FROM audit WHERE seq > 6", "DELETE FROM audit_seal WHERE number = 3")
    assert await sealed.faults() == []
    found = await sealed.faults(heads)
    assert sorted(one.split(" (")[0] for one in found) == [
        "a : la fin manque, les sceaux 3 à 3",
        "b : la fin manque, les sceaux 3 à 3",
    ]


async def test_a_cut_end_that_was_written_again_is_found_with_the_head(sealed: Journal) -> None:
    heads = json.loads(await sealed.head())
    await sealed.tamper("DELETE FROM audit WHERE seq > 6", "DELETE FROM audit_seal WHERE number = 3")
    await sealed.write("a", "b")
    await sealed.sealer.sweep()
    found = await sealed.faults(heads)
    assert len(found) == 2
    assert all("n'est pas celui de la tête exportée" in one for one in found)


async def test_a_journal_that_went_on_after_the_head_is_intact(sealed: Journal) -> None:
    heads = json.loads(await sealed.head())
    await sealed.write("a", "c")
    await sealed.sealer.sweep()
    assert await sealed.faults(heads) == []


async def test_everything_gone_is_found_with_the_head(sealed: Journal) -> None:
    heads = json.loads(await sealed.head())
    await sealed.tamper("DELETE FROM audit", "DELETE FROM audit_seal")
    assert [one[:32] for one in await sealed.faults(heads)] == [
        "a : la fin manque, les sceaux 1 ",
        "b : la fin manque, les sceaux 1 ",
    ]


async def test_after_a_new_master_key_the_chain_goes_on(sealed: Journal) -> None:
    renewed = audit_key(b"another master key, of 32 bytes.")
    sealed.sealer._key = renewed
    await sealed.write("a", "b")
    await sealed.sealer.sweep()
    assert await sealed.faults(key=public_key(renewed)) == []


@pytest.mark.parametrize("text", ["", "{}", "[{}]", '[{"territory": "a"}]'])
def test_a_file_that_is_no_head_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "head.json").write_text(text)
    with pytest.raises(HeadUnread, match="relais audit head"):
        read_heads(tmp_path / "head.json")


async def test_a_head_that_was_touched_is_refused(sealed: Journal, tmp_path: Path) -> None:
    file = tmp_path / "head.json"
    file.write_text((await sealed.head()).replace('"hash": "', '"hash": "0'))
    with pytest.raises(HeadUnread, match="signature"):
        read_heads(file)


async def an_installation(folder: Path) -> None:
    """A folder as `relais up` leaves it, with one sealed entry."""
    database = Database(f"sqlite:///{folder / 'relais.db'}")
    await migrate(database)
    async with writing_to(database) as journal:
        await journal.write("a", "a")
        await journal.sealer.sweep()
    await database.close()
    (folder / "master.key").write_text(MASTER.hex())


def run(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["audit", *words])
    return done.exit_code, " ".join((done.stdout + done.stderr).split())


@pytest.fixture
def nothing_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RELAIS_DATABASE_URL", "RELAIS_MASTER_KEY", "RELAIS_DATA_DIR"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("nothing_from_outside")
def test_the_head_is_exported_and_the_journal_proved_from_the_terminal(tmp_path: Path) -> None:
    import asyncio
    import sqlite3

    asyncio.run(an_installation(tmp_path))
    where, file = ("--data", str(tmp_path)), str(tmp_path / "head.json")
    assert run("head", "--out", file, *where)[0] == 0
    (head,) = json.loads(Path(file).read_text("utf-8"))
    assert (head["territory"], head["number"], len(head["signature"])) == ("a", 1, 128)
    assert json.loads(run("head", *where)[1]) == [head]
    assert run("verify", "--head", file, *where) == (0, "✓ Le journal est intact.")

    with sqlite3.connect(tmp_path / "relais.db") as connection:
        connection.execute("DROP TRIGGER audit_no_update")
        connection.execute("UPDATE audit SET about = 'r-9' WHERE seq = 2")
    connection.close()
    code, said = run("verify", *where)
    assert code == 1
    assert "a, sceau 1" in said
    assert "l'entrée 2 (" in said
    assert "1 anomalie(s)" in said


@pytest.mark.usefixtures("nothing_from_outside")
def test_nothing_is_proved_of_a_folder_without_a_journal(tmp_path: Path) -> None:
    code, said = run("verify", "--data", str(tmp_path))
    assert code == 2
    assert "--data" in said
    assert not list(tmp_path.iterdir())
