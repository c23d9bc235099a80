"""Can a practitioner publish, look at and take back her slots, and is a wrong one refused with nothing half done?"""

from datetime import datetime, timedelta
from typing import Any

import pytest

from availability import store
from services.house import House
from tests.web.conftest import MONDAY, SignIn, enter, errors, key, publish


async def agenda_of(house: House, practitioner: str = "dr-anne") -> list[Any]:
    async with house.database.read() as db:
        return await store.agenda(db, practitioner, MONDAY, datetime.fromisoformat("2027-12-31T00:00Z"))


async def test_several_slots_are_published_at_once(anne, house) -> None:
    typed = {
        "slots": [
            {"start": "demain 9h", "minutes": 60, "capacity": 4, "modes": ["office", "teleconsultation"]},
            {"start": "2026-11-24T14:00:00+01:00", "minutes": 15},
        ]
    }
    answer = await anne.post("/api/slots", json=typed, headers=key())
    assert answer.status_code == 201
    first, second = answer.json()["slots"]
    assert (first["start"], first["capacity"]) == ("2026-11-24T08:00:00+00:00", 4)
    assert (second["start"], second["modes"]) == ("2026-11-24T13:00:00+00:00", ["office"])
    again = await anne.post("/api/slots", json=typed, headers=key())
    assert again.json() == answer.json()
    assert len(await agenda_of(house)) == 2


OVERLAP = [("fr", "demain à 9", "annulez l'autre"), ("en", "24 November 2026 at 09:00", "cancel the other")]


@pytest.mark.parametrize(("language", "when", "act"), OVERLAP)
async def test_overlapping_slots_of_one_practitioner_are_refused(sign_in: SignIn, house, language, when, act) -> None:
    anne = await sign_in("dr-anne", language)
    await publish(anne, "demain 9h", minutes=60)
    typed = {"slots": [{"start": "demain 8h", "minutes": 15}, {"start": "demain 9h30", "minutes": 15}]}
    answer = await anne.post("/api/slots", json=typed, headers=key("other"))
    assert answer.status_code == 409
    said = answer.json()["detail"].replace("\u00a0", " ")
    assert when in said
    assert "60 min" in said
    assert act in said
    assert len(await agenda_of(house)) == 1
    # The times are free for anybody else.
    await publish(await sign_in("dr-bruno"), "demain 9h", name="bruno")


WRONG = [
    ("slots.0.capacity", {"capacity": 0}, "entre 1 et 50", "between 1 and 50"),
    ("slots.0.capacity", {"capacity": 1000}, "entre 1 et 50", "between 1 and 50"),
    ("slots.0.minutes", {"minutes": 0}, "entre 5 et 480", "between 5 and 480"),
    ("slots.0.minutes", {"minutes": None}, "obligatoire", "required"),
    ("slots.0", {"minutes": 30, "capacity": 7}, "5 minutes à chaque", "at least 5 minutes"),
    ("slots.0.modes.0", {"modes": ["pigeon"]}, "au moins un mode", "at least one mode"),
    ("slots.0.start", {"start": "hier 9h"}, "Écrivez", "not understood"),
    ("slots.0.start", {"start": "31/02 9h"}, "n'existe pas", "does not exist"),
    ("slots.0.start", {"start": "2026-11-23T08:00:00+01:00"}, "déjà passé", "has passed"),
]


@pytest.mark.parametrize(("field", "typed", "french", "english"), WRONG)
async def test_a_wrong_slot_is_named_in_ones_own_language(
    sign_in: SignIn, house, field, typed, french, english
) -> None:
    for language, words in (("fr", french), ("en", english)):
        anne = await sign_in("dr-anne", language)
        slot = {"start": "demain 9h", "minutes": 20} | typed
        body = {"slots": [slot, {"start": "demain 15h", "minutes": 20}]}
        answer = await anne.post("/api/slots", json=body, headers=key())
        assert answer.status_code == 422, answer.text
        said = errors(answer)
        assert set(said) == {field}
        assert words in said[field]
    assert await agenda_of(house) == []


async def test_a_slot_in_a_year_is_a_slip_of_the_pen(anne) -> None:
    answer = await anne.post(
        "/api/slots", json={"slots": [{"start": "2027-10-01T09:00", "minutes": 20}]}, headers=key()
    )
    assert answer.status_code == 422
    assert "jours qui viennent" in answer.json()["detail"]


async def test_a_delegate_publishes_in_the_name_of_those_she_serves(sign_in: SignIn, house) -> None:
    delegate = await sign_in("sec-tarn-ouest")
    await publish(delegate, "demain 9h")
    assert [slot.practitioner_id for slot in await agenda_of(house)] == ["dr-anne"]
    slot = {"start": "demain 9h", "minutes": 20}
    answer = await delegate.post(
        "/api/slots", json={"practitioner_id": "dr-bruno", "slots": [slot]}, headers=key("bruno")
    )
    assert answer.status_code == 404
    assert await agenda_of(house, "dr-bruno") == []


async def test_a_practitioner_sees_who_is_coming(anne, regulator, settle) -> None:
    slot_id = await publish(anne)
    await settle()
    request_id = await enter(regulator, reason="Fièvre")
    await settle()
    (slot,) = (await anne.get("/api/slots")).json()
    assert slot["id"] == slot_id
    (seat,) = slot["seats"]
    assert (seat["request_id"], seat["kind"]) == (request_id, "booking")
    assert seat["patient"] == {
        "name": "Delmas Rose",
        "phone": "06 39 98 12 34",
        "note": "Fièvre",
        "state": "booked",
    }


async def test_a_slot_taken_back_sends_its_patient_back_to_seeking(anne, regulator, settle) -> None:
    slot_id = await publish(anne)
    await settle()
    request_id = await enter(regulator)
    await settle()
    assert (await anne.post(f"/api/slots/{slot_id}/cancel")).status_code == 200
    await settle()
    assert (await regulator.get(f"/api/requests/{request_id}")).json()["state"] == "seeking"
    again = await anne.post(f"/api/slots/{slot_id}/cancel")
    assert again.status_code == 409
    assert again.json()["title"] == "Créneau déjà annulé"


async def test_a_practitioner_says_that_the_patient_did_not_come_once_the_visit_has_begun(
    anne, regulator, settle, house
) -> None:
    await publish(anne, "10h")
    await settle()
    request_id = await enter(regulator)
    await settle()
    early = await anne.post(f"/api/requests/{request_id}/close", json={"outcome": "no_show"})
    assert early.json()["type"] == "urn:relais:problem:not_begun"
    house.clock._start += timedelta(hours=2)
    assert (await anne.post(f"/api/requests/{request_id}/close", json={"outcome": "unmet"})).status_code == 403
    late = await anne.post(f"/api/requests/{request_id}/close", json={"outcome": "no_show"})
    assert late.json() == {"id": request_id, "state": "no_show"}
