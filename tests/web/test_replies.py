"""What a patient answers by SMS, from her phone to the regulator's page."""

from datetime import timedelta

from sqlalchemy import select

from notifications.outcome import Reply
from notifications.tables import INBOUND, MESSAGE
from services.addresses import sender_of
from services.retention import Retention
from services.taking_in import take_in
from services.web.strangers import waiting_for
from tests.web.conftest import enter, publish

PHONE = "+33639981234"
STRANGER = "+33639988888"


async def test_yes_confirms_then_a_word_of_alarm_reaches_a_human_and_both_are_read(
    anne, regulator, settle, house
) -> None:
    async def answers(text: str) -> None:
        provider = next(iter(house.channels))
        reply = Reply(number=PHONE, text=text, id=text[:4])
        await take_in(house.mailbox, house.vault, house.clock, house.channels, house.territories, provider, [reply])
        await settle()

    await publish(anne, "10h")
    await settle()
    request_id = await enter(regulator)
    await settle()
    assert await sender_of(house).send_due() > 0
    await answers("Oui merci")
    assert (await regulator.get(f"/api/requests/{request_id}")).json()["state"] == "confirmed"
    await answers("en fait j'ai mal à la poitrine")
    kinds = {one["kind"]: one["body"] for one in (await regulator.get("/api/messages")).json()}
    assert "15 ou le 112" in kinds["call_15"]
    assert "mot d'alerte" in kinds["patient_alarm"]
    assert "poitrine" not in str(kinds)
    page = (await regulator.get(f"/console/requests/{request_id}")).text
    for said in ("Oui merci", "mal à la poitrine", "Le patient a répondu par SMS", "Une personne est prévenue"):
        assert said in page.replace("&#39;", "'"), said
    assert (await regulator.get(f"/api/requests/{request_id}")).json()["state"] == "confirmed"


async def test_what_a_stranger_writes_is_read_by_the_one_on_call_who_says_when_it_is_done(
    regulator, sign_in, settle, house
) -> None:
    async def writes(text: str, number: str | None) -> None:
        provider = next(iter(house.channels))
        reply = Reply(number=number, text=text, id=text)
        await take_in(house.mailbox, house.vault, house.clock, house.channels, ["tarn-ouest"], provider, [reply])
        await settle()

    await writes("Bonjour, un médecin pour ma fille ?", STRANGER)
    await writes("Elle a de la fièvre", STRANGER)
    await writes("je respire mal", None)
    told = [(one["kind"], one["to"]) for one in (await regulator.get("/api/messages")).json()]
    assert sorted(told, key=str) == [
        ("being_read", "06 39 98 88 88"),
        ("stranger_alarm", None),
        ("stranger_wrote", None),
    ]

    page = " ".join((await regulator.get("/console/board")).text.replace("&#39;", "'").split())
    for said in ("3 SMS", "06 39 98 88 88", "un médecin pour ma fille", "numéro masqué", "je respire mal"):
        assert said in page, said
    listed = (await regulator.get("/api/strangers")).json()
    assert (listed["total"], listed["waiting"][0]["phone"]) == (3, STRANGER)
    elsewhere = await sign_in("reg-grand-narbonne")
    first = listed["waiting"][0]["id"]
    assert (await elsewhere.get("/api/strangers")).json()["total"] == 0
    assert (await elsewhere.post(f"/api/strangers/{first}/answered")).status_code == 404

    assert (await regulator.post(f"/api/strangers/{first}/answered")).json()["state"] == "answered"
    assert (await regulator.post(f"/api/strangers/{first}/answered")).status_code == 404
    assert "un médecin pour ma fille" not in (await regulator.get("/console/board")).text
    assert (await regulator.get("/api/strangers")).json()["total"] == 2


async def test_a_stranger_is_forgotten_by_number_and_not_before_somebody_read(sign_in, settle, house) -> None:
    provider = next(iter(house.channels))
    reply = Reply(number=STRANGER, text="un médecin ?", id="1")
    await take_in(house.mailbox, house.vault, house.clock, house.channels, ["tarn-ouest"], provider, [reply])
    await settle()
    house.clock._start += timedelta(days=60)
    await Retention(house).sweep()
    assert [one.text for one in (await waiting_for(house, "tarn-ouest")).sms] == ["un médecin ?"]

    coordinator = await sign_in("coord-tarn-ouest")
    gone = await coordinator.post("/api/people/erase", json={"phone": "06 39 98 88 88"})
    assert (gone.status_code, gone.json()["facts"]) == (200, ["stranger.answered.v1"])
    assert (await coordinator.post("/api/people/erase", json={"phone": "06 39 98 88 88"})).status_code == 404
    assert (await waiting_for(house, "tarn-ouest")).total == 0
    async with house.database.read() as db:
        (row,) = (await db.execute(select(INBOUND))).all()
        assert (row.body, row.number, row.digest) == (None, None, None)
        mine = select(MESSAGE.c.to, MESSAGE.c.to_digest).where(MESSAGE.c.recipient == "patient")
        assert (await db.execute(mine)).all() == [(None, None)]
