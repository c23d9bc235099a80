"""May a practitioner link an agenda, see how reading it goes, and nobody else's?"""

import httpx
import pytest

from availability import store as agendas
from availability import upstream
from services.feeds.outside import Web
from services.feeds.polling import Polling
from tests.availability.feeds.conftest import calendar
from tests.elsewhere import Page, elsewhere
from tests.web.conftest import OWN, errors, key

ADDRESS = "https://agenda.example.org/private-s3cret/basic.ics"
TOMORROW = "DTSTART;TZID=Europe/Paris:20261124T100000|DURATION:PT1H"


async def link(client: httpx.AsyncClient, **more: object) -> httpx.Response:
    return await client.post("/api/feeds", json={"url": ADDRESS} | more)


async def slots_of(house, who="dr-anne"):
    async with house.database.read() as db:
        now = house.clock.now()
        return await agendas.agenda(db, who, now, now.replace(year=2027), only_open=True)


async def test_an_agenda_is_linked_and_its_address_is_never_shown_again(anne, sign_in, house) -> None:
    answer = await link(anne, visit_minutes=15, modes=["office", "home"])
    assert answer.status_code == 201
    assert answer.json()["host"] == "agenda.example.org"
    for client in (anne, await sign_in("sec-tarn-ouest"), await sign_in(f"coord-{OWN}")):
        seen = await client.get("/api/feeds")
        assert [one["id"] for one in seen.json()] == [answer.json()["id"]]
        assert "s3cret" not in seen.text
        assert "s3cret" not in (await client.get("/feeds", headers={"accept": "text/html"})).text
    async with house.database.read() as db:
        (row,) = await upstream.feeds(db)
    assert await house.vault.open(row.url) == ADDRESS


@pytest.mark.parametrize(
    ("body", "field", "words"),
    [
        ({"url": "http://agenda.example.org/a.ics"}, "url", "https://"),
        ({"url": "agenda.example.org"}, "url", "https://"),
        ({"url": "https://zoe:pass@agenda.example.org/"}, "url", "mot de passe"),
        ({"url": "https://example.org/fhir", "kind": "fhir"}, "national_id", "RPPS"),
        ({"visit_minutes": 2}, "visit_minutes", "5"),
    ],
)
async def test_a_mistake_is_said_at_its_field_and_nothing_is_linked(anne, body, field, words) -> None:
    answer = await link(anne, **body)
    assert answer.status_code == 422
    assert words in errors(answer)[field]
    assert (await anne.get("/api/feeds")).json() == []


@pytest.mark.parametrize(("typed", "kept"), [("10002909371", "810002909371"), ("810002909371", "810002909371")])
async def test_a_fhir_server_is_asked_for_the_number_of_the_directory(anne, house, typed, kept) -> None:
    assert (await link(anne, kind="fhir", national_id=typed)).status_code == 201
    async with house.database.read() as db:
        (row,) = await upstream.feeds(db)
    assert row.national_id == kept


async def test_a_subscription_address_is_an_https_one(anne, house) -> None:
    assert (await link(anne, url="webcal://agenda.example.org/a.ics")).status_code == 201
    async with house.database.read() as db:
        (row,) = await upstream.feeds(db)
    assert await house.vault.open(row.url) == "https://agenda.example.org/a.ics"


async def test_the_same_address_again_is_the_same_link(anne) -> None:
    first, again = await link(anne), await link(anne)
    assert (again.status_code, again.json()["id"]) == (201, first.json()["id"])
    busy = await link(anne, means="busy")
    assert busy.json()["id"] != first.json()["id"]
    assert len((await anne.get("/api/feeds")).json()) == 2


async def test_nobody_links_or_sees_an_agenda_of_somebody_else(anne, sign_in) -> None:
    feed = (await link(anne)).json()["id"]
    bruno, far = await sign_in("dr-bruno"), await sign_in("coord-toulouse-ouest")
    assert (await link(bruno, practitioner_id="dr-anne")).status_code == 404
    for stranger in (bruno, far):
        assert (await stranger.get("/api/feeds")).json() == []
        for act in ("poll", "remove"):
            assert (await stranger.post(f"/api/feeds/{feed}/{act}")).status_code == 404
    assert (await bruno.post("/api/feeds/file?practitioner_id=dr-anne", content=calendar())).status_code == 404
    assert len((await anne.get("/api/feeds")).json()) == 1


async def test_a_delegate_links_in_the_name_of_the_practitioner(sign_in, house) -> None:
    secretary = await sign_in("sec-tarn-ouest")
    assert (await link(secretary, practitioner_id="dr-anne")).status_code == 201
    async with house.database.read() as db:
        (row,) = await upstream.feeds(db)
    assert row.practitioner_id == "dr-anne"


async def test_a_coordinator_may_take_away_and_not_add(anne, sign_in) -> None:
    coordinator = await sign_in(f"coord-{OWN}")
    assert (await link(coordinator, practitioner_id="dr-anne")).status_code == 403
    feed = (await link(anne)).json()["id"]
    assert (await coordinator.post(f"/api/feeds/{feed}/remove")).status_code == 200
    assert (await anne.get("/api/feeds")).json() == []


async def test_a_file_opens_its_slots_at_once_and_the_next_one_takes_its_place(anne, house) -> None:
    answer = await anne.post("/api/feeds/file?visit_minutes=20&modes=office,home", content=calendar(TOMORROW))
    assert answer.status_code == 201, answer.text
    assert (answer.json()["times"], answer.json()["kind"]) == (1, "file")
    (slot,) = await slots_of(house)
    assert (slot.capacity, slot.minutes, slot.modes) == (3, 60, ("office", "home"))
    feed = answer.json()["id"]
    again = await anne.post("/api/feeds/file?visit_minutes=30", content=calendar(TOMORROW.replace("T10", "T15")))
    assert (again.status_code, again.json()["id"]) == (201, feed)
    (moved,) = await slots_of(house)
    assert (moved.start > slot.start, moved.capacity) == (True, 2)
    busy = await anne.post("/api/feeds/file?means=busy", content=calendar())
    assert busy.json()["id"] != feed, "what it means is another matter"
    assert (await anne.post(f"/api/feeds/{feed}/poll")).status_code == 409


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7", b"BEGIN:VCARD\r\nEND:VCARD\r\n"])
async def test_a_file_that_is_no_calendar_is_refused_in_words_of_action(anne, content) -> None:
    answer = await anne.post("/api/feeds/file", content=content)
    assert (answer.status_code, (await anne.get("/api/feeds")).json()) == (422, [])
    assert "exportez-le" in errors(answer)["file"]


async def test_a_file_may_be_larger_than_a_form_but_not_without_end(anne) -> None:
    big = calendar(TOMORROW + "|DESCRIPTION:" + "x" * 400_000)
    assert (await anne.post("/api/feeds/file", content=big)).status_code == 201
    answer = await anne.post("/api/feeds/file", content=b"x" * 3_000_000)
    assert answer.status_code == 413
    assert "2048 ko" in answer.json()["detail"]
    assert (await anne.post("/api/feeds", content=big)).status_code == 413


async def test_what_went_wrong_is_shown_with_what_to_do(anne, house) -> None:
    async with elsewhere() as other:
        other.pages["/a.ics"] = Page(calendar(TOMORROW, "DTSTART;VALUE=DATE:20261125"))
        async with house.database.read() as db:
            assert await upstream.feeds(db) == []
        feed = (await link(anne, url=ADDRESS)).json()["id"]
        sealed = await house.vault.seal("practitioner:dr-anne", "feed", f"{other.base}/a.ics")

        async def lead(url: str) -> None:
            async with house.database.writing() as db:
                await upstream.note(db, feed, url=sealed.model_dump_json(), due_at=house.clock.now())

        polling = Polling(house, Web(loopback=True))
        await lead(other.base)
        await polling.sweep()
        page = (await anne.get("/feeds/list", headers={"accept": "text/html"})).text
        assert "à jour" in page
        assert "événement sur la journée entière" in page
        other.pages["/a.ics"] = Page(status=404)
        assert (await anne.post(f"/api/feeds/{feed}/poll")).status_code == 202
        await polling.sweep()
    (row,) = (await anne.get("/api/feeds")).json()
    assert (row["error"], row["failures"]) == ("status:404", 1)
    assert "copiez-la de nouveau" in row["what_to_do"]
    assert "copiez-la de nouveau" in (await anne.get("/feeds/list", headers={"accept": "text/html"})).text
    assert len(await slots_of(house)) == 1


async def test_nothing_is_published_where_a_linked_agenda_is_busy(anne, house) -> None:
    await anne.post("/api/feeds/file?means=busy", content=calendar(TOMORROW))
    body = {"slots": [{"start": "2026-11-24T10:30:00+01:00", "minutes": 20}]}
    answer = await anne.post("/api/slots", json=body, headers=key())
    assert answer.status_code == 409
    assert "10" in answer.json()["detail"]
    assert "{" not in answer.json()["detail"]
