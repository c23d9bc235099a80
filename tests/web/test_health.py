"""Can a machine see how Relais feels: alive, ready, in figures, with nobody's data in them?"""

import asyncio
from datetime import timedelta

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy.exc import OperationalError

from services.house import House
from services.watch.alarms import raise_alarm
from services.watch.pulse import pulsing
from tests.web.conftest import SignIn, enter, publish


async def scraped(client: httpx.AsyncClient) -> dict[tuple[str, ...], float]:
    """Every figure, by name and label values."""
    answer = await client.get("/metrics")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/plain")
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


async def test_the_figures_of_a_morning(sign_in: SignIn, regulator, anne, settle, house: House) -> None:
    waiting = (await scraped(await sign_in(None)))["relais_outbox_waiting",]
    await enter(regulator)
    await publish(anne)
    await raise_alarm(house.mailbox, "clock_jump", "clock", "words")
    house.clock._start += timedelta(minutes=2)
    found = await scraped(await sign_in(None))
    assert found["relais_database_up",] == 1
    assert found["relais_bus_up",] == 0  # this house has no bus
    assert found["relais_requests", "seeking"] == 1
    assert found["relais_requests", "booked"] == 0
    assert found["relais_outbox_waiting",] == waiting + 2
    assert found["relais_outbox_oldest_seconds",] >= 60
    assert found["relais_alarms", "clock_jump"] == 1
    assert found["relais_aside",] == 0
    assert found["relais_event_loop_lag_seconds",] >= 0
    assert found["process_resident_memory_bytes",] > 0
    await settle()
    found = await scraped(await sign_in("ops"))
    assert found["relais_requests", "booked"] == 1
    assert sum(value for (name, *of), value in found.items() if name == "relais_messages" and "1" in of) == 2


async def test_a_process_is_seen_in_the_figures_while_it_lives(sign_in: SignIn, house: House) -> None:
    nobody = await sign_in(None)
    async with pulsing(house.mailbox, house.clock, "web", house.lag):
        while not (seen := await processes(nobody)):  # noqa: ASYNC110 - it happens in a database
            await asyncio.sleep(0.01)
        assert seen[0].startswith("web@")
    assert not await processes(nobody)


async def processes(client: httpx.AsyncClient) -> list[str]:
    return [labels[0] for name, *labels in await scraped(client) if name == "relais_process_beat_age_seconds"]


async def test_no_figure_holds_anything_of_a_person(sign_in: SignIn, regulator, anne, settle) -> None:
    await publish(anne)
    await settle()
    request_id = await enter(regulator, last_name="Zyxwvut", phone="06 39 98 77 66")
    await settle()
    text = (await (await sign_in(None)).get("/metrics")).text
    assert not [word for word in ("Zyxwvut", "639987766", request_id, "dr-anne", "Martin") if word in text]


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"])
async def test_the_figures_are_not_for_whoever_comes_through_a_proxy(sign_in: SignIn, header: str) -> None:
    nobody = await sign_in(None)
    assert (await nobody.get("/metrics", headers={header: "127.0.0.1"})).status_code == 401


async def test_nor_for_another_machine(app) -> None:
    elsewhere = httpx.ASGITransport(app=app, client=("203.0.113.7", 5000))
    async with httpx.AsyncClient(transport=elsewhere, base_url="http://127.0.0.1:8016") as client:
        assert (await client.get("/metrics")).status_code == 401


async def test_without_nats_relais_is_degraded_but_ready(sign_in: SignIn) -> None:
    nobody = await sign_in(None)
    answer = await nobody.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert (await nobody.get("/healthz")).status_code == 200


async def test_without_its_database_it_lives_but_is_not_ready(
    sign_in: SignIn, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody = await sign_in(None)

    def away() -> None:
        raise OperationalError("", {}, OSError())

    monkeypatch.setattr(house.database, "writing", away)
    monkeypatch.setattr(house.database, "read", away)
    answer = await nobody.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (503, "unready")
    assert (await nobody.get("/healthz")).status_code == 200
    assert (await scraped(nobody))["relais_database_up",] == 0
