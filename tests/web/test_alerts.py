"""Does somebody whom no alert would reach see it, and the coordinator too, and does a test clear it?"""

from typing import Any

import pytest

from availability import orders
from notifications.outcome import Accepted, Letter, Outcome, Receipt, Rejected, Terms
from services.addresses import sender_of
from services.house import House
from services.ids import own_order
from services.taking_in import take_in
from tests.web.conftest import ANNE, OWN, SignIn

HTML = {"accept": "text/html"}


class Phone:
    """A provider of SMS whose receipts we say."""

    way, name = "sms", "a"
    terms = Terms(name="a", receipts=True)

    def __init__(self) -> None:
        self.handed = list[Letter]()
        self.says: Outcome | None = None

    async def send(self, letter: Letter) -> Outcome:
        self.handed.append(letter)
        return self.says or Accepted(letter.key)


@pytest.fixture
def phone(house: House) -> Phone:
    made = Phone()
    house.channels.clear()
    house.channels["a"] = made
    return made


async def see(client: Any, path: str) -> str:
    text: str = (await client.get(path, headers=HTML)).text
    return text


async def test_a_dead_number_is_seen_by_both_and_a_receipt_clears_it(
    sign_in: SignIn, house: House, phone: Phone
) -> None:
    anne, coordinator = await sign_in("dr-anne"), await sign_in(f"coord-{OWN}")
    assert "n’a ni téléphone abonné" in await see(anne, "/me")
    number = await house.vault.seal("practitioner:dr-anne", "phone", "+33639980009")
    await known_at(house, number)
    assert "Personne n’a encore vérifié" in await see(anne, "/alerts")
    phone.says = Rejected("no such number", dead=True)
    assert (await anne.post("/alerts/test")).headers["location"] == "/alerts?said=sent"
    await sender_of(house).send_due()
    assert [one.to for one in phone.handed] == ["+33639980009"]
    assert phone.handed[0].text.endswith("/alerts")
    assert "Vos alertes ne vous atteignent pas." in await see(anne, "/me")
    listed = await see(coordinator, "/roster")
    assert "vérifier le numéro, puis envoyer un essai" in listed
    assert "9980009" not in listed.replace(" ", "")
    phone.says = None
    other = await house.vault.seal("practitioner:dr-anne", "phone", "+33639980008")
    await known_at(house, other)
    assert "Personne n’a encore vérifié" in await see(anne, "/alerts")
    assert (await coordinator.post("/alerts/test", data={"for": "dr-anne"})).status_code == 303
    await sender_of(house).send_due()
    receipt = Receipt(phone.handed[-1].key, "delivered")
    await take_in(house.mailbox, house.vault, house.clock, house.channels, house.territories, "a", [receipt])
    assert "Vos alertes vous atteignent." in await see(anne, "/alerts")
    assert "ne vous atteignent pas" not in await see(anne, "/me")


async def known_at(house: House, number: Any) -> None:
    order = own_order(OWN)
    again = ANNE.model_copy(update={"phone": number})
    await house.mailbox.order(order, lambda db, now: orders.register_practitioners(order, [again], db, now))


async def test_nobody_but_a_coordinator_sends_a_test_to_another(sign_in: SignIn, house: House, phone: Phone) -> None:
    assert (await (await sign_in("dr-anne")).post("/alerts/test", data={"for": "dr-bruno"})).status_code == 403
    assert (await (await sign_in(f"coord-{OWN}")).post("/alerts/test", data={"for": "dr-far"})).status_code == 303
    await sender_of(house).send_due()
    assert phone.handed == []


async def test_in_a_demonstration_nothing_is_said_to_be_wrong(sign_in: SignIn) -> None:
    anne = await sign_in("dr-anne")
    assert "rien ne part" in await see(anne, "/alerts")
    assert 'href="/alerts"' in await see(anne, "/me")
    assert "atteignent" not in await see(anne, "/me")
