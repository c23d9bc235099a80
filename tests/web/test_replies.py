"""What a patient answers by SMS, from her phone to the regulator's page."""

from notifications.outcome import Reply
from services.addresses import sender_of
from services.taking_in import take_in
from tests.web.conftest import enter, publish

PHONE = "+33639981234"


async def test_yes_confirms_then_a_word_of_alarm_reaches_a_human_and_both_are_read(
    anne, regulator, settle, house
) -> None:
    async def answers(text: str) -> None:
        provider = next(iter(house.channels))
        reply = Reply(number=PHONE, text=text, id=text[:4])
        await take_in(house.mailbox, house.vault, house.clock, house.channels, provider, [reply])
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
