"""Can the operator see what was set aside, have it dealt with again, and drop it: through doors and page?"""

import httpx
import pytest

from schemas.event import derived_id
from schemas.request import RequestWithdrawn
from services.house import House
from services.storage.aside import set_aside
from tests.web.conftest import SignIn

SAID = b'{"id": "x", "patient": {"name": "Aimable MARQUE"}}'


@pytest.fixture
async def operator(sign_in: SignIn) -> httpx.AsyncClient:
    return await sign_in("ops")


@pytest.fixture
async def aside_id(house: House) -> str:
    reader = "notifications-request-withdrawn-v1"
    topic = f"care.tarn-ouest.{RequestWithdrawn.subject}"
    error = ValueError("Aimable MARQUE")
    await set_aside(
        house.mailbox, house.vault, reader=reader, topic=topic, message_id="m-1", body=SAID, error=error, tries=1
    )
    return derived_id("aside", reader, "m-1")


async def test_the_list_and_the_page_show_the_reason_and_not_the_body(
    operator: httpx.AsyncClient, aside_id: str
) -> None:
    [row] = (await operator.get("/api/aside")).json()
    assert (row["id"], row["tries"], row["reader"]) == (aside_id, 1, "notifications-request-withdrawn-v1")
    page = (await operator.get("/operations/state")).text
    assert f'data-act="/api/aside/{aside_id}/replay"' in page
    assert f'data-act="/api/aside/{aside_id}/drop"' in page
    assert "MARQUE" not in page + str(row)


async def test_the_body_is_opened_only_when_it_is_asked_for(
    operator: httpx.AsyncClient, aside_id: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert (await operator.get(f"/api/aside/{aside_id}")).json()["body"] == SAID.decode()
    assert any(aside_id in line for line in caplog.messages)
    assert "MARQUE" not in caplog.text


async def test_what_still_fails_stays_and_says_why(operator: httpx.AsyncClient, aside_id: str) -> None:
    answer = await operator.post(f"/api/aside/{aside_id}/replay")
    assert answer.status_code == 409
    assert "not understood" in answer.json()["detail"]
    [row] = (await operator.get("/api/aside")).json()
    assert row["tries"] == 2


async def test_what_is_dropped_is_gone_and_needs_a_reason(operator: httpx.AsyncClient, aside_id: str) -> None:
    assert (await operator.post(f"/api/aside/{aside_id}/drop", json={"why": " "})).status_code == 422
    assert (await operator.post(f"/api/aside/{aside_id}/drop", json={"why": "un essai"})).status_code == 200
    assert (await operator.get("/api/aside")).json() == []
    assert (await operator.post(f"/api/aside/{aside_id}/drop", json={"why": "un essai"})).status_code == 404


async def test_another_site_cannot_press_the_button(operator: httpx.AsyncClient, aside_id: str) -> None:
    answer = await operator.post(f"/api/aside/{aside_id}/replay", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
