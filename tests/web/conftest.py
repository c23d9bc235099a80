"""What does a test of the web need? A house in a folder of its own, people signed in, and a way to let facts pass."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import delete, select

from availability import orders as agendas
from availability.agenda import NewPractitioner
from schemas.event import FACTS, Order, derived_id
from schemas.values import system_actor
from services.build import build_house
from services.house import House
from services.run import room_reactions
from services.settings import Settings
from services.storage.ledger import Outbox
from services.web.app import create_app

HERE = "http://127.0.0.1:8016"
MONDAY = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)  # 9 h in France
GAILLAC, LAVAUR = "81099", "81140"
OWN, OTHER = "tarn-ouest", "toulouse-ouest"

ANNE = NewPractitioner(
    id="dr-anne", name="Anne Martin", profession="10", commune=LAVAUR, lat=43.70, lon=1.82, address="1 place du Port"
)
BRUNO = NewPractitioner(id="dr-bruno", name="Bruno Petit", profession="10", commune=LAVAUR, lat=43.70, lon=1.82)
FAR = NewPractitioner(id="dr-far", name="Zoé Loin", profession="10", commune="31149", lat=43.61, lon=1.33)

SignIn = Callable[..., Awaitable[httpx.AsyncClient]]


def entry(**changes: Any) -> dict[str, Any]:
    """A request as a regulator types it; None takes a field away."""
    typed = {"phone": "06 39 98 12 34", "last_name": "Delmas", "first_name": "Rose", "commune": LAVAUR}
    return {name: value for name, value in (typed | changes).items() if value is not None}


def key(name: str = "one") -> dict[str, str]:
    """The header of an idempotency key."""
    return {"Idempotency-Key": f"key-of-{name}"}


def errors(answer: httpx.Response) -> dict[str, str]:
    """The sentences beside the fields of a problem."""
    assert answer.headers["content-type"] == "application/problem+json"
    return {one["field"]: one["detail"] for one in answer.json().get("errors", [])}


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with three practitioners in two territories: made once, copied for each test."""
    folder = tmp_path_factory.mktemp("furnished")

    async def furnish() -> None:
        async with living(folder) as house:
            await register(house, OWN, ANNE, BRUNO)
            await register(house, OTHER, FAR)
            order = Order(id="0" * 32, territory=OWN, actor=system_actor(OWN))
            await house.mailbox.order(
                order, lambda db, now: agendas.delegate_to(order, "sec-tarn-ouest", ["dr-anne"], db, now)
            )
            async with house.database.writing() as db:
                await db.execute(delete(Outbox))  # said long ago, and heard

    asyncio.run(furnish())
    return folder


@asynccontextmanager
async def living(folder: Path) -> AsyncIterator[House]:
    """A house at nine on a Monday morning, committing, with no bus."""
    house = await build_house(Settings(data_dir=folder, start=MONDAY))
    work = asyncio.create_task(house.mailbox.run())
    yield house
    work.cancel()
    await house.vault.close()
    await house.database.close()


@pytest.fixture
async def house(furnished: Path, tmp_path: Path) -> AsyncIterator[House]:
    """The furnished house, in a folder of the test's own."""
    folder = tmp_path / "var"
    shutil.copytree(furnished, folder)
    async with living(folder) as house:
        yield house


async def register(house: House, territory: str, *people: NewPractitioner) -> None:
    order = Order(id=derived_id("register", territory), territory=territory, actor=system_actor(territory))
    await house.mailbox.order(order, lambda db, now: agendas.register_practitioners(order, people, db, now))


@pytest.fixture
def app(house: House) -> FastAPI:
    return create_app(house)


@pytest.fixture
async def sign_in(app: FastAPI) -> AsyncIterator[SignIn]:
    """`await sign_in("reg-tarn-ouest", language="en")`: that person's browser; None is somebody unknown."""
    async with AsyncExitStack() as stack:

        async def browser(account: str | None, language: str = "fr") -> httpx.AsyncClient:
            client = await stack.enter_async_context(
                httpx.AsyncClient(
                    transport=httpx.ASGITransport(app=app),
                    base_url=HERE,
                    headers={"Accept-Language": language, "Accept": "application/json"},
                )
            )
            if account is not None:
                (await client.post("/api/session", json={"account": account})).raise_for_status()
            return client

        yield browser


@pytest.fixture
def settle(house: House) -> Callable[[], Awaitable[None]]:
    """Let every fact reach every room that reacts to it, until nobody has anything more to say."""
    heard = 0

    async def pass_on() -> None:
        nonlocal heard
        table: Any = getattr(Outbox, "__table__")  # noqa: B009
        while True:
            async with house.database.read() as db:
                rows = (await db.execute(select(table).where(table.c.seq > heard).order_by(table.c.seq))).all()
            if not rows:
                return
            for row in rows:
                fact = FACTS[row.topic.split(".", 2)[2]].model_validate_json(row.body)
                house.seats.hear(fact)
                for room, reactions in room_reactions(house).items():
                    if type(fact) in reactions:
                        await house.mailbox.receive(room, fact, reactions[type(fact)])
                heard = row.seq

    return pass_on


@pytest.fixture
async def regulator(sign_in: SignIn) -> httpx.AsyncClient:
    return await sign_in("reg-tarn-ouest")


@pytest.fixture
async def anne(sign_in: SignIn) -> httpx.AsyncClient:
    return await sign_in("dr-anne")


async def publish(practitioner: httpx.AsyncClient, start: str = "15h", name: str = "slot", **changes: Any) -> str:
    """One slot, published; its id."""
    slot = {"start": start, "minutes": 20, "capacity": 1} | changes
    answer = await practitioner.post("/api/slots", json={"slots": [slot]}, headers=key(name))
    assert answer.status_code == 201, answer.text
    slot_id: str = answer.json()["slots"][0]["id"]
    return slot_id


async def enter(regulator: httpx.AsyncClient, name: str = "entry", **changes: Any) -> str:
    """One request, entered; its id."""
    answer = await regulator.post("/api/requests", json=entry(**changes), headers=key(name))
    assert answer.status_code == 201, answer.text
    request_id: str = answer.json()["id"]
    return request_id
