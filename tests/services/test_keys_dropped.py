"""Is a key that was dropped gone: from the store, from its files, from memory, and for ever?"""

from pathlib import Path

import pytest

from schemas.sealed import Erased, unreadable
from services.storage.keyring import ERASED, Keyring
from tests.services.test_keyring import NAME, another, keys


async def test_an_erased_subject_is_never_given_a_key_again(vault: Keyring) -> None:
    sealed = await vault.seal("req-1", "name", NAME)
    other = await vault.seal("req-2", "name", NAME)
    await vault.erase(["req-1", "never-sealed"])
    for keyring in (vault, another(vault)):
        for subject in ("req-1", "never-sealed"):
            with pytest.raises(Erased):
                await keyring.seal(subject, "name", NAME)
        with pytest.raises(Erased):
            await keyring.open(sealed)
        assert await keyring.open_many([sealed, other]) == [ERASED, NAME]
    with pytest.raises(Erased):
        await vault.seal("req-1", "phone", NAME)


def holding(folder: Path, content: bytes) -> list[str]:
    """The files in which it can be found."""
    return [path.name for path in folder.iterdir() if path.is_file() and content in path.read_bytes()]


async def test_an_erased_key_is_nowhere_in_the_files_of_the_store(vault: Keyring, tmp_path: Path) -> None:
    await vault.ensure([f"req-{number}" for number in range(50)])
    [wrapped] = [row[1] for row in await keys(vault) if row[0] == "req-7"]
    assert holding(tmp_path, wrapped)
    await vault.erase(["req-7"])
    assert holding(tmp_path, wrapped) == []


async def test_a_discarded_key_is_nowhere_in_the_files_of_the_store(vault: Keyring, tmp_path: Path) -> None:
    await vault.ensure([f"req-{number}" for number in range(50)])
    [wrapped] = [row[1] for row in await keys(vault) if row[0] == "req-7"]
    await vault.discard(["req-7"])
    assert holding(tmp_path, wrapped) == []


async def test_another_process_forgets_the_key_within_a_minute(vault: Keyring, monkeypatch: pytest.MonkeyPatch) -> None:
    sealed, there = await vault.seal("req-1", "name", NAME), another(vault)
    assert await there.open(sealed) == NAME
    await vault.erase(["req-1"])
    monkeypatch.setattr("services.storage.keyring.BELIEVED", -1.0)
    with pytest.raises(Erased):
        await there.open(sealed)


async def test_what_stands_where_a_text_was_is_read_by_nobody(vault: Keyring) -> None:
    await vault.seal("req-1", "name", NAME)
    with pytest.raises(Erased):
        await vault.open(unreadable("req-1", "name"))
    assert await vault.open_many([unreadable("req-1", "name")]) == [ERASED]


async def test_a_key_that_sealed_nothing_is_discarded_and_may_be_made_again(vault: Keyring) -> None:
    await vault.ensure(["req-1", "req-2", "req-3"])
    await vault.erase(["req-3"])
    made, at = await vault.walk("", 2)
    assert (list(made), at) == (["req-1", "req-2"], "req-2")
    assert await vault.walk("req-2", 2) == ({}, "")
    assert await vault.held(["req-1", "req-3", "nobody"]) == ["req-1"]
    await vault.discard(["req-1"])
    assert {subject for subject, _, _ in await keys(vault)} == {"req-2", "req-3"}
    assert await vault.open(await vault.seal("req-1", "name", NAME)) == NAME
