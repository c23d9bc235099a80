"""What can be done with the link of the SMS, and with one that is not, or no longer, right?"""

import re
from datetime import timedelta

import httpx
import pytest

from services.house import House
from services.web.patient import MISSES, Misses
from tests.web.conftest import SignIn, enter, publish

HTML = {"Accept": "text/html,application/xhtml+xml"}


@pytest.fixture
async def request_id(anne, regulator, settle) -> str:
    """A request that has found its place at three in the afternoon."""
    await publish(anne)
    await settle()
    entered = await enter(regulator, reason="Fièvre", note="secret-note")
    await settle()
    return entered


@pytest.fixture
async def patient(sign_in: SignIn) -> httpx.AsyncClient:
    return await sign_in(None)


@pytest.fixture
def link(house: House, request_id: str) -> str:
    return f"/p/{house.vault.token('patient', request_id)}"


async def state_of(regulator: httpx.AsyncClient, request_id: str) -> str:
    state: str = (await regulator.get(f"/api/requests/{request_id}")).json()["state"]
    return state


async def test_the_link_is_the_one_in_the_message(regulator, link, request_id) -> None:
    written = (await regulator.get("/api/messages")).json()
    to_patient = [one for one in written if one["kind"] == "booked"]
    assert [one["request_id"] for one in to_patient] == [request_id]
    assert link in to_patient[0]["body"]
    assert "Fièvre" not in to_patient[0]["body"]


async def test_a_patient_confirms_by_post_and_twice_is_once(patient, regulator, link, request_id) -> None:
    for _ in range(2):
        answer = await patient.post(f"{link}/confirm")
        assert (answer.status_code, answer.json()) == (200, {"state": "confirmed"})
    assert await state_of(regulator, request_id) == "confirmed"


async def test_a_form_without_script_is_led_back_to_the_page(patient, regulator, link, request_id) -> None:
    answer = await patient.post(f"{link}/confirm", headers=HTML)
    assert (answer.status_code, answer.headers["location"]) == (303, link)
    assert await state_of(regulator, request_id) == "confirmed"


async def test_looking_never_acts(patient, regulator, link, request_id) -> None:
    for path in (link, f"{link}?act=cancel", f"{link}/confirm", f"{link}/cancel", f"{link}/rendez-vous.ics"):
        await patient.get(path, headers=HTML)
        await patient.head(path)
    assert await state_of(regulator, request_id) == "booked"


@pytest.mark.parametrize(
    ("language", "words"),
    [("fr", "Si vous avez encore besoin de soins, appelez"), ("en", "If you still need care, call")],
)
async def test_a_cancelled_link_clicked_again_says_what_to_do(
    sign_in: SignIn, regulator, link, request_id, house, language, words
) -> None:
    patient = await sign_in(None, language)
    assert (await patient.post(f"{link}/cancel")).json() == {"state": "withdrawn"}
    for act in ("cancel", "confirm"):
        again = await patient.post(f"{link}/{act}")
        assert again.status_code == 409
        assert words in again.json()["detail"]
        assert house.territories["tarn-ouest"].phone in again.json()["detail"]
        form = await patient.post(f"{link}/{act}", headers=HTML)
        assert (form.status_code, form.headers["location"]) == (303, f"{link}?refused=link_closed")
    assert await state_of(regulator, request_id) == "withdrawn"
    assert (await patient.get(f"{link}/rendez-vous.ics")).status_code == 409


async def test_a_cancelled_seat_is_free_for_the_next_one(patient, regulator, link, settle) -> None:
    await patient.post(f"{link}/cancel")
    await settle()
    other = await enter(regulator, name="next")
    await settle()
    assert await state_of(regulator, other) == "booked"


async def test_a_yes_to_an_appointment_that_has_moved_is_no_yes_to_the_new_one(
    anne, sign_in: SignIn, patient, regulator, link, request_id, settle
) -> None:
    (slot,) = (await anne.get("/api/slots")).json()
    await publish(await sign_in("dr-bruno"), "17h", name="bruno")
    await settle()
    await anne.post(f"/api/slots/{slot['id']}/cancel")
    await settle()
    assert await state_of(regulator, request_id) == "booked"
    answer = await patient.post(f"{link}/confirm", params={"slot": slot["id"]})
    assert answer.json()["type"] == "urn:relais:problem:link_moved"
    assert await state_of(regulator, request_id) == "booked"


async def test_while_a_new_place_is_sought_one_may_still_say_that_none_is_needed(
    anne, patient, regulator, link, request_id, settle
) -> None:
    (slot,) = (await anne.get("/api/slots")).json()
    await anne.post(f"/api/slots/{slot['id']}/cancel")
    await settle()
    assert (await patient.post(f"{link}/confirm")).json()["type"] == "urn:relais:problem:link_moved"
    assert (await patient.post(f"{link}/cancel")).json() == {"state": "withdrawn"}
    assert await state_of(regulator, request_id) == "withdrawn"


async def test_a_link_expires(patient, link, house) -> None:
    house.clock._start += timedelta(days=60)
    answer = await patient.post(f"{link}/confirm")
    assert answer.status_code == 410
    assert house.territories["tarn-ouest"].phone in answer.json()["detail"]


@pytest.mark.parametrize("token", ["234567abcdef", "%2F%2Fevil.example", "..%5C%0d%0aSet-Cookie:a=b"])
async def test_a_form_sent_to_a_link_that_is_none_leads_to_the_page_that_says_so(patient, token) -> None:
    answer = await patient.post(f"/p/{token}/confirm", headers=HTML)
    if answer.status_code == 404:  # a slash in it makes another address
        return
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/p/")
    assert "set-cookie" not in answer.headers


async def test_the_calendar_file_says_when_and_where_and_nothing_of_health(patient, link) -> None:
    answer = await patient.get(f"{link}/rendez-vous.ics")
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    lines = answer.text.replace("\r\n ", "").split("\r\n")
    assert "DTSTART:20261123T140000Z" in lines
    assert "DTEND:20261123T142000Z" in lines
    assert "SUMMARY:Rendez-vous" in lines
    assert "LOCATION:1 place du Port\\, Lavaur" in lines
    assert not re.search("fièvre|secret|médecin|martin|delmas", answer.text, re.IGNORECASE)
    assert (await patient.get(f"{link}/rendez-vous.ics")).text.split("UID:")[1][:32] in answer.text


async def test_whoever_tries_links_that_are_none_must_wait(patient, link, regulator, request_id) -> None:
    for number in range(MISSES):
        answer = await patient.post(f"/p/guess{number:07}/confirm")
        assert answer.status_code == 404
    answer = await patient.post(f"{link}/confirm")
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "60"
    assert await state_of(regulator, request_id) == "booked"


def test_misses_are_forgotten_after_a_minute_and_counted_per_network() -> None:
    misses = Misses()
    for second in range(MISSES):
        assert not misses.too_many("2001:db8::1", second)
        misses.note("2001:db8::1", second)
    assert misses.too_many("2001:db8::beef", MISSES)
    assert not misses.too_many("2001:db8:0:1::1", MISSES)
    assert not misses.too_many("192.0.2.1", MISSES)
    assert not misses.too_many("2001:db8::1", MISSES + 60)
