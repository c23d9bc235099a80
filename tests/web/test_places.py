"""Can a patient be promised a place now and told its hour later, and be given another place by the regulation?"""

import asyncio
from typing import Any

from services.house import House
from tests.web.conftest import enter, entry, errors, key, publish

LATE_IN_THE_DAY = "18h"


async def texts(regulator: Any, recipient: str) -> list[str]:
    """What was written to patients, or to practitioners; oldest first."""
    written = (await regulator.get("/api/messages")).json()
    return [one["body"] for one in reversed(written) if one["recipient"] == recipient]


async def test_who_can_wait_is_promised_a_place_and_no_hour(anne, regulator, sign_in, settle, house: House) -> None:
    await publish(anne, LATE_IN_THE_DAY)
    await settle()
    request_id = await enter(regulator, can_wait=True)
    await settle()
    row = (await regulator.get(f"/api/requests/{request_id}")).json()
    assert row["state"] == "promised"
    (to_patient,) = await texts(regulator, "patient")
    assert "place assurée avant mardi 24/11 9h00" in to_patient
    assert "18h" not in to_patient
    assert await texts(regulator, "practitioner") == []
    board = (await regulator.get("/console/board")).text
    assert "Place promise avant" in board
    assert "heure dite" in board
    patient = await sign_in(None)
    page = (await patient.get(f"/p/{house.vault.token('patient', request_id)}")).text
    assert "Une place vous est assurée" in page
    assert "18" not in page.split("<main>")[1].split("urgent")[0].replace("24/11", "")


async def test_a_patient_may_give_a_promise_back_and_its_seat_is_free(
    anne, regulator, sign_in, settle, house: House
) -> None:
    slot_id = await publish(anne, LATE_IN_THE_DAY)
    await settle()
    request_id = await enter(regulator, can_wait=True)
    await settle()
    patient = await sign_in(None)
    answer = await patient.post(f"/p/{house.vault.token('patient', request_id)}/cancel")
    assert answer.json() == {"state": "withdrawn"}
    await settle()
    (slot,) = (await anne.get("/api/slots")).json()
    assert (slot["id"], slot["seats"]) == (slot_id, [])


async def test_a_territory_that_tells_the_hour_at_once_says_so(sign_in) -> None:
    elsewhere = await sign_in("reg-toulouse-ouest")
    answer = await elsewhere.post("/api/requests", json=entry(commune="31149", can_wait=True), headers=key())
    assert answer.status_code == 422
    assert "tout de suite" in errors(answer)["can_wait"]


async def test_another_place_replaces_the_first_and_everybody_hears_of_it(anne, regulator, sign_in, settle) -> None:
    await publish(anne, "15h")
    await settle()
    request_id = await enter(regulator)
    await settle()
    bruno = await sign_in("dr-bruno")
    slot_id = await publish(bruno, "17h")
    await settle()
    drawer = (await regulator.get(f"/console/requests/{request_id}")).text
    assert "Une autre place" in drawer
    assert slot_id in drawer

    asked = asyncio.create_task(regulator.post(f"/api/requests/{request_id}/place", json={"slot_id": slot_id}))
    while not asked.done():
        await asyncio.sleep(0.02)
        await settle()
    assert asked.result().json() == {"id": request_id, "state": "placed"}
    row = (await regulator.get(f"/api/requests/{request_id}")).json()
    assert (row["state"], row["practitioner"]) == ("booked", "Bruno Petit")
    assert "17h00" in (await texts(regulator, "patient"))[-1]
    (slot,) = (await anne.get("/api/slots")).json()
    assert slot["seats"] == []


async def test_a_place_taken_meanwhile_leaves_the_patient_her_own(anne, regulator, sign_in, settle) -> None:
    await publish(anne, "15h")
    await settle()
    request_id = await enter(regulator)
    await settle()
    bruno = await sign_in("dr-bruno")
    slot_id = await publish(bruno, "17h")
    await settle()
    held = {"request_id": "somebody-elses-draft", "slot_id": slot_id, "mode": "office"}
    assert (await regulator.post("/api/holds", json=held)).status_code == 200
    asked = asyncio.create_task(regulator.post(f"/api/requests/{request_id}/place", json={"slot_id": slot_id}))
    while not asked.done():
        await asyncio.sleep(0.02)
        await settle()
    assert asked.result().status_code == 409
    row = (await regulator.get(f"/api/requests/{request_id}")).json()
    assert (row["state"], row["practitioner"]) == ("booked", "Anne Martin")
