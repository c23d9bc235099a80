"""Can a coordinator have a person forgotten, in her own territory only, and is it shown that it was done?"""

import httpx
import pytest

from tests.web.conftest import SignIn, enter, entry, key

PHONE = "06 39 98 12 34"


@pytest.fixture
async def coordinator(sign_in: SignIn) -> httpx.AsyncClient:
    return await sign_in("coord-tarn-ouest")


async def test_an_open_request_is_erased_only_when_it_may_be_withdrawn(
    regulator: httpx.AsyncClient, coordinator: httpx.AsyncClient
) -> None:
    request_id = await enter(regulator)
    refused = await coordinator.post("/api/people/erase", json={"request_id": request_id})
    assert refused.status_code == 409
    assert request_id in refused.json()["detail"]
    assert (await regulator.get(f"/api/requests/{request_id}")).json()["patient"]["name"] == "Delmas Rose"
    done = await coordinator.post("/api/people/erase", json={"request_id": request_id, "withdraw": True})
    assert done.json() == {"erased": [request_id], "facts": ["request.withdrawn.v1", "request.erased.v1"]}
    shown = (await regulator.get(f"/api/requests/{request_id}")).json()
    assert (shown["patient"]["name"], shown["patient"]["phone"]) == ("—", "—")
    assert [step["fact"] for step in shown["history"]][-1] == "request.erased.v1"
    assert "Delmas" not in (await regulator.get(f"/console/requests/{request_id}")).text


async def test_a_number_erases_all_requests_entered_with_it(
    regulator: httpx.AsyncClient, coordinator: httpx.AsyncClient
) -> None:
    ids = {await enter(regulator, name) for name in ("one", "two")}
    other = await enter(regulator, "other", phone="06 39 98 00 77")
    done = await coordinator.post("/api/people/erase", json={"phone": PHONE, "withdraw": True})
    assert set(done.json()["erased"]) == ids
    assert (await regulator.get(f"/api/requests/{other}")).json()["patient"]["name"] == "Delmas Rose"
    assert (await coordinator.post("/api/people/erase", json={"phone": PHONE})).status_code == 404


async def test_nobody_erases_in_another_territory(regulator: httpx.AsyncClient, sign_in: SignIn) -> None:
    request_id = await enter(regulator)
    stranger = await sign_in("coord-toulouse-ouest")
    for whom in ({"request_id": request_id}, {"phone": PHONE}):
        answer = await stranger.post("/api/people/erase", json={**whom, "withdraw": True})
        assert answer.status_code == 404


@pytest.mark.parametrize("whom", [{}, {"request_id": "r-1", "phone": PHONE}, {"phone": "12"}])
async def test_whom_it_is_about_must_be_said_in_one_way(coordinator: httpx.AsyncClient, whom: dict[str, str]) -> None:
    assert (await coordinator.post("/api/people/erase", json=whom)).status_code == 422


async def test_an_entry_sent_again_after_the_erasure_answers_as_before_and_seals_nothing(
    regulator: httpx.AsyncClient, coordinator: httpx.AsyncClient
) -> None:
    request_id = await enter(regulator, "same")
    await coordinator.post("/api/people/erase", json={"request_id": request_id, "withdraw": True})
    again = await regulator.post("/api/requests", json=entry(), headers=key("same"))
    assert (again.status_code, again.json()["id"]) == (201, request_id)
    draft = await regulator.post("/api/requests", json=entry(request_id=request_id), headers=key("new"))
    assert draft.status_code == 410


async def test_the_open_request_of_a_number_is_shown_while_typing(
    regulator: httpx.AsyncClient, coordinator: httpx.AsyncClient
) -> None:
    request_id = await enter(regulator)
    known = (await regulator.post("/console/known", json={"phone": PHONE})).json()
    assert known["request_id"] == request_id
    await coordinator.post("/api/people/erase", json={"phone": PHONE, "withdraw": True})
    assert "request_id" not in (await regulator.post("/console/known", json={"phone": PHONE})).json()
