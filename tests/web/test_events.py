"""Does whoever watches see what passes, soon, and nothing that is somebody else's?"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from schemas.event import Event, Order
from schemas.request import RequestWithdrawn
from schemas.sealed import Sealed
from schemas.slot import SeatFreed, SlotClosed
from schemas.values import SlotState, system_actor
from services.house import House
from services.run import running
from services.settings import Settings
from services.web import events
from services.web.app import create_app
from services.web.events import Viewer, stream
from services.web.session import COOKIE, EVERYWHERE
from tests.web.conftest import ANNE, MONDAY, OWN, SignIn, entry, key, publish, register

STATE = SlotState(version=2, free=1)


def about_slot(slot_id: str, territory: str = OWN) -> SeatFreed:
    cause = Order(id="1" * 32, territory=territory, actor=system_actor(territory))
    return SeatFreed.after(cause, MONDAY, slot_id=slot_id, request_id="a-request", state=STATE)


def withdrawn(practitioner: str | None) -> RequestWithdrawn:
    from schemas.request import Patient

    cause = Order(id="2" * 32, territory=OWN, actor=system_actor(OWN))
    box: Sealed[str] = Sealed(subject="r", field="name", key_version=1, box="x")
    patient = Patient(name=box, phone=box)
    return RequestWithdrawn.after(
        cause, MONDAY, request_id="r", slot_id="s-1", practitioner_id=practitioner, patient=patient
    )


def test_a_regulator_hears_her_territory_and_the_operator_all() -> None:
    for territory, heard in ((OWN, True), ("toulouse-ouest", False), (EVERYWHERE, True)):
        assert Viewer(territory).shows(about_slot("s-1")) is heard


def test_a_practitioner_hears_of_her_own_slots_only() -> None:
    viewer = Viewer(OWN, ["dr-anne"])
    assert not viewer.shows(about_slot("s-1"))
    viewer.know({"s-1"})
    assert viewer.shows(about_slot("s-1"))
    assert not viewer.shows(about_slot("s-1", "toulouse-ouest"))
    assert viewer.shows(withdrawn("dr-anne"))
    assert not Viewer(OWN, ["dr-anne"]).shows(withdrawn("dr-bruno"))


def test_a_slot_heard_of_for_the_first_time_is_followed_from_then_on() -> None:
    viewer = Viewer(OWN, ["dr-anne"])
    assert viewer.shows(withdrawn("dr-anne"))
    closed = Order(id="3" * 32, territory=OWN, actor=system_actor(OWN))
    assert viewer.shows(SlotClosed.after(closed, MONDAY, slot_id="s-1", state=STATE))


async def test_the_first_word_is_live_then_a_heartbeat_and_the_end_when_the_house_closes(house, monkeypatch) -> None:
    monkeypatch.setattr(events, "LOOK", 0.01)
    monkeypatch.setattr(events, "HEARTBEAT", 0.02)
    said = stream(house, Viewer(OWN))
    first = await anext(said)
    assert first.startswith("retry: 1000\nevent: live\ndata: ")
    assert json.loads(first.split("data: ")[1])["bus"] is False
    assert await anext(said) == ": here\n\n"
    await house.facts.stop()
    assert [line async for line in said if line != ": here\n\n"] == []


# --- on a real bus -------------------------------------------------------------------------------------------


class Ear:
    """A browser's EventSource: what it heard, event by event."""

    def __init__(self) -> None:
        self._chunks: asyncio.Queue[str] = asyncio.Queue()
        self._rest = ""
        self.status = 0

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        else:
            await self._chunks.put(message.get("body", b"").decode())

    async def next(self) -> dict[str, str]:
        """The next event, heartbeats left out."""
        while "\n\n" not in self._rest:
            self._rest += await asyncio.wait_for(self._chunks.get(), 10)
        text, _, self._rest = self._rest.partition("\n\n")
        fields = dict(line.split(": ", 1) for line in text.splitlines() if not line.startswith(":"))
        return fields or await self.next()


@asynccontextmanager
async def listening(app: FastAPI, client: httpx.AsyncClient) -> AsyncIterator[Ear]:
    """Somebody with the page open. httpx's own transport waits for an answer's end, which this one has not."""
    ear, gone = Ear(), asyncio.Event()

    async def receive() -> dict[str, Any]:
        await gone.wait()
        return {"type": "http.disconnect"}

    cookie = f"{COOKIE}={client.cookies[COOKIE]}"
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/api/events",
        "raw_path": b"/api/events",
        "query_string": b"",
        "headers": [(b"host", b"127.0.0.1"), (b"cookie", cookie.encode())],
        "scheme": "http",
        "server": ("127.0.0.1", 8016),
        "client": ("127.0.0.1", 1),
        "http_version": "1.1",
        "asgi": {"version": "3.0"},
    }
    task = asyncio.create_task(app(scope, receive, ear.send))
    try:
        yield ear
    finally:
        gone.set()
        await asyncio.wait_for(task, 10)


@pytest.fixture
async def alive(tmp_path: Path) -> AsyncIterator[House]:
    async with running(Settings(data_dir=tmp_path, start=MONDAY)) as house:
        await register(house, OWN, ANNE)
        yield house


@pytest.mark.journey
async def test_the_board_hears_of_an_entry_and_the_practitioner_of_her_patient(alive: House) -> None:
    app = create_app(alive)

    def browser() -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://127.0.0.1")

    async with browser() as regulator, browser() as anne, browser() as far:
        for client, account in ((regulator, "reg-tarn-ouest"), (anne, "dr-anne"), (far, "reg-toulouse-ouest")):
            (await client.post("/api/session", json={"account": account})).raise_for_status()
        async with listening(app, regulator) as board, listening(app, anne) as phone, listening(app, far) as other:
            for ear in (board, phone, other):
                live = await ear.next()
                assert ear.status == 200
                assert live["event"] == "live"
                assert json.loads(live["data"])["bus"] is True
            slot_id = await publish(anne)
            assert await until(board, "slot.opened.v1")
            opened = await phone.next()
            assert json.loads(opened["data"])["slot_id"] == slot_id
            entered = await regulator.post("/api/requests", json=entry(), headers=key())
            request_id = entered.json()["id"]
            heard = await until(board, "request.booked.v1")
            assert {"request.entered.v1", "slot.booked.v1"} <= {one["event"] for one in heard}
            numbers = [int(one["id"]) for one in heard]
            assert numbers == sorted(set(numbers))
            told = await until(phone, "request.booked.v1")
            assert json.loads(told[-1]["data"])["request_id"] == request_id
            assert "request.entered.v1" not in {one["event"] for one in told}
            assert not any(word in str(heard) for word in ("Delmas", "0639981234", "box"))
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(other.next(), 0.2)


async def until(ear: Ear, name: str) -> list[dict[str, str]]:
    heard: list[dict[str, str]] = []
    while not heard or heard[-1]["event"] != name:
        heard.append(await ear.next())
    return heard


async def test_nobody_listens_without_having_signed_in(sign_in: SignIn) -> None:
    assert (await (await sign_in(None)).get("/api/events")).status_code == 401


def test_every_fact_that_names_a_slot_or_a_request_says_which() -> None:
    fact: Event = about_slot("s-1")
    assert events._ids(fact) == {
        "territory": OWN,
        "at": MONDAY.isoformat(),
        "request_id": "a-request",
        "slot_id": "s-1",
    }
