"""Can only those read who hold the key, and nobody once it is dropped?"""

import asyncio
import base64
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from schemas.sealed import Erased, Sealed
from services.clock import Clock
from services.storage.keyring import ALPHABET, ERASED, KEYRING_TABLES, Keyring, master_key
from tests.conftest import MASTER

NAME = "Mireille Testard-Ñandú 🙂"


def another(vault: Keyring, master: bytes = MASTER) -> Keyring:
    """A second process: the same store, nothing in memory."""
    return Keyring(vault._database, Clock(), master)


async def drop_key(vault: Keyring, subject: str) -> None:
    async with vault._database.writing() as db:
        await db.execute(text("DELETE FROM subject_key WHERE subject = :one"), {"one": subject})


# --- sealed and opened ----------------------------------------------------------------------------------


async def test_what_was_sealed_is_opened_again(vault: Keyring) -> None:
    sealed = await vault.seal("req-1", "name", NAME)
    assert await vault.open(sealed) == NAME
    assert await another(vault).open(sealed) == NAME


async def test_a_sealed_value_shows_nothing_of_its_text(vault: Keyring) -> None:
    sealed = await vault.seal("req-1", "name", NAME)
    box = base64.urlsafe_b64decode(sealed.box)
    assert b"Mireille" not in box
    assert "Mireille" not in sealed.model_dump_json()


async def test_the_same_text_is_never_sealed_the_same_way(vault: Keyring) -> None:
    boxes = {(await vault.seal("req-1", "name", NAME)).box for _ in range(20)}
    assert len(boxes) == 20


async def test_a_sealed_value_opens_under_its_own_subject_field_and_version_only(vault: Keyring) -> None:
    sealed = await vault.seal("req-1", "name", NAME)
    await vault.ensure(["req-2"])
    for change in ({"subject": "req-2"}, {"field": "phone"}, {"key_version": 2}):
        with pytest.raises(InvalidTag):
            await vault.open(sealed.model_copy(update=change))


async def test_one_changed_byte_is_noticed(vault: Keyring) -> None:
    sealed = await vault.seal("req-1", "name", NAME)
    box = bytearray(base64.urlsafe_b64decode(sealed.box))
    for place in (0, 12, len(box) - 1):
        changed = bytearray(box)
        changed[place] ^= 1
        with pytest.raises(InvalidTag):
            await vault.open(sealed.model_copy(update={"box": base64.urlsafe_b64encode(changed).decode()}))


async def test_another_master_key_opens_nothing(vault: Keyring) -> None:
    sealed = await vault.seal("req-1", "name", NAME)
    with pytest.raises(InvalidTag):
        await another(vault, bytes(32)).open(sealed)


async def test_several_are_opened_at_once_in_order_with_their_gaps(vault: Keyring) -> None:
    one, two = await vault.seal("req-1", "name", "Un"), await vault.seal("req-2", "name", "Deux")
    gone = await vault.seal("req-3", "name", "Trois")
    await drop_key(vault, "req-3")
    assert await another(vault).open_many([two, None, gone, one]) == ["Deux", None, ERASED, "Un"]


# --- erased ---------------------------------------------------------------------------------------------


async def test_dropping_the_key_makes_every_copy_unreadable(vault: Keyring) -> None:
    sealed = await vault.seal("req-1", "name", NAME)
    other = await vault.seal("req-2", "name", NAME)
    await drop_key(vault, "req-1")
    with pytest.raises(Erased) as erased:
        await another(vault).open(sealed)
    assert "Mireille" not in str(erased.value)
    assert await another(vault).open(other) == NAME


async def test_a_new_key_does_not_open_what_the_dropped_one_sealed(vault: Keyring) -> None:
    sealed = await vault.seal("req-1", "name", NAME)
    await drop_key(vault, "req-1")
    fresh = another(vault)
    await fresh.ensure(["req-1"])
    with pytest.raises(InvalidTag):
        await fresh.open(sealed)


async def test_nobody_ever_sealed_for_an_unknown_subject(vault: Keyring) -> None:
    with pytest.raises(Erased):
        await vault.open(Sealed[str](subject="nobody", field="name", key_version=1, box="AAAA"))


# --- the key commits first ------------------------------------------------------------------------------


async def keys(vault: Keyring) -> set[tuple[str, bytes, str]]:
    """What the store holds: subject, wrapped key, when it was made."""
    async with vault._database.read() as db:
        rows = await db.execute(text("SELECT subject, wrapped, made_at FROM subject_key"))
        return {(row.subject, bytes(row.wrapped), row.made_at) for row in rows}


async def test_those_who_ask_at_the_same_time_share_a_commit(vault: Keyring) -> None:
    await asyncio.gather(*(vault.seal(f"req-{number}", "name", NAME) for number in range(40)))
    made = await keys(vault)
    assert len(made) == 40
    assert len({moment for _, _, moment in made}) <= 2


async def test_a_key_that_is_there_is_not_made_again(vault: Keyring) -> None:
    await vault.ensure(["req-1"])
    made = await keys(vault)
    await vault.ensure(["req-1"])
    await another(vault).seal("req-1", "name", NAME)
    assert await keys(vault) == made


async def test_the_key_is_committed_before_anything_is_sealed_with_it(vault: Keyring) -> None:
    sealed = await vault.seal("req-1", "name", NAME)
    async with vault._database.read() as db:
        assert (await db.execute(text("SELECT count(*) FROM subject_key"))).scalar_one() == 1
    assert sealed.subject == "req-1"


async def test_two_processes_that_make_the_same_key_agree_on_one(vault: Keyring) -> None:
    here, there = another(vault), another(vault)
    await asyncio.gather(here.ensure(["req-1"]), there.ensure(["req-1"]))
    assert await there.open(await here.seal("req-1", "name", NAME)) == NAME


async def test_when_the_store_fails_everybody_who_waited_for_a_key_is_told(vault: Keyring) -> None:
    async with vault._database.writing() as db:
        await db.execute(text("ALTER TABLE subject_key RENAME TO hidden"))
    answers = await asyncio.gather(*(vault.ensure([f"req-{number}"]) for number in range(3)), return_exceptions=True)
    assert [isinstance(answer, Exception) for answer in answers] == [True, True, True]
    async with vault._database.writing() as db:
        await db.execute(text("ALTER TABLE hidden RENAME TO subject_key"))
    assert await vault.open(await vault.seal("req-1", "name", NAME)) == NAME


async def test_more_subjects_than_memory_holds_are_still_opened(
    vault: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.storage.keyring.KEPT", 3)
    sealed = [await vault.seal(f"req-{number}", "name", str(number)) for number in range(10)]
    assert [await vault.open(one) for one in sealed] == [str(number) for number in range(10)]
    assert len(vault._known) <= 3


# --- tokens ---------------------------------------------------------------------------------------------


async def test_a_token_is_twelve_letters_nobody_confuses(vault: Keyring) -> None:
    token = vault.token("patient", "req-1")
    assert len(token) == 12
    assert set(token) <= set(ALPHABET)
    assert not set(ALPHABET) & set("01oli")
    assert len(ALPHABET) ** 12 > 2**59


async def test_a_token_depends_on_purpose_subject_and_house(vault: Keyring) -> None:
    house = another(vault, bytes(32))
    tokens = {
        vault.token("patient", "req-1"),
        vault.token("patient", "req-2"),
        vault.token("offer", "req-1"),
        vault.token("patient\x1freq", "-1"),
        house.token("patient", "req-1"),
    }
    assert len(tokens) == 5
    assert vault.token("patient", "req-1") == another(vault).token("patient", "req-1")


async def test_a_digest_finds_again_and_tells_nothing(vault: Keyring) -> None:
    assert vault.digest("+33639980001") == another(vault).digest("+33639980001")
    assert vault.digest("+33639980001") != another(vault, bytes(32)).digest("+33639980001")
    assert "639980001" not in vault.digest("+33639980001")


@given(st.text(max_size=200), st.text(min_size=1, max_size=40))
def test_any_text_of_any_field_comes_back_as_it_was(said: str, field: str) -> None:
    async def there_and_back() -> str:
        return await KEPT_OPEN.open(await KEPT_OPEN.seal("req-1", field, said))

    assert asyncio.run(there_and_back()) == said


class _NoStore(Keyring):
    """A keyring that already knows its one key, and so asks no store."""

    def __init__(self) -> None:
        super().__init__(None, Clock(), MASTER)  # type: ignore[arg-type]  # never asked
        self._known["req-1"] = bytes(32)
        self._since = float("inf")  # it never asks again


KEPT_OPEN = _NoStore()


# --- the master key -------------------------------------------------------------------------------------


def test_the_master_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    house = tmp_path / "var"
    key = master_key(house)
    assert len(key) == 32
    assert master_key(house) == key
    assert stat.S_IMODE((house / "master.key").stat().st_mode) == 0o600


def test_processes_that_start_at_once_agree_on_one_whole_key(tmp_path: Path) -> None:
    for number in range(20):
        with ThreadPoolExecutor(8) as pool:
            made = set(pool.map(master_key, [tmp_path / str(number)] * 8))
        assert len(made) == 1
        assert [path.name for path in (tmp_path / str(number)).iterdir()] == ["master.key"]


def test_two_houses_have_two_master_keys(tmp_path: Path) -> None:
    assert master_key(tmp_path / "one") != master_key(tmp_path / "two")


def test_a_given_master_key_is_used_and_written_nowhere(tmp_path: Path) -> None:
    assert master_key(tmp_path, MASTER.hex()) == MASTER
    assert list(tmp_path.iterdir()) == []


async def test_the_store_of_keys_is_made_twice_without_harm(vault: Keyring) -> None:
    sealed = await vault.seal("req-1", "name", NAME)
    await vault.create()
    assert await another(vault).open(sealed) == NAME
    assert set(KEYRING_TABLES.tables) == {"subject_key"}
