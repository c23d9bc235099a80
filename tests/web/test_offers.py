"""Can a practitioner say what she allows, answer when asked, and does the regulator see and telephone?"""

import pytest

from availability import store as agendas
from availability.agenda import NewPractitioner
from tests.web.conftest import LAVAUR, OTHER, OWN, SignIn, enter, errors, publish, register

WILLING = {"offers": True, "extra": True}


async def allow(browser, who="dr-anne", **terms):
    answer = await browser.post(f"/api/practitioners/{who}/terms", json=WILLING | terms)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture
async def asked(anne, regulator, settle):
    """Anne agreed to be asked; a patient of Lavaur finds no seat. (request, offer)."""
    await allow(anne)
    await settle()
    request_id = await enter(regulator)
    await settle()
    (offer,) = (await anne.get("/api/offers")).json()
    return request_id, offer


# --- terms ------------------------------------------------------------------------------------------------


async def test_a_practitioner_says_what_she_allows_in_her_own_words(anne) -> None:
    away = {"since": "30/11 8h", "until": "1/12 20h"}
    said = await allow(anne, per_day=4, paused_until="demain 8h", absences=[away])
    assert said["offers"] is True
    assert (said["per_day"], said["per_week"], said["neighbours"]) == (4, None, False)
    assert said["paused_until"] == "2026-11-24T07:00:00+00:00"
    assert said["absences"] == [{"since": "2026-11-30T07:00:00+00:00", "until": "2026-12-01T19:00:00+00:00"}]
    assert (await anne.get("/api/practitioners/dr-anne/terms")).json() == said


async def test_what_cannot_be_read_is_said_at_its_field(anne) -> None:
    body = WILLING | {"paused_until": "un jour", "absences": [{"since": "mardi 8h", "until": "lundi 8h"}], "per_day": 0}
    assert set(errors(await anne.post("/api/practitioners/dr-anne/terms", json=body))) == {"per_day"}
    body["per_day"] = 1
    assert set(errors(await anne.post("/api/practitioners/dr-anne/terms", json=body))) == {"paused_until"}


async def test_the_coordinator_takes_away_and_never_gives(anne, sign_in: SignIn) -> None:
    coordinator = await sign_in(f"coord-{OWN}")
    url = "/api/practitioners/dr-anne/terms"
    refused = await coordinator.post(url, json=WILLING)
    assert (refused.status_code, refused.json()["title"]) == (403, "Au praticien d'en décider")
    await allow(anne)
    assert (await coordinator.post(url, json={"per_week": 20})).json()["offers"] is False


async def test_the_secretary_decides_for_whom_she_serves_alone(sign_in: SignIn) -> None:
    secretary = await sign_in(f"sec-{OWN}")
    await allow(secretary, "dr-anne")
    assert (await secretary.post("/api/practitioners/dr-bruno/terms", json=WILLING)).status_code == 404


async def test_nobody_of_another_territory_may(sign_in: SignIn) -> None:
    stranger = await sign_in(f"coord-{OTHER}")
    assert (await stranger.get("/api/practitioners/dr-anne/terms")).status_code == 404


# --- being asked --------------------------------------------------------------------------------------------


async def test_of_the_patient_one_sees_what_a_slot_shows(asked, anne) -> None:
    _, offer = asked
    assert (offer["commune"], offer["hours"], offer["mode"]) == ("Lavaur", 24, "office")
    text = (await anne.get("/me")).text
    assert "un patient de plus" in text
    for hidden in ("Delmas", "06 39"):
        assert hidden not in text


async def test_saying_yes_gives_her_the_patient_and_her_agenda_the_time(asked, anne, regulator, settle) -> None:
    request_id, offer = asked
    answer = await anne.post(f"/api/offers/{offer['id']}/accept", json={})
    assert answer.json() == {"id": offer["id"], "outcome": "accepted", "start": offer["start"]}
    await settle()
    row = (await regulator.get(f"/api/requests/{request_id}")).json()
    assert (row["state"], row["practitioner_id"], row["start"]) == ("booked", "dr-anne", offer["start"])
    assert "Delmas" in (await anne.get("/me")).text
    assert (await anne.post(f"/api/offers/{offer['id']}/accept", json={})).json()["outcome"] == "accepted"


async def test_another_time_is_written_in_words(asked, anne, regulator, settle) -> None:
    request_id, offer = asked
    await anne.post(f"/api/offers/{offer['id']}/accept", json={"start": "demain 8h30"})
    await settle()
    assert (await regulator.get(f"/api/requests/{request_id}")).json()["start"] == "2026-11-24T07:30:00+00:00"


@pytest.mark.parametrize(
    ("start", "status", "title"),
    [
        ("après-demain 8h", 422, "Trop tard pour ce patient"),
        ("15h10", 409, "Agenda déjà pris à cette heure"),
        ("bientôt", 422, "Saisie à corriger"),
    ],
)
async def test_a_time_that_cannot_be_is_refused_in_words_of_action(asked, anne, start, status, title) -> None:
    await publish(anne, "15h")
    answer = await anne.post(f"/api/offers/{asked[1]['id']}/accept", json={"start": start})
    assert (answer.status_code, answer.json()["title"]) == (status, title)


async def test_a_cap_is_not_passed_by_accepting(asked, anne, settle) -> None:
    await allow(anne, paused_until="demain 23h")
    answer = await anne.post(f"/api/offers/{asked[1]['id']}/accept", json={})
    assert (answer.status_code, answer.json()["title"]) == (409, "Praticien en pause")


async def test_saying_no_costs_nothing_and_another_may_not_answer(asked, anne, sign_in: SignIn) -> None:
    bruno = await sign_in("dr-bruno")
    url = f"/api/offers/{asked[1]['id']}"
    assert (await bruno.post(f"{url}/accept", json={})).status_code == 404
    assert (await bruno.post(f"{url}/decline")).status_code == 404
    assert (await anne.post(f"{url}/decline")).json()["outcome"] == "declined"
    assert (await anne.get("/api/offers")).json() == []


async def test_a_late_yes_is_answered_kindly(asked, anne, regulator, settle) -> None:
    request_id, offer = asked
    await regulator.post(f"/api/requests/{request_id}/withdraw")
    await settle()
    answer = await anne.post(f"/me/offers/{offer['id']}/accept", data={"start": ""}, follow_redirects=True)
    assert "Merci d’avoir répondu oui" in answer.text


async def test_answers_by_plain_forms(asked, anne) -> None:
    answer = await anne.post(f"/me/offers/{asked[1]['id']}/accept", data={"start": "bientôt"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/me?said=invalid")
    answer = await anne.post(f"/me/offers/{asked[1]['id']}/decline", follow_redirects=True)
    assert "merci d’avoir répondu" in answer.text
    assert "un patient de plus ?" not in answer.text


async def test_terms_by_a_plain_form_keep_what_it_does_not_show(anne) -> None:
    absences = [
        {"since": "30/11 8h", "until": "1/12 20h"},
        {"since": "15/12 8h", "until": "20/12 20h"},
    ]
    await allow(anne, absences=absences)
    form = {"offers": "on", "per_day": "3", "away_since": "30/11 9h", "away_until": "1/12 20h"}
    answer = await anne.post("/me/terms", data=form, follow_redirects=True)
    assert "C’est noté" in answer.text
    said = (await anne.get("/api/practitioners/dr-anne/terms")).json()
    assert (said["offers"], said["extra"], said["per_day"], said["per_week"]) == (True, False, 3, None)
    assert [one["since"] for one in said["absences"]] == ["2026-11-30T08:00:00+00:00", "2026-12-15T07:00:00+00:00"]


# --- what the regulator sees ----------------------------------------------------------------------------------


async def test_the_regulator_sees_who_was_asked_and_what_was_said(asked, anne, regulator, sign_in, settle) -> None:
    request_id, offer = asked
    await allow(await sign_in("dr-bruno"), "dr-bruno", offers=False)
    await settle()
    page = (await regulator.get(f"/console/requests/{request_id}")).text
    for words in (
        "Demandé à des praticiens",
        "Anne Martin",
        "pas encore de réponse",
        "Relais demande à des praticiens",
    ):
        assert words in page
    seen = (await regulator.get(f"/api/requests/{request_id}/asked")).json()
    assert seen["rounds"][0]["people"][0]["name"] == "Anne Martin"
    assert seen["left_out"] == ["1 n’a pas accepté d’être sollicité"]
    await anne.post(f"/api/offers/{offer['id']}/decline")
    assert ">non<" in (await regulator.get(f"/console/requests/{request_id}")).text.replace("</svg>non<", ">non<")


async def test_whom_to_phone_with_the_number_which_nobody_else_sees(sign_in: SignIn, regulator, settle, house) -> None:
    coordinator = await sign_in(f"coord-{OWN}")
    member = {
        "id": "dr-rose",
        "name": "Rose Fontmerle",
        "profession": "10",
        "commune": LAVAUR,
        "lat": 43.7,
        "lon": 1.82,
    }
    member |= {"phone": "06 39 98 77 77", "terms": {"offers": False, "extra": True}}
    assert (await coordinator.post("/api/practitioners", json={"practitioners": [member]})).status_code == 200
    await settle()
    async with house.database.read() as db:
        row = await agendas.practitioner(db, "dr-rose")
    assert row is not None
    assert row.phone is not None
    assert row.phone.subject == "practitioner:dr-rose"
    request_id = await enter(regulator)
    await settle()
    seen = (await regulator.get(f"/api/requests/{request_id}/asked")).json()
    assert seen["extra"] == [
        {"practitioner_id": "dr-rose", "name": "Rose Fontmerle", "km": 0.0, "number": "06 39 98 77 77"}
    ]
    assert "06\u00a039\u00a098\u00a077\u00a077" in (await regulator.get(f"/console/requests/{request_id}")).text
    agreed = await regulator.post(
        f"/api/requests/{request_id}/agree", json={"practitioner_id": "dr-rose", "start": "17h30"}
    )
    assert agreed.status_code == 200, agreed.text
    await settle()
    row = (await regulator.get(f"/api/requests/{request_id}")).json()
    assert (row["state"], row["practitioner_id"], row["start"]) == ("booked", "dr-rose", "2026-11-23T16:30:00+00:00")


async def test_who_did_not_agree_cannot_be_written_down(asked, regulator) -> None:
    body = {"practitioner_id": "dr-bruno", "start": "17h30"}
    answer = await regulator.post(f"/api/requests/{asked[0]}/agree", json=body)
    assert (answer.status_code, answer.json()["title"]) == (403, "Ne souhaite pas être appelé")


async def test_a_number_that_is_none_is_said_at_its_field(sign_in: SignIn) -> None:
    coordinator = await sign_in(f"coord-{OWN}")
    member = {"id": "dr-rose", "name": "Rose Fontmerle", "profession": "10", "commune": LAVAUR, "phone": "12"}
    answer = await coordinator.post("/api/practitioners", json={"practitioners": [member]})
    assert set(errors(answer)) == {"practitioners.0.phone"}


async def test_neighbours_who_agreed_are_asked_and_see_their_patient(sign_in: SignIn, regulator, settle, house) -> None:
    near = NewPractitioner(id="dr-near", name="Nora Proche", profession="10", commune="31149", lat=43.70, lon=1.80)
    await register(house, OTHER, near)
    neighbour = await sign_in("dr-near")
    await allow(neighbour, "dr-near", neighbours=True)
    await settle()
    request_id = await enter(regulator)
    await settle()
    (offer,) = (await neighbour.get("/api/offers")).json()
    await neighbour.post(f"/api/offers/{offer['id']}/accept", json={})
    await settle()
    row = (await regulator.get(f"/api/requests/{request_id}")).json()
    assert (row["state"], row["practitioner"]) == ("booked", "Nora Proche")
    assert "Delmas" in (await neighbour.get("/me")).text
    assert (await neighbour.get(f"/api/requests/{request_id}")).json()["patient"]["name"] == "Delmas Rose"


# --- the ledger -------------------------------------------------------------------------------------------------


async def test_each_sees_the_own_week_and_the_coordinator_everybodys(asked, anne, sign_in: SignIn, settle) -> None:
    request_id, offer = asked
    await anne.post(f"/api/offers/{offer['id']}/accept", json={})
    await settle()
    own = (await anne.get("/api/ledger")).json()
    (line,) = own["practitioners"]
    assert (line["offers"]["asked"], line["offers"]["yes"], line["visits"], line["counted"]) == (1, 1, 1, 1)
    (receipt,) = own["receipts"]
    assert receipt["request_id"] == request_id
    assert receipt["regulated_by"] == "Camille R., régulation"
    assert (receipt["within_48h"], receipt["counted"]) == (True, True)
    assert "Delmas" not in str(own)
    coordinator = await sign_in(f"coord-{OWN}")
    names = [one["name"] for one in (await coordinator.get("/api/ledger")).json()["practitioners"]]
    assert names == ["Anne Martin", "Bruno Petit"]
    page = (await coordinator.get("/coordination")).text
    assert "La semaine de chacun" in page
    assert "Camille R., régulation" in page
    assert "Bruno Petit" not in page
    bruno = await sign_in("dr-bruno")
    assert (await bruno.get("/api/ledger")).json()["receipts"] == []
    assert "Ma semaine" in (await anne.get("/me")).text
