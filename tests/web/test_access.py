"""Is every door open to the roles the table names, and to nobody else, in no other territory?"""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute

from notifications.texts import TEXTS
from schemas.values import Role
from services.house import House
from services.web.access import ACCESS
from services.web.app import ROUTERS
from services.web.session import COOKIE
from tests.web.conftest import LAVAUR, SignIn, enter, entry, key, publish

OWN = {
    None: None,
    Role.REGULATOR: "reg-tarn-ouest",
    Role.COORDINATOR: "coord-tarn-ouest",
    Role.PRACTITIONER: "dr-anne",
    Role.DELEGATE: "sec-tarn-ouest",
    Role.OPERATOR: "ops",
}
STRANGERS = {
    Role.REGULATOR: "reg-toulouse-ouest",
    Role.COORDINATOR: "coord-toulouse-ouest",
    Role.PRACTITIONER: "dr-far",
    Role.DELEGATE: "sec-toulouse-ouest",
}
WEEK = {"days": [2], "begins": "9h", "ends": "10h", "minutes": 20}
DRAFT = "a-draft-that-is-nobodys"
ENDLESS = ("GET", "/api/events")
NOT_OURS = {("GET", "/docs/openapi.json")}
"""FastAPI's own; it runs before the guard and is public."""


def doors() -> Iterator[tuple[str, str]]:
    for router in ROUTERS:
        for route in router.routes:
            assert isinstance(route, APIRoute)
            for method in route.methods or ():
                yield method, route.path


def test_the_table_has_a_line_for_each_door_and_no_other() -> None:
    assert set(doors()) | NOT_OURS == set(ACCESS)


def what_to_send(method: str, path: str, role: Role | None) -> dict[str, Any]:
    """A right call of each door, so that only who asks can be the reason of a refusal."""
    outcome = "no_show" if role in (Role.PRACTITIONER, Role.DELEGATE) else "advised"
    bodies: dict[str, Any] = {
        "/api/session": {"account": "reg-tarn-ouest"},
        "/api/proposals": {"commune": LAVAUR},
        "/api/holds": {"request_id": DRAFT, "slot_id": "none"},
        "/api/holds/release": {"request_id": DRAFT},
        "/api/requests": entry(),
        "/api/requests/{request_id}/close": {"outcome": outcome},
        "/api/requests/{request_id}/place": {"slot_id": "none"},
        "/api/requests/{request_id}/agree": {"practitioner_id": "dr-anne", "start": "demain 9h"},
        "/api/practitioners/{practitioner_id}/terms": {"per_week": 20},
        "/api/practitioners/{practitioner_id}/pause": {"pause": "tonight"},
        "/api/practitioners/{practitioner_id}/delegates": {"delegate_id": "sec-tarn-ouest", "acts": True},
        "/api/slots/again": {"days": 7},
        "/api/roster": {"people": [{"name": "Anne", "phone": "06 39 98 00 01"}]},
        "/api/practitioners/{practitioner_id}/weeks": WEEK,
        "/api/weeks/{pattern_id}": WEEK,
        "/api/offers/{offer_id}/accept": {},
        "/api/slots": {"slots": [{"start": "demain 9h", "minutes": 20}]},
        "/api/feeds": {"practitioner_id": "dr-anne", "url": "https://agenda.example.org/a.ics"},
        "/api/aside/{aside_id}/drop": {"why": "un essai"},
        "/api/people/erase": {"request_id": DRAFT},
        "/api/push": {"endpoint": "https://push.example/a", "keys": {"p256dh": "a" * 87, "auth": "b" * 22}},
        "/push/seen": {"id": "0" * 32},
        "/console/known": {"phone": "06 39 98 12 34"},
    }
    queries: dict[str, Any] = {
        "/api/accounts": {"territory": "tarn-ouest"},
        "/api/communes": {"q": "lav"},
        "/api/slots": {"practitioner_id": "dr-anne"},
        "/console/when": {"text": "demain 9h"},
        "/me/when": {"text": "demain 9h", "start": "demain 9h", "minutes": 20},
    }
    sent: dict[str, Any] = {"headers": {**key(f"{method}{path}{role}"), "Accept": "*/*"}}
    if path == "/metrics":
        sent["headers"]["X-Forwarded-For"] = "203.0.113.7"  # through a proxy: from elsewhere
    if path == "/api/members/import":
        sent |= {"content": b"rpps;nom;profession;commune\n", "params": {"territory": "tarn-ouest"}}
    if path == "/roster":
        sent["data"] = {"name-0": "Anne", "phone-0": "06 39 98 00 01"}
    if path == "/texts" and method == "POST":
        sent["data"] = {"kind": "booked", "language": "fr", "text": TEXTS["booked"]["fr"], "act": "check"}
    if path == "/api/feeds/file":
        sent |= {"content": b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", "params": {"practitioner_id": "dr-anne"}}
    if method == "POST" and path in bodies:
        sent["json"] = bodies[path]
    if method == "GET" and path in queries:
        sent["params"] = queries[path]
    return sent


@pytest.mark.parametrize("role", list(OWN), ids=str)
async def test_each_role_gets_through_its_doors_and_no_others(
    role: Role | None, sign_in: SignIn, regulator, anne, settle
) -> None:
    slot_id = await publish(anne)
    await settle()
    request_id = await enter(regulator)
    await settle()
    for method, path in ACCESS:
        if (method, path) == ENDLESS:
            continue
        client = await sign_in(OWN[role])
        named = {
            "token": "234567abcdef",
            "aside_id": "0" * 32,
            "offer_id": "0" * 32,
            "feed_id": "0" * 32,
            "practitioner_id": "dr-anne",
            "pattern_id": "0" * 32,
            "provider": "nobody",
            "reply_id": "0" * 32,
        }
        url = path.format(request_id=request_id, slot_id=slot_id, **named)
        answer = await client.request(method, url, **what_to_send(method, path, role))
        allowed = ACCESS[method, path]
        if None in allowed or role in allowed:
            assert answer.status_code not in (401, 403, 405, 422, 500), (method, path, answer.text)
        else:
            expected = 401 if role is None else 403
            assert answer.status_code == expected, (method, path, answer.text)


ABOUT_ONE = [(method, path) for method, path in ACCESS if "{request_id}" in path or "{slot_id}" in path]


@pytest.mark.parametrize("role", list(STRANGERS), ids=str)
async def test_what_is_of_another_territory_does_not_exist(
    role: Role, sign_in: SignIn, regulator, anne, settle
) -> None:
    slot_id = await publish(anne)
    await settle()
    request_id = await enter(regulator)
    await settle()
    stranger = await sign_in(STRANGERS[role])
    for method, path in ABOUT_ONE:
        if role not in ACCESS[method, path]:
            continue
        url = path.format(request_id=request_id, slot_id=slot_id)
        answer = await stranger.request(method, url, **what_to_send(method, path, role))
        assert answer.status_code == 404, (method, path, answer.text)
        assert "Delmas" not in answer.text
    row = (await regulator.get(f"/api/requests/{request_id}")).json()
    assert row["state"] == "booked"
    assert row["closed_at"] is None


async def test_lists_show_ones_own_territory_alone(sign_in: SignIn, regulator, anne, settle) -> None:
    await publish(anne)
    await settle()
    await enter(regulator)
    await settle()
    stranger = await sign_in("reg-toulouse-ouest")
    assert (await stranger.get("/api/requests")).json() == {"total_open": 0, "requests": []}
    assert (await stranger.get("/api/messages")).json() == []
    assert (await stranger.get("/api/messages", params={"territory": "tarn-ouest"})).status_code == 404
    assert (await stranger.get("/api/figures")).json()["asked"] == 0
    assert [one["id"] for one in (await stranger.get("/api/practitioners")).json()] == ["dr-far"]
    assert (await stranger.get("/api/slots", params={"practitioner_id": "dr-anne"})).status_code == 404
    proposals = await stranger.post("/api/proposals", json={"commune": LAVAUR, "radius_km": 200})
    assert proposals.json()["proposals"] == []
    assert (await regulator.get("/api/figures")).json()["asked"] == 1
    assert {one["recipient"] for one in (await regulator.get("/api/messages")).json()} == {"patient", "practitioner"}
    everywhere = await sign_in("ops")
    assert {one["kind"] for one in (await everywhere.get("/api/messages")).json()} >= {"booked", "new_patient"}
    assert (await everywhere.get("/api/figures", params={"territory": "toulouse-ouest"})).json()["asked"] == 0


async def test_a_slot_of_another_territory_cannot_be_held_nor_a_strangers_hold_given_back(
    sign_in: SignIn, regulator, anne
) -> None:
    slot_id = await publish(anne)
    stranger = await sign_in("reg-toulouse-ouest")
    answer = await stranger.post("/api/holds", json={"request_id": DRAFT, "slot_id": slot_id})
    assert answer.status_code == 404
    request_id = await enter(regulator)
    answer = await stranger.post("/api/holds/release", json={"request_id": request_id})
    assert answer.status_code == 404


async def test_a_practitioner_sees_her_own_patients_only(sign_in: SignIn, regulator, anne, settle) -> None:
    slot_id = await publish(anne)
    await settle()
    request_id = await enter(regulator)
    await settle()
    bruno = await sign_in("dr-bruno")
    assert (await anne.get(f"/api/requests/{request_id}")).status_code == 200
    assert (await bruno.get(f"/api/requests/{request_id}")).status_code == 404
    assert (await bruno.post(f"/api/slots/{slot_id}/cancel")).status_code == 404
    assert (await bruno.get("/api/slots", params={"practitioner_id": "dr-anne"})).status_code == 404
    assert (await anne.get(f"/api/requests/{request_id}")).json()["messages"] == []


async def test_the_audit_says_who_did_it_and_for_whom(sign_in: SignIn, regulator, anne, settle, house: House) -> None:
    await publish(anne, "10h")
    await settle()
    request_id = await enter(regulator)
    await settle()
    house.clock._start += timedelta(hours=2)
    delegate = await sign_in("sec-tarn-ouest")
    await delegate.post(f"/api/requests/{request_id}/close", json={"outcome": "fulfilled"})
    history = (await delegate.get(f"/api/requests/{request_id}")).json()["history"]
    assert history[0]["actor"] == {"person": "reg-tarn-ouest", "role": "regulator", "territory": "tarn-ouest"}
    assert history[-1]["fact"] == "request.closed.v1"
    assert history[-1]["actor"]["on_behalf_of"] == "dr-anne"


# --- sessions ------------------------------------------------------------------------------------------------


async def test_a_session_is_a_hashed_secret_in_a_cookie_no_script_can_read(app, house: House) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://localhost") as client:
        answer = await client.post("/api/session", json={"account": "coord-tarn-ouest"})
        cookie = answer.headers["set-cookie"]
        assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(cookie.split("; "))
        secret = client.cookies[COOKIE]
        assert len(secret) >= 40
        files = [path.read_bytes() for path in house.settings.data_dir.rglob("*") if path.is_file()]
        assert not any(secret.encode() in content for content in files)
        assert (await client.get("/api/session")).json()["role"] == "coordinator"


async def test_a_session_ends_when_one_leaves_and_after_four_hours(sign_in: SignIn, house: House) -> None:
    client = await sign_in("reg-tarn-ouest")
    kept = client.cookies[COOKIE]
    assert (await client.delete("/api/session")).status_code == 204
    client.cookies.set(COOKIE, kept)
    assert (await client.get("/api/session")).status_code == 401
    client = await sign_in("reg-tarn-ouest")
    house.clock._start += timedelta(hours=3, minutes=59)
    assert (await client.get("/api/session")).status_code == 200
    house.clock._start += timedelta(minutes=2)
    answer = await client.get("/api/session")
    assert answer.status_code == 401
    assert "Choisissez de nouveau votre compte" in answer.json()["detail"]


async def test_somebody_signed_out_who_opens_a_page_is_led_to_the_first_one(sign_in: SignIn) -> None:
    nobody = await sign_in(None)
    answer = await nobody.get("/console", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


@pytest.mark.parametrize("account", ["nobody", "reg-nowhere", "ops-tarn-ouest"])
async def test_an_unknown_account_is_refused(sign_in: SignIn, account) -> None:
    nobody = await sign_in(None)
    answer = await nobody.post("/api/session", json={"account": account})
    assert answer.status_code == 404
    assert COOKIE not in nobody.cookies


async def test_the_accounts_of_a_territory_are_its_staff_its_practitioners_and_the_operator(sign_in: SignIn) -> None:
    nobody = await sign_in(None)
    people = (await nobody.get("/api/accounts", params={"territory": "tarn-ouest"})).json()
    assert [one["account"] for one in people] == [
        "reg-tarn-ouest",
        "coord-tarn-ouest",
        "sec-tarn-ouest",
        "ops",
        "dr-anne",
        "dr-bruno",
    ]


async def test_ten_people_sign_in_at_once(sign_in: SignIn) -> None:
    await asyncio.gather(*(sign_in("reg-tarn-ouest") for _ in range(10)))
