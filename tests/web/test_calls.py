"""Before a peak, does the house call for the seats that its own forecast misses, and does the call arrive?"""

from functools import partial

from dispatcher import scarcity
from schemas.scarcity import Scarcity, Shortage
from services.ids import own_order
from services.scarcity import call
from tests.web.conftest import OWN, SignIn


async def test_on_a_monday_morning_who_agreed_is_told_once(house, anne, sign_in: SignIn, regulator, settle) -> None:
    await anne.post("/api/practitioners/dr-anne/terms", json={"offers": True})
    bruno = await sign_in("dr-bruno")  # agreed to nothing
    await settle()
    found = Scarcity(shortages=(Shortage(profession="10", asked=20, open=15, short=5),))
    order = own_order(OWN)
    await house.mailbox.order(order, partial(scarcity.on_priced, order, found))
    for _ in range(2):
        await call(house, house.territories[OWN])
        await settle()
    told = [one for one in (await regulator.get("/api/messages")).json() if one["kind"] == "call"]
    assert [one["recipient_id"] for one in told] == ["dr-anne"]
    assert "des places manquent d'ici mardi 24/11 9h00" in told[0]["body"]
    html = {"Accept": "text/html"}
    assert "des places manquent" in (await anne.get("/me", headers=html)).text.replace("&#39;", "'")
    assert "des places manquent" not in (await bruno.get("/me", headers=html)).text
