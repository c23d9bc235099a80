"""May one open time at any place one practises at, and is the patient sent to the right one?"""

import pytest

from availability import members
from availability.agenda import Practice
from services.house import House
from tests.web.conftest import GAILLAC, SignIn, enter, errors, key, publish
from tests.web.test_feeds import ADDRESS

QUAY = Practice(commune=GAILLAC, postal_code="81600", address="3 quai Neuf", lat=43.9015, lon=1.8972)


@pytest.fixture(autouse=True)
async def two_places(house: House) -> None:
    async with house.database.writing() as db:
        await members.set_practices(db, {"dr-anne": [QUAY]})


async def test_the_patient_of_a_slot_at_the_second_place_is_sent_there(
    anne, regulator, sign_in: SignIn, house, settle
) -> None:
    typed = {"place": QUAY.key, "slots": [{"start": "15h", "minutes": 20}]}
    assert (await anne.post("/api/slots", json=typed, headers=key())).status_code == 201
    assert [one["commune"] for one in (await anne.get("/api/slots")).json()] == ["Gaillac"]
    agenda = (await anne.get("/me", headers={"Accept": "text/html"})).text
    assert '<select class="input" id="place"' in agenda
    assert " · 3 quai Neuf, Gaillac" in agenda
    await settle()
    wish = {"commune": GAILLAC}
    (near,) = (await regulator.post("/api/proposals", json=wish)).json()["proposals"]
    assert (near["commune"], near["travel_minutes"] < 10) == ("Gaillac", True), "her main place is half an hour away"
    entered = await enter(regulator, commune=GAILLAC)
    await settle()
    link = f"/p/{house.vault.token('patient', entered)}"
    patient = await sign_in(None)
    for page in (f"{link}", f"{link}/rendez-vous.ics"):
        said = (await patient.get(page)).text.replace("\\,", ",")
        assert "3 quai Neuf, Gaillac" in said
        assert "1 place du Port" not in said


async def test_nobody_is_in_two_places_at_once(anne) -> None:
    await publish(anne, "15h", minutes=60)
    typed = {"place": QUAY.key, "slots": [{"start": "15h30", "minutes": 20}]}
    answer = await anne.post("/api/slots", json=typed, headers=key())
    assert answer.status_code == 409
    assert "15 h" in answer.json()["detail"].replace("\u00a0", " ")


async def test_a_week_and_an_agenda_are_of_one_place(anne, house) -> None:
    week = {"days": [0, 1, 2, 3, 4], "begins": "14h", "ends": "15h", "minutes": 30, "place": QUAY.key}
    answer = await anne.post("/api/practitioners/dr-anne/weeks", json=week, headers=key())
    assert answer.json()["opened"] > 0
    assert {one["commune"] for one in (await anne.get("/api/slots")).json()} == {"Gaillac"}
    (kept,) = (await anne.get("/api/practitioners/dr-anne/weeks")).json()
    assert kept["place"] == QUAY.key
    moved = await anne.post(f"/api/weeks/{kept['id']}", json=week | {"place": None})
    assert moved.json() == answer.json() | {"closed": answer.json()["opened"]}
    open_ = [one for one in (await anne.get("/api/slots")).json() if one["status"] == "open"]
    assert {one["commune"] for one in open_} == {"Lavaur"}
    linked = await anne.post("/api/feeds", json={"url": ADDRESS, "place": QUAY.key})
    assert linked.json()["place"] == QUAY.key
    assert "3 quai Neuf, Gaillac" in (await anne.get("/feeds", headers={"Accept": "text/html"})).text


async def test_a_place_that_is_none_of_hers_is_refused_at_the_field(anne, sign_in: SignIn) -> None:
    bruno = await sign_in("dr-bruno")
    typed = {"place": QUAY.key, "slots": [{"start": "15h", "minutes": 20}]}
    answer = await bruno.post("/api/slots", json=typed, headers=key())
    assert answer.status_code == 422
    assert "rechargez" in errors(answer)["place"]
    assert 'id="place"' not in (await bruno.get("/me", headers={"Accept": "text/html"})).text
