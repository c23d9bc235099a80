"""Is what a regulator types understood, or refused in words that say what to do, with nothing half done?"""

import json
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from dispatcher import store
from services.house import House
from services.reference.territories import load_territories
from services.storage.ledger import Outbox
from services.web.entry import phone_of
from services.web.problems import Problem
from tests.web.conftest import MONDAY, OWN, SignIn, enter, entry, errors, key

TARN = load_territories()[OWN]


async def facts_said(house: House) -> int:
    table = getattr(Outbox, "__table__")  # noqa: B009
    async with house.database.read() as db:
        return int((await db.execute(select(func.count()).select_from(table))).scalar_one())


async def test_a_request_is_entered_and_searched_for_while_there_is_no_bus_at_all(regulator, house) -> None:
    assert not house.facts.connected
    answer = await regulator.post("/api/requests", json=entry(hours=6), headers=key())
    assert answer.status_code == 201
    said = answer.json()
    assert said["state"] == "seeking"
    assert said["board"] == "/console"
    deadline = datetime.fromisoformat(said["deadline"])
    assert timedelta(hours=6) <= deadline - MONDAY < timedelta(hours=6, minutes=5)
    assert await facts_said(house) == 1
    async with house.database.read() as db:
        row = await store.request(db, said["id"])
    assert row is not None
    assert (row.territory, row.entered_by) == (OWN, "reg-tarn-ouest")
    assert row.need.hours == 6


async def test_what_is_personal_rests_sealed_and_opens_for_the_regulation(regulator, house) -> None:
    secret = {"last_name": "Zyxwvut", "reason": "Qwertz", "note": "Plokm", "address": "Njhbg"}
    request_id = await enter(regulator, birth_year=1950, **secret)
    person = (await regulator.get(f"/api/requests/{request_id}")).json()["patient"]
    assert person["name"] == "Zyxwvut Rose"
    assert person["phone"] == "06 39 98 12 34"
    assert person["note"] == "Qwertz\nPlokm"
    assert (person["address"], person["birth_year"]) == ("Njhbg", "1950")
    files = [path.read_bytes() for path in house.settings.data_dir.rglob("*") if path.is_file()]
    for word in ("Zyxwvut", "Qwertz", "Plokm", "Njhbg", "39981234"):
        assert not any(word.encode() in content for content in files), word


async def test_the_same_key_and_words_answer_the_same_and_do_nothing_twice(regulator, house) -> None:
    first = await regulator.post("/api/requests", json=entry(), headers=key())
    again = await regulator.post("/api/requests", json=dict(reversed(entry().items())), headers=key())
    assert (again.status_code, again.json()) == (201, first.json())
    assert await facts_said(house) == 1


async def test_a_second_try_after_the_deadline_still_gets_the_first_answer(regulator, house) -> None:
    typed = entry(deadline="dans 30 min")
    first = await regulator.post("/api/requests", json=typed, headers=key())
    assert first.status_code == 201
    house.clock._start += timedelta(hours=3)  # three hours go by
    again = await regulator.post("/api/requests", json=typed, headers=key())
    assert (again.status_code, again.json()) == (201, first.json())


@pytest.mark.parametrize(
    ("language", "words"), [("fr", "nouvelle clé"), ("en", "Take a new key"), ("de,en;q=0.5", "Take a new key")]
)
async def test_the_same_key_with_other_words_is_refused(sign_in: SignIn, house, language, words) -> None:
    regulator = await sign_in("reg-tarn-ouest", language)
    await enter(regulator)
    answer = await regulator.post("/api/requests", json=entry(last_name="Autre"), headers=key("entry"))
    assert answer.status_code == 422
    assert words in answer.json()["detail"]
    assert await facts_said(house) == 1


async def test_two_people_may_use_the_same_key(sign_in: SignIn, regulator, house) -> None:
    await enter(regulator)
    await enter(await sign_in("coord-tarn-ouest"))
    assert await facts_said(house) == 2


@pytest.mark.parametrize("sent", [{}, {"Idempotency-Key": "short"}, {"Idempotency-Key": "x" * 101}])
async def test_a_key_is_asked_for(regulator, house, sent) -> None:
    answer = await regulator.post("/api/requests", json=entry(), headers=sent)
    assert answer.status_code == 422
    assert "8 à 100" in errors(answer)["Idempotency-Key"]
    assert await facts_said(house) == 0


WRONG = [
    # field, what is typed, what is said in French, what is said in English
    ("commune", {"commune": "Atlantide"}, "Commune inconnue : choisissez-la dans la liste", "Unknown commune: choose"),
    ("commune", {"commune": "99999"}, "Commune inconnue", "Unknown commune"),
    ("commune", {"commune": "Saint-Denis"}, "Plusieurs communes", "Several communes"),
    ("commune", {"commune": None}, "obligatoire", "required"),
    ("commune", {"commune": "x" * 81}, "au plus 80", "at most 80"),
    ("deadline", {"deadline": "31/02 8h"}, "n'existe pas", "not understood, or does not exist"),
    ("deadline", {"deadline": "tantôt"}, "Écrivez par exemple", "Write for instance"),
    ("deadline", {"deadline": "2026-11-22T10:00:00+01:00"}, "déjà passé", "has passed"),
    ("deadline", {"deadline": "aujourd'hui 8h"}, "passé", "has passed"),
    ("deadline", {"deadline": "dans 30 jours"}, "14 jours", "14 days"),
    ("deadline", {"deadline": "aujourd'hui 18h", "earliest": "demain 8h"}, "avant le début", "before the earliest"),
    ("earliest", {"earliest": "après-demain 18h"}, "avant le début", "before the earliest"),
    ("earliest", {"earliest": "2026-11-20T10:00Z"}, "déjà passé", "has passed"),
    ("hours", {"hours": 0}, "entre 1 et 336", "between 1 and 336"),
    ("hours", {"hours": 337}, "entre 1 et 336", "between 1 and 336"),
    ("hours", {"hours": "bientôt"}, "entre 1 et 336", "between 1 and 336"),
    ("phone", {"phone": "coucou"}, "chiffres seulement", "digits only"),
    ("phone", {"phone": "06 12"}, "n'existe pas", "does not exist"),
    ("phone", {"phone": "0899 12 34 56"}, "surtaxé", "premium-rate"),
    ("phone", {"phone": "   "}, "Écrivez le numéro", "Write the telephone number"),
    ("phone", {"phone": None}, "obligatoire", "required"),
    ("last_name", {"last_name": ""}, "obligatoire", "required"),
    ("last_name", {"last_name": "a\ud800b"}, "illisibles", "unreadable"),
    ("profession", {"profession": "99"}, "Profession inconnue", "Unknown profession"),
    ("birth_year", {"birth_year": 2030}, "entre 1901 et 2026", "between 1901 and 2026"),
    ("birth_year", {"birth_year": 1850}, "quatre chiffres", "four digits"),
    ("modes", {"modes": []}, "au moins un mode", "at least one mode"),
    ("modes.0", {"modes": ["pigeon"]}, "office (cabinet)", "office, home"),
    ("usual_practitioner", {"usual_practitioner": "dr-nobody"}, "Praticien inconnu", "No such practitioner"),
    ("usual_practitioner", {"usual_practitioner": "dr-far"}, "Praticien inconnu", "No such practitioner"),
    ("request_id", {"request_id": "Short"}, "16 à 40", "16 to 40"),
    ("radius_km", {"radius_km": 0}, "supérieur à 0", "above 0"),
    ("note", {"note": "x" * 2001}, "au plus 2000", "at most 2000"),
]


@pytest.mark.parametrize(("field", "typed", "french", "english"), WRONG)
async def test_a_wrong_field_is_named_in_ones_own_language_and_nothing_is_half_done(
    sign_in: SignIn, house: House, field, typed, french, english
) -> None:
    for language, words in (("fr", french), ("en", english)):
        regulator = await sign_in("reg-tarn-ouest", language)
        answer = await post_raw(regulator, entry(**typed))
        assert answer.status_code == 422, answer.text
        assert answer.headers["content-language"] == language
        said = errors(answer)
        assert set(said) == {field}
        assert words in said[field]
        title = {"fr": "Saisie à corriger", "en": "Please correct"}[language]
        assert answer.json()["title"] == title
    assert await facts_said(house) == 0


async def post_raw(client: httpx.AsyncClient, body: dict[str, Any]) -> httpx.Response:
    return await client.post(
        "/api/requests",
        content=json.dumps(body).encode("ascii"),  # a lone surrogate travels escaped
        headers={"Content-Type": "application/json", **key()},
    )


async def test_every_mistake_is_said_at_once_and_what_was_typed_is_never_repeated(regulator) -> None:
    answer = await regulator.post(
        "/api/requests",
        json=entry(phone="zebra-1", commune="zebra-2", profession="zebra-3", deadline="zebra-4"),
        headers=key(),
    )
    assert set(errors(answer)) == {"phone", "commune", "profession", "deadline"}
    answer = await regulator.post("/api/requests", json=entry(language="zebra", hours="zebra"), headers=key())
    assert set(errors(answer)) == {"language", "hours"}
    assert "zebra" not in answer.text


async def test_a_mistake_does_not_use_up_the_key(regulator, house) -> None:
    assert (await regulator.post("/api/requests", json=entry(phone="12"), headers=key())).status_code == 422
    assert (await regulator.post("/api/requests", json=entry(), headers=key())).status_code == 201


async def test_a_draft_id_is_kept_and_cannot_be_entered_twice(sign_in: SignIn, regulator) -> None:
    draft = "0123456789abcdef-draft"
    assert await enter(regulator, request_id=draft) == draft
    again = await regulator.post("/api/requests", json=entry(request_id=draft), headers=key("other"))
    assert again.status_code == 409
    assert again.json()["type"] == "urn:relais:problem:already_entered"


async def test_a_fiction_number_passes_in_a_demonstration_only(house) -> None:
    territory = house.territories[OWN]
    assert phone_of("06 39 98 12 34", territory=territory, demonstration=True) == "+33639981234"
    with pytest.raises(Problem) as refused:
        phone_of("06 39 98 12 34", territory=territory, demonstration=False)
    assert [one.code for one in refused.value.mistakes] == ["phone_fiction"]
