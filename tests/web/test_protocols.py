"""May another profession see the patient, where the territory's own protocol says so, and nowhere else?"""

import pytest
from sqlalchemy import text

from services.house import House
from tests.web.conftest import ANNE, LAVAUR, enter, publish, register


@pytest.fixture
async def pharmacist(house: House, sign_in):
    """A pharmacist of the territory, with a place at two in the afternoon."""
    await register(
        house, "tarn-ouest", ANNE.model_copy(update={"id": "ph-odile", "profession": "21", "name": "Odile Pilon"})
    )
    return await sign_in("ph-odile")


async def offered(regulator, reason: str | None) -> list[str]:
    answer = await regulator.post("/api/proposals", json={"commune": LAVAUR, "reason": reason})
    return [one["practitioner"] for one in answer.json()["proposals"]]


@pytest.mark.parametrize(("reason", "whom"), [
    ("Infection urinaire", ["Odile Pilon", "Anne Martin"]),
    ("infection  URINAIRE", ["Odile Pilon", "Anne Martin"]),
    ("Fièvre", ["Anne Martin"]),
    (None, ["Anne Martin"]),
])  # fmt: skip
async def test_the_protocol_of_the_reason_opens_further_professions(
    anne, pharmacist, regulator, settle, reason: str | None, whom: list[str]
) -> None:
    await publish(anne, "15h")
    await publish(pharmacist, "14h", name="pharmacy")
    await settle()
    assert await offered(regulator, reason) == whom


async def test_the_words_themselves_never_leave_the_door_unsealed(anne, regulator, settle, house: House) -> None:
    request_id = await enter(regulator, reason="Infection urinaire depuis mardi")
    assert request_id
    async with house.database.read() as db:
        facts = [bytes(row[0]).decode() for row in await db.execute(text("SELECT body FROM outbox"))]
    assert facts
    assert not [one for one in facts if "mardi" in one or "infection" in one.lower()]
