"""May a territory say things its own way, and is what nobody could use, or may say, refused by name?"""

import html
import json

import httpx
import pytest
from sqlalchemy import select

from services.house import House
from services.storage.ledger import AUDIT, OUTBOX
from tests.web.conftest import OWN, SignIn, enter, publish

HTML = {"accept": "text/html"}
OURS = "{org} vous attend {day} à {time} : {link}"


async def post(client: httpx.AsyncClient, text: str, act: str = "save", kind: str = "booked") -> httpx.Response:
    form = {"kind": kind, "language": "fr", "text": text, "act": act}
    return await client.post("/texts", data=form, headers=HTML)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{org} vous attend {day} à {time}.", "{link} manque"),
        (OURS + " {name}", "{name} n’existe pas"),
        (OURS + " {", "accolade"),
        (OURS + " {day!r}", "accolade"),
        (OURS + " {org.__class__}", "{org.__class__} n’existe pas"),
        (OURS + " Dr cardiologue", "« cardiologue » peut révéler"),
        (OURS + " " + "a" * 440, "SMS : raccourcissez"),
        ("", "Écrivez un texte"),
    ],
)
async def test_what_cannot_be_used_is_said_by_name_and_not_saved(sign_in: SignIn, text: str, says: str) -> None:
    coordinator = await sign_in(f"coord-{OWN}")
    answer = await post(coordinator, text)
    assert answer.status_code == 422
    assert says in html.unescape(answer.text)
    assert "à vous" not in (await coordinator.get("/texts", headers=HTML)).text


async def test_a_text_is_looked_at_saved_heard_and_taken_back(
    sign_in: SignIn, house: House, regulator: httpx.AsyncClient, anne: httpx.AsyncClient, settle
) -> None:
    coordinator = await sign_in(f"coord-{OWN}")
    looked = html.unescape((await post(coordinator, OURS, "check")).text)
    assert "CPTS Tarn Ouest vous attend" in looked
    assert ", 1 SMS." in looked
    assert (await post(coordinator, OURS)).headers["location"] == "/texts?kind=booked&language=fr&said=saved"
    assert "à vous" in (await coordinator.get("/texts", headers=HTML)).text
    await publish(anne)
    await settle()
    await enter(regulator)
    await settle()
    said = (await coordinator.get("/messages/list", headers=HTML)).text
    assert "CPTS Tarn Ouest vous attend lundi 23/11 à 15h00 : " in said
    other = await sign_in("coord-toulouse-ouest")
    assert "à vous" not in (await other.get("/texts", headers=HTML)).text
    assert (await post(coordinator, OURS, "back")).headers["location"].endswith("said=back")
    assert "à vous" not in (await coordinator.get("/texts", headers=HTML)).text


async def test_who_changed_a_text_is_remembered_without_its_words(sign_in: SignIn, house: House) -> None:
    coordinator = await sign_in(f"coord-{OWN}")
    await post(coordinator, OURS)
    async with house.database.read() as db:
        asked = select(OUTBOX.c.body, AUDIT.c.actor).join(AUDIT, AUDIT.c.event_id == OUTBOX.c.id)
        ((body, actor),) = (await db.execute(asked.where(AUDIT.c.subject == "text.reworded.v1"))).all()
    said = json.loads(body)
    assert (said["kind"], said["language"], said["own"]) == ("booked", "fr", True)
    assert f"coord-{OWN}" in actor
    assert "vous attend" not in body.decode()


async def test_whom_to_call_when_it_is_serious_is_reworded_by_nobody(sign_in: SignIn) -> None:
    assert (await post(await sign_in(f"coord-{OWN}"), OURS, kind="call_15")).status_code == 404
