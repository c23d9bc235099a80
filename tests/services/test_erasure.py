"""Is a person who asked for it forgotten everywhere, in every copy, and by everybody who might still speak to her?"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from dispatcher import orders
from dispatcher import store as requests
from notifications import store as notices
from notifications.tables import MESSAGE
from schemas.request import RequestBooked, RequestWithdrawn
from schemas.sealed import Erased, Sealed
from schemas.values import Mode, Refused
from services.build import build_house
from services.clock import Clock
from services.erasure import erase, phone_digest
from services.house import House
from services.run import room_reactions
from services.settings import Settings
from services.storage.aside import find, listing, set_aside
from services.storage.database import Database
from services.storage.keyring import Keyring, master_key
from services.storage.tables import MODELS
from tests.builders import GAILLAC, TARN, a_need, a_patient, an_order, hours, somebody
from tests.journeys.test_privacy import found_in

NAME, PHONE = "Zéphyrine MARQUE-Testard", "+33639987153"
WHO = somebody()


@pytest.fixture
async def house(tmp_path: Path, database_url: str) -> AsyncIterator[House]:
    house = await build_house(Settings(data_dir=tmp_path / "var", database_url=database_url))
    work = asyncio.create_task(house.mailbox.run())
    yield house
    work.cancel()
    await house.vault.close()
    await house.database.close()


async def enter(house: House, request_id: str) -> None:
    boxes = {
        field: await house.vault.seal(request_id, field, text) for field, text in (("name", NAME), ("phone", PHONE))
    }
    patient, order, digest = a_patient(request_id, **boxes), an_order(), phone_digest(house, PHONE)
    need = a_need(now=house.clock.now())
    await house.mailbox.order(
        order,
        lambda db, now: orders.enter_request(order, request_id, need, patient, None, db, now, phone_digest=digest),
        fingerprint="the same",
    )


async def hear(house: House, fact: Any) -> None:
    await house.mailbox.receive("notifications", fact, room_reactions(house)["notifications"][type(fact)])


async def live(house: House, request_id: str) -> None:
    """A whole life: entered, told of a booking, a message set aside with the name in clear, withdrawn."""
    await enter(house, request_id)
    async with house.database.read() as db:
        row = await requests.request(db, request_id)
    assert row is not None
    start = house.clock.now() + hours(3)
    said: dict[str, Any] = {"slot_id": "s-1", "practitioner_id": "gp-1", "start": start}
    booked = RequestBooked.after(
        an_order(), house.clock.now(), request_id=request_id, minutes=15, mode=Mode.OFFICE, place=GAILLAC,
        patient=row.patient, **said,
    )  # fmt: skip
    await hear(house, booked)
    body = json.dumps({"request_id": request_id, "name": NAME}).encode()
    await set_aside(
        house.mailbox, house.vault, reader="notifications-request-booked-v1", topic=f"care.{TARN}.request.booked.v1",
        message_id="m", body=body, error=KeyError(), tries=12,
    )  # fmt: skip


async def withdraw(house: House, request_id: str) -> RequestWithdrawn:
    order = an_order()
    said = await house.mailbox.order(order, lambda db, now: orders.withdraw(order, request_id, db, now))
    assert isinstance(said, list)
    assert isinstance(said[0], RequestWithdrawn)
    return said[0]


async def everything(database: Database) -> dict[Any, list[dict[str, Any]]]:
    """All rows of all tables: what a backup of the data holds."""
    async with database.read() as db:
        tables = [model.__table__ for model in MODELS]  # type: ignore[attr-defined]  # SQLModel does not type it
        return {table: [dict(row._mapping) for row in await db.execute(select(table))] for table in tables}


async def restore(database: Database, backup: dict[Any, list[dict[str, Any]]]) -> None:
    async with database.writing() as db:
        for table, rows in backup.items():
            if table.name.startswith("audit"):
                continue  # nobody can change it, and nothing sealed is in it
            await db.execute(table.delete())
            if rows:
                await db.execute(insert(table), rows)


def sealed_in(value: Any) -> Iterator[Sealed[str]]:
    """Every sealed value, wherever it lies in rows, lists and JSON of text or bytes."""
    if isinstance(value, bytes | str):
        try:
            value = json.loads(value)
        except ValueError:
            return
        if isinstance(value, dict | list):
            yield from sealed_in(value)
    elif isinstance(value, dict):
        if "box" in value and "key_version" in value:
            yield Sealed[str].model_validate(value)
        for inner in value.values():
            yield from sealed_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from sealed_in(inner)


async def opened(vault: Keyring, sealed: list[Sealed[str]]) -> list[str]:
    found = []
    for one in sealed:
        try:
            found.append(await vault.open(one))
        except Erased:
            continue
    return found


async def test_nothing_of_an_erased_person_can_be_read_in_the_data_or_in_a_backup_of_it(
    house: House, tmp_path: Path
) -> None:
    await live(house, "r-1")
    await live(house, "r-2")
    for request_id in ("r-1", "r-2"):
        await withdraw(house, request_id)
    backup = await everything(house.database)
    sealed = list(sealed_in([rows for rows in backup.values()]))
    before = await opened(house.vault, sealed)
    assert len(before) == len(sealed) > 12
    assert any(found_in(text.encode()) for text in before)

    said = await erase(house, ["r-1", "r-2"], WHO, withdraw=False)
    assert isinstance(said, list)
    assert [(fact.subject, len(found_in(fact.body))) for fact in said] == [("request.erased.v1", 0)] * 2
    await restore(house.database, backup)
    settings = house.settings
    later = Keyring(Database(settings.keyring), Clock(), master_key(settings.data_dir))
    for vault in (house.vault, later):
        readable = await opened(vault, list(sealed_in([rows for rows in (await everything(house.database)).values()])))
        assert not [text for text in readable if found_in(text.encode()) or "rendez-vous" in text]
    await later.close()


async def test_who_is_still_sought_a_place_for_is_not_erased_by_mistake(house: House) -> None:
    await live(house, "r-1")
    refused = await erase(house, ["r-1"], WHO, withdraw=False)
    assert refused == Refused(code="still_open", about={"request_id": "r-1"})
    async with house.database.read() as db:
        row = await requests.request(db, "r-1")
    assert row is not None
    assert await house.vault.open(row.patient.name) == NAME


async def test_withdrawn_and_erased_at_once_the_professional_hears_and_the_patient_is_left_alone(house: House) -> None:
    await live(house, "r-1")
    async with house.database.writing() as db:  # both had been told of the booking
        await db.execute(update(MESSAGE).values(state="sent", sent_at=house.clock.now()))
    said = await erase(house, ["r-1"], WHO, withdraw=True)
    assert isinstance(said, list)
    assert [fact.subject for fact in said] == ["request.withdrawn.v1", "request.erased.v1"]
    withdrawn = said[0].model_copy(update={"start": house.clock.now() + hours(3), "practitioner_id": "gp-1"})
    await hear(house, withdrawn)
    async with house.database.read() as db:
        rows = {(one.kind, one.recipient): one for one in await notices.messages_about(db, "r-1")}
    assert (rows["withdrawn", "patient"].state, rows["withdrawn", "patient"].why) == ("failed", "erased")
    assert rows["seat_freed", "practitioner"].state == "due"
    assert "ne vient plus" in await house.vault.open(rows["seat_freed", "practitioner"].body)


async def test_a_number_finds_its_requests_until_they_are_erased(house: House) -> None:
    await enter(house, "r-1")
    await enter(house, "r-2")
    digest = phone_digest(house, PHONE)
    async with house.database.read() as db:
        assert [row.request_id for row in await requests.with_phone(db, TARN, digest)] == ["r-2", "r-1"]
        assert await requests.with_phone(db, "volvestre", digest) == []
    await erase(house, ["r-1"], WHO, withdraw=True)
    async with house.database.read() as db:
        assert [row.request_id for row in await requests.with_phone(db, TARN, digest)] == ["r-2"]


async def test_erasing_twice_changes_nothing(house: House) -> None:
    await enter(house, "r-1")
    await erase(house, ["r-1"], WHO, withdraw=True)
    again = await erase(house, ["r-1"], WHO, withdraw=False)
    assert isinstance(again, list)
    assert [fact.subject for fact in again] == ["request.erased.v1"]


async def test_what_fails_later_about_an_erased_person_is_set_aside_all_the_same(house: House) -> None:
    await enter(house, "r-1")
    await erase(house, ["r-1"], WHO, withdraw=True)
    await set_aside(
        house.mailbox, house.vault, reader="x", topic=f"care.{TARN}.request.booked.v1", message_id="m",
        body=b'{"request_id": "r-1"}', error=KeyError(), tries=12,
    )  # fmt: skip
    async with house.database.read() as db:
        [row] = await listing(db)
        assert await find(db, row.id) == row
    assert row.body.subject == f"aside:{row.id}"


async def test_the_keys_go_first_so_that_a_failure_in_between_is_mended_by_asking_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await enter(house, "r-1")
    await withdraw(house, "r-1")

    async def fails(*_: Any) -> None:
        raise ConnectionError

    with monkeypatch.context() as patched:
        patched.setattr(notices, "forget_request", fails)
        with pytest.raises(ConnectionError):
            await erase(house, ["r-1"], WHO, withdraw=False)
    async with house.database.read() as db:
        row = await requests.request(db, "r-1")
    assert row is not None
    with pytest.raises(Erased):
        await house.vault.open(row.patient.name)
    assert isinstance(await erase(house, ["r-1"], WHO, withdraw=False), list)
