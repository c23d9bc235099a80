"""May a coordinator say who is alerted, and where they are reached, with nothing lost when a line is wrong?"""

from typing import Any

from sqlalchemy import select

from dispatcher import roster
from dispatcher.tables import ROSTER
from services.house import House
from services.retention import in_use
from tests.web.conftest import OWN, SignIn, errors

ANNE = {"name": "Anne Lefort", "phone": "06 39 98 00 01", "email": "anne@cpts.example"}
HTML = {"accept": "text/html"}


async def kept(house: House) -> list[tuple[str, str, str | None, str | None]]:
    async with house.database.read() as db:
        people = await roster.people(db, OWN)
    phones = await house.vault.open_many([one.phone for one in people])
    emails = await house.vault.open_many([one.email for one in people])
    return [(one.person, one.name, *both) for one, both in zip(people, zip(phones, emails, strict=True), strict=True)]


async def test_a_coordinator_names_who_is_alerted_and_where(sign_in: SignIn, house: House) -> None:
    coordinator = await sign_in(f"coord-{OWN}")
    people = [{"name": "Camille R.", "person": f"reg-{OWN}", "phone": "0639980002"}, ANNE]
    answer = await coordinator.post("/api/roster", json={"people": people})
    first, second = answer.json()["people"]
    assert (first, second[:6]) == (f"reg-{OWN}", "garde-")
    assert await kept(house) == [
        (f"reg-{OWN}", "Camille R.", "+33639980002", None),
        (second, "Anne Lefort", "+33639980001", "anne@cpts.example"),
    ]
    async with house.database.read() as db:
        rows = str((await db.execute(select(ROSTER))).all())
        assert await in_use(db, [f"to:{second}", "to:nobody"]) == {f"to:{second}"}
    assert "0001" not in rows
    assert "anne@" not in rows


async def test_every_wrong_line_is_named_and_nothing_changes(sign_in: SignIn, house: House) -> None:
    coordinator = await sign_in(f"coord-{OWN}")
    await coordinator.post("/api/roster", json={"people": [ANNE]})
    before = await kept(house)
    wrong: list[dict[str, Any]] = [
        ANNE | {"phone": "12"}, ANNE, {"name": "Loin", "person": "coord-toulouse-ouest"},
    ]  # fmt: skip
    answer = await coordinator.post("/api/roster", json={"people": wrong})
    assert set(errors(answer)) == {"people.0.phone", "people.1.person", "people.2.person"}
    unreadable = await coordinator.post("/api/roster", json={"people": [ANNE | {"email": "anne"}]})
    assert set(errors(unreadable)) == {"people.0.email"}
    assert (await coordinator.post("/api/roster", json={"people": []})).status_code == 422
    assert await kept(house) == before


async def test_the_page_saves_in_the_order_of_the_ranks_and_keeps_what_was_typed(sign_in: SignIn, house: House) -> None:
    coordinator = await sign_in(f"coord-{OWN}")
    form = {
        "name-0": "Bruno", "rank-0": "2", "person-0": "", "phone-0": "06 39 98 00 03", "email-0": "",
        "name-1": "Anne", "rank-1": "1", "person-1": "", "phone-1": "", "email-1": "anne",
        "name-2": "", "rank-2": "3", "person-2": "", "phone-2": "", "email-2": "",
    }  # fmt: skip
    refused = await coordinator.post("/roster", data=form, headers=HTML)
    assert refused.status_code == 422
    assert 'aria-describedby="email-0-error"' in refused.text
    assert 'value="06\u00a039\u00a098\u00a000\u00a003"' in refused.text or "06 39 98 00 03" in refused.text
    assert await kept(house) == []
    saved = await coordinator.post("/roster", data=form | {"email-1": "anne@cpts.example"}, headers=HTML)
    assert (saved.status_code, saved.headers["location"]) == (303, "/roster?said=saved")
    assert [one[1:] for one in await kept(house)] == [
        ("Anne", None, "anne@cpts.example"), ("Bruno", "+33639980003", None)
    ]  # fmt: skip
    page = (await coordinator.get("/roster?said=saved", headers=HTML)).text
    assert "Liste enregistrée." in page
    assert "anne@cpts.example" in page
