"""Is a seat kept while the regulator talks, even with no bus, and does only one of two get it?"""

import asyncio

import pytest

from tests.web.conftest import LAVAUR, SignIn, enter, publish

DRAFT, OTHER_DRAFT = "draft-0123456789-a", "draft-0123456789-b"


async def test_proposals_name_the_best_slots_with_their_reasons(anne, regulator, settle) -> None:
    slot_id = await publish(anne, modes=["office"])
    await publish(anne, "16h", name="later")
    await settle()
    answer = (await regulator.post("/api/proposals", json={"commune": LAVAUR, "hours": 24})).json()
    first = answer["proposals"][0]
    assert (first["slot_id"], first["practitioner"], first["commune"]) == (slot_id, "Anne Martin", "Lavaur")
    assert first["mode"] == "office"
    assert first["reasons"]
    assert answer["nobody"] == []


async def test_no_proposal_comes_with_the_counted_reasons(anne, regulator, settle) -> None:
    await publish(anne, "demain 15h")
    await settle()
    answer = (await regulator.post("/api/proposals", json={"commune": LAVAUR, "hours": 6})).json()
    assert answer["proposals"] == []
    assert answer["counts"]
    assert answer["nobody"]


async def test_a_wrong_need_is_refused_by_the_proposals_as_by_the_entry(regulator) -> None:
    answer = await regulator.post("/api/proposals", json={"commune": "Atlantide", "hours": 500})
    assert answer.status_code == 422


async def test_a_seat_is_held_lost_to_a_second_one_and_given_back(
    anne, regulator, sign_in: SignIn, settle, house
) -> None:
    assert not house.facts.connected
    slot_id = await publish(anne)
    held = await regulator.post("/api/holds", json={"request_id": DRAFT, "slot_id": slot_id, "mode": "office"})
    assert held.status_code == 200
    assert held.json()["state"] == "held"
    assert held.json()["start"] == "2026-11-23T14:00:00+00:00"
    english = await sign_in("coord-tarn-ouest", "en")
    lost = await english.post("/api/holds", json={"request_id": OTHER_DRAFT, "slot_id": slot_id})
    assert lost.status_code == 409
    assert lost.json()["detail"] == "This slot has just been taken: choose one of the next."
    released = await regulator.post("/api/holds/release", json={"request_id": DRAFT})
    assert released.json() == {"state": "released"}
    assert (await english.post("/api/holds", json={"request_id": OTHER_DRAFT, "slot_id": slot_id})).status_code == 200


async def test_eight_people_race_for_five_seats_and_five_win(anne, regulator) -> None:
    slot_id = await publish(anne, minutes=60, capacity=5)
    drafts = [f"racing-draft-number-{number}" for number in range(8)]
    answers = await asyncio.gather(
        *(regulator.post("/api/holds", json={"request_id": draft, "slot_id": slot_id}) for draft in drafts)
    )
    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [409] * 3


async def test_the_held_seat_is_the_one_that_is_booked(anne, regulator, sign_in: SignIn, settle) -> None:
    await publish(await sign_in("dr-bruno"), "14h", name="bruno")
    slot_id = await publish(anne, "18h")
    await settle()
    await regulator.post("/api/holds", json={"request_id": DRAFT, "slot_id": slot_id})
    await settle()
    await enter(regulator, request_id=DRAFT, slot_id=slot_id)
    await settle()
    request = (await regulator.get(f"/api/requests/{DRAFT}")).json()
    assert (request["state"], request["slot_id"], request["practitioner"]) == ("booked", slot_id, "Anne Martin")


@pytest.mark.parametrize("slot_id", ["nowhere", "0" * 32])
async def test_an_unknown_slot_is_not_held(regulator, slot_id) -> None:
    answer = await regulator.post("/api/holds", json={"request_id": DRAFT, "slot_id": slot_id})
    assert answer.status_code == 404
    assert answer.json()["type"] == "urn:relais:problem:unknown_slot"


async def test_a_slot_far_from_the_best_wants_a_reason_which_is_kept(anne, regulator, sign_in: SignIn, settle) -> None:
    await publish(anne, "11h")
    bruno = await sign_in("dr-bruno")
    far = await publish(bruno, "18h")
    await settle()
    wish = {"commune": LAVAUR, "hours": 24}
    offered = (await regulator.post("/api/proposals", json=wish)).json()["proposals"]
    assert [one["near_best"] for one in offered] == [True, False]
    assert offered[1]["loses"] == 7 * 60
    asked = {"request_id": DRAFT, "slot_id": far, "wish": wish}
    refused = await regulator.post("/api/holds", json=asked)
    assert refused.status_code == 409
    assert "420 minutes" in refused.json()["detail"]
    assert (await regulator.post("/api/holds", json=asked | {"why": "patient_prefers"})).status_code == 200
    request_id = await enter(regulator, request_id=DRAFT, slot_id=far, why="patient_prefers", hours=24)
    await settle()
    row = (await regulator.get(f"/api/requests/{request_id}")).json()
    assert row["reasons"][:2] == ["choisi avec le patient", "préférence du patient"]
