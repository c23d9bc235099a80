"""How long from a POST to the message that is due, at 20 requests a second, and how fast is entry over HTTP?"""

import asyncio
import contextlib
import sqlite3
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import quantiles

import httpx

from tests.bench.corridor import EACH
from tests.bench.processes import largest_mb, running_relais

TERRITORY = "tarn-ouest"


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds from the POST's first byte to the `message.due` row, entries a second, and memory in MB."""

    p50: float
    p99: float
    answer_p50: float
    answer_p99: float
    entries_per_second: float
    memory_mb: float


async def measure(folder: Path, requests: int = 600, per_second: float = 20.0, burst: int = 1_000) -> Latency:
    """A real `relais up` (null channel) and an HTTP client beside it, which shares the machine with it."""
    async with running_relais(folder) as (url, pid), httpx.AsyncClient(base_url=url, timeout=60) as client:
        await _publish(client, requests + burst)
        await client.post("/api/session", json={"account": f"reg-{TERRITORY}"})
        posted, answered = await _steady(client, requests, per_second)
        due = await _due(folder / "relais.db", list(posted))
        waits = sorted((due[one] - moment).total_seconds() * 1000 for one, moment in posted.items())
        entries = await _burst(client, burst)
        memory = largest_mb(pid)
    cuts, answers = quantiles(waits, n=100), quantiles(answered, n=100)
    return Latency(cuts[49], cuts[98], answers[49], answers[98], entries, memory)


async def _steady(
    client: httpx.AsyncClient, requests: int, per_second: float
) -> tuple[dict[str, datetime], list[float]]:
    """One request every 1/per_second, whatever the last one took: when each was posted, and how long the answer."""
    posted: dict[str, datetime] = {}
    answered: list[float] = []

    async def post(number: int) -> None:
        began, moment = time.perf_counter(), datetime.now(UTC)
        posted[await _enter(client, f"steady-{number:06d}")] = moment
        answered.append((time.perf_counter() - began) * 1000)

    start = time.perf_counter()
    tasks = []
    for number in range(requests):
        await asyncio.sleep(max(0.0, start + number / per_second - time.perf_counter()))
        tasks.append(asyncio.create_task(post(number)))
    await asyncio.gather(*tasks)
    return posted, answered


async def _burst(client: httpx.AsyncClient, requests: int) -> float:
    """Entries a second with 32 callers at once."""
    free = asyncio.Semaphore(32)

    async def post(number: int) -> None:
        async with free:
            await _enter(client, f"burst-{number:06d}")

    began = time.perf_counter()
    await asyncio.gather(*(post(number) for number in range(requests)))
    return requests / (time.perf_counter() - began)


async def _enter(client: httpx.AsyncClient, key: str) -> str:
    body = {"phone": "06 39 98 12 34", "last_name": "Mesure", "commune": "81105", "hours": 72, "radius_km": 100}
    response = await client.post("/api/requests", json=body, headers={"Idempotency-Key": key})
    response.raise_for_status()
    return str(response.json()["id"])


async def _publish(client: httpx.AsyncClient, seats: int) -> None:
    """Seats for all, published by practitioners of the demonstration through their own door."""
    await client.post("/api/session", json={"account": f"coord-{TERRITORY}"})
    each = EACH * 5 // 4
    people = [
        {"id": f"p-bench-{n:03d}", "name": f"Dr Mesure {n}", "profession": "10", "commune": "81105"}
        for n in range(-(-seats // EACH))
    ]
    registered = await client.post("/api/practitioners", json={"practitioners": people})
    registered.raise_for_status()
    first = datetime.now(UTC) + timedelta(hours=3)
    for person in people:
        await client.post("/api/session", json={"account": person["id"]})
        for start in range(0, each, 40):
            slots = [
                {"start": (first + timedelta(minutes=10 * n)).isoformat(), "minutes": 10, "modes": ["office"]}
                for n in range(start, min(start + 40, each))
            ]
            key = {"Idempotency-Key": f"bench-{person['id']}-{start}"}
            (await client.post("/api/slots", json={"slots": slots}, headers=key)).raise_for_status()
    await asyncio.sleep(2)


async def _due(path: Path, requests: list[str]) -> dict[str, datetime]:
    """When the first message of each request was due, read from the database of the running server."""
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        for _ in range(200):
            rows = dict(db.execute("SELECT request_id, min(due_at) FROM message GROUP BY request_id").fetchall())
            if all(one in rows for one in requests):
                break
            await asyncio.sleep(0.1)
    return {one: datetime.fromisoformat(rows[one]).replace(tzinfo=UTC) for one in requests}
