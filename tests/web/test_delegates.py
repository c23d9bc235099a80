"""Does a secretariat act for whom it serves, no longer than that, and is it said who did it for whom?"""

from datetime import timedelta

from sqlalchemy import select

from schemas.values import Actor
from services.house import House
from services.storage.ledger import AUDIT
from tests.web.conftest import SignIn, enter, key, publish
from tests.web.test_weeks import repeat

HTML = {"Accept": "text/html"}
SECRETARY = "sec-tarn-ouest"


async def actors(house: House, subject: str) -> list[Actor]:
    async with house.database.read() as db:
        rows = await db.execute(select(AUDIT.c.actor).where(AUDIT.c.subject == subject).order_by(AUDIT.c.seq))
    return [Actor.model_validate_json(row.actor) for row in rows]


async def test_every_act_says_who_did_it_and_for_whom(sign_in: SignIn, house, anne, regulator, settle) -> None:
    secretary = await sign_in(SECRETARY)
    slot_id = await publish(secretary, "11h")
    await repeat(secretary)
    await secretary.post("/api/practitioners/dr-anne/pause", json={"pause": "tonight"})
    await secretary.post("/api/practitioners/dr-anne/terms", json={"offers": True})
    await settle()
    request_id = await enter(regulator)
    await settle()
    house.clock._start += timedelta(hours=3)
    await secretary.post(f"/api/requests/{request_id}/close", json={"outcome": "fulfilled"})
    await secretary.post(f"/api/slots/{slot_id}/cancel")
    for subject in (
        "slot.opened.v1",
        "pattern.set.v1",
        "practitioner.described.v1",
        "request.closed.v1",
        "slot.closed.v1",
    ):
        last = (await actors(house, subject))[-1]
        assert (last.person, last.on_behalf_of) == (SECRETARY, "dr-anne"), subject


async def test_people_see_who_opened_a_slot(sign_in: SignIn, anne) -> None:
    await publish(await sign_in(SECRETARY), "11h")
    await publish(anne, "12h", name="own")
    page = (await anne.get("/me", headers=HTML)).text
    assert page.count("ouvert par le secrétariat") == 1


async def test_a_practitioner_entrusts_and_takes_back_and_nobody_else_does(sign_in: SignIn, house) -> None:
    bruno, secretary = await sign_in("dr-bruno"), await sign_in(SECRETARY)
    door = "/api/practitioners/dr-bruno/delegates"
    (one,) = (await bruno.get(door)).json()
    assert (one["id"], one["acts"]) == (SECRETARY, False)
    assert (await repeat(secretary, "before", who="dr-bruno")).status_code == 404
    assert (await secretary.post(door, json={"delegate_id": SECRETARY, "acts": True})).status_code == 403
    assert (await bruno.post(door, json={"delegate_id": "sec-volvestre", "acts": True})).status_code == 404

    (one,) = (await bruno.post(door, json={"delegate_id": SECRETARY, "acts": True})).json()
    assert one["acts"] is True
    assert (await repeat(secretary, "during", who="dr-bruno")).status_code == 201
    slot = {"start": "demain 18h", "minutes": 20}
    both = await secretary.post("/api/slots", json={"slots": [slot]}, headers=key("which"))
    assert both.json()["type"] == "urn:relais:problem:which_practitioner"

    await bruno.post(door, json={"delegate_id": SECRETARY, "acts": False})
    assert (await repeat(secretary, "after", who="dr-bruno")).status_code == 404
    said = (await actors(house, "delegation.set.v1"))[-2:]
    assert [one.person for one in said] == ["dr-bruno", "dr-bruno"]
    await publish(secretary, "demain 19h")  # for Dr Anne, as before


async def test_the_receipts_of_a_month_are_there_to_print_without_a_patients_name(
    anne, regulator, settle, house, sign_in: SignIn
) -> None:
    await publish(anne, "10h")
    await settle()
    request_id = await enter(regulator)
    await settle()
    house.clock._start += timedelta(hours=2)
    page = (await anne.get("/me/history", headers=HTML)).text
    assert request_id in page
    assert "Camille R., régulation" in page
    assert "Delmas" not in page
    assert request_id not in (await anne.get("/me/history", params={"back": 1}, headers=HTML)).text
    stranger = await (await sign_in("dr-bruno")).get("/me/history", params={"for": "dr-anne"}, headers=HTML)
    assert stranger.status_code == 404
