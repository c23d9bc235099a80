"""Who may register practitioners, and what is refused?"""

import pytest

from availability import store as agendas
from tests.web.conftest import LAVAUR, OTHER, OWN, errors


def member(**changes):
    """A practitioner as a coordinator writes one."""
    known = {"id": "p-new-0001", "name": "Dr Rose Fontmerle", "profession": "10", "commune": LAVAUR}
    return known | {"lat": 43.7, "lon": 1.82, "address": "1 rue de l'Exemple, 81500 Lavaur"} | changes


async def known(house, practitioner_id):
    async with house.database.read() as db:
        return await agendas.practitioner(db, practitioner_id)


async def test_a_coordinator_registers_members_of_her_own_community(sign_in, house) -> None:
    coordinator = await sign_in(f"coord-{OWN}")
    answer = await coordinator.post("/api/practitioners", json={"practitioners": [member()]})
    assert (answer.status_code, answer.json()) == (200, {"territory": OWN, "registered": 1})
    row = await known(house, "p-new-0001")
    assert (row.territory, row.name) == (OWN, "Dr Rose Fontmerle")


async def test_one_who_is_known_is_brought_up_to_date(sign_in, house) -> None:
    coordinator = await sign_in(f"coord-{OWN}")
    for name in ("Rose Fontmerle", "Rose Valsonge"):
        body = {"practitioners": [member(name=name)]}
        assert (await coordinator.post("/api/practitioners", json=body)).status_code == 200
    assert (await known(house, "p-new-0001")).name == "Rose Valsonge"


async def test_the_operator_names_the_community(sign_in, house) -> None:
    operator = await sign_in("ops")
    body = {"practitioners": [member()]}
    assert (await operator.post("/api/practitioners", json=body)).status_code == 404
    assert (await operator.post("/api/practitioners", json=body | {"territory": OTHER})).status_code == 200
    assert (await known(house, "p-new-0001")).territory == OTHER


@pytest.mark.parametrize("account", [f"reg-{OWN}", f"sec-{OWN}", "dr-anne"])
async def test_nobody_else_may(sign_in, house, account) -> None:
    answer = await (await sign_in(account)).post("/api/practitioners", json={"practitioners": [member()]})
    assert answer.status_code == 403
    assert await known(house, "p-new-0001") is None


async def test_a_coordinator_takes_no_member_of_another_community(sign_in, house) -> None:
    coordinator = await sign_in(f"coord-{OWN}")
    body = {"practitioners": [member(), member(id="dr-far", name="Zoé Loin")]}
    answer = await coordinator.post("/api/practitioners", json=body)
    assert answer.status_code == 422
    assert set(errors(answer)) == {"practitioners.1.id"}
    assert (await known(house, "dr-far")).territory == OTHER
    assert await known(house, "p-new-0001") is None
    elsewhere = await coordinator.post("/api/practitioners", json={"territory": OTHER, "practitioners": [member()]})
    assert elsewhere.status_code == 404


@pytest.mark.parametrize(
    ("wrong", "field"), [({"profession": "99"}, "profession"), ({"commune": "00000"}, "commune"), ({"id": "A B"}, "id")]
)
async def test_one_mistake_and_nobody_is_registered(sign_in, house, wrong, field) -> None:
    coordinator = await sign_in(f"coord-{OWN}")
    body = {"practitioners": [member(), member(id="p-new-0002") | wrong]}
    answer = await coordinator.post("/api/practitioners", json=body)
    assert answer.status_code == 422
    assert set(errors(answer)) == {f"practitioners.1.{field}"}
    assert await known(house, "p-new-0001") is None


# --- a file of them -------------------------------------------------------------------------------------

FILE = (
    "RPPS;Nom;Prénom;Profession;Code postal;Commune;Téléphone\r\n"
    "10002909371;Fontmerle;Rose;Médecin;81500;Lavaur;06 39 98 12 34\r\n"
)


async def test_a_coordinator_looks_first_then_brings_her_file(sign_in, house) -> None:
    coordinator = await sign_in(f"coord-{OWN}")
    looked = await coordinator.post("/api/members/import", content=FILE.encode("cp1252"))
    assert looked.json() == {"done": False, "new": 1, "changed": 0, "same": 0, "problems": []}
    assert await known(house, "rpps-10002909371") is None
    brought = await coordinator.post("/api/members/import?dry_run=false", content=FILE.encode("cp1252"))
    assert brought.json() == {"done": True, "new": 1, "changed": 0, "same": 0, "problems": []}
    assert (await known(house, "rpps-10002909371")).territory == OWN
    page = (await coordinator.get("/members?q=font", headers={"accept": "text/html"})).text
    assert "Rose Fontmerle" in page
    assert "10002909371" in page


async def test_what_is_wrong_is_said_by_line_and_nothing_is_done(sign_in, house) -> None:
    coordinator = await sign_in(f"coord-{OWN}")
    answer = await coordinator.post(
        "/api/members/import?dry_run=false", content=FILE.replace("Lavaur", "Atlantis").encode()
    )
    said = answer.json()
    assert (answer.status_code, said["done"]) == (200, False)
    assert [(one["line"], one["stops"]) for one in said["problems"]] == [(2, True)]
    assert await known(house, "rpps-10002909371") is None


@pytest.mark.parametrize("account", [f"reg-{OWN}", f"sec-{OWN}", "dr-anne"])
async def test_nobody_else_brings_a_file(sign_in, account) -> None:
    assert (await (await sign_in(account)).post("/api/members/import", content=FILE.encode())).status_code == 403


async def test_the_operator_says_for_which_community(sign_in, house) -> None:
    operator = await sign_in("ops")
    assert (await operator.post("/api/members/import", content=FILE.encode())).status_code == 404
    answer = await operator.post(f"/api/members/import?territory={OTHER}", content=FILE.encode())
    assert answer.json()["new"] == 1
    assert "hors du territoire" in answer.json()["problems"][0]["says"]
