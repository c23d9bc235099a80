"""How long until a published slot is a proposal? From the practitioner's POST to the regulator's answer that has it.

`python -m tests.bench.publish [SLOTS]`: a real `relais up`, both people over HTTP beside it, on the same machine.
"""

import asyncio
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import quantiles

import httpx
from rich.console import Console

from tests.bench.latency import TERRITORY
from tests.bench.processes import running_relais

WHO = "p-bench-publish"
COMMUNE = "81105"
LOOK = 0.002
"""Seconds between two looks of the regulator's page."""


async def measure(folder: Path, slots: int) -> list[float]:
    """Milliseconds of each slot. Each begins before all others, so it is the first proposal as soon as it is known."""
    took = []
    async with (
        running_relais(folder) as (url, _),
        httpx.AsyncClient(base_url=url, timeout=60) as practitioner,
        httpx.AsyncClient(base_url=url, timeout=60) as regulator,
    ):
        await _sign_in(practitioner, regulator)
        last = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=20)
        for number in range(slots):
            start = last - timedelta(minutes=5 * number)
            key = {"Idempotency-Key": f"publish-{number}"}
            body = {"slots": [{"start": start.isoformat(), "minutes": 5, "modes": ["office"]}]}
            began = time.perf_counter()
            opened = (await practitioner.post("/api/slots", json=body, headers=key)).raise_for_status()
            await _seen(regulator, opened.json()["slots"][0]["id"])
            took.append((time.perf_counter() - began) * 1000)
    return took


async def _sign_in(practitioner: httpx.AsyncClient, regulator: httpx.AsyncClient) -> None:
    who = {"id": WHO, "name": "Dr Mesure", "profession": "10", "commune": COMMUNE}
    await regulator.post("/api/session", json={"account": f"coord-{TERRITORY}"})
    (await regulator.post("/api/practitioners", json={"practitioners": [who]})).raise_for_status()
    await regulator.post("/api/session", json={"account": f"reg-{TERRITORY}"})
    await practitioner.post("/api/session", json={"account": WHO})


async def _seen(regulator: httpx.AsyncClient, slot_id: str) -> None:
    """Returns when the slot is the first proposal. Raises TimeoutError after 10 s."""
    async with asyncio.timeout(10):
        while True:
            asked = {"commune": COMMUNE, "hours": 48, "radius_km": 100}
            found = (await regulator.post("/api/proposals", json=asked)).raise_for_status().json()["proposals"]
            if found and found[0]["slot_id"] == slot_id:
                return
            await asyncio.sleep(LOOK)


def main(slots: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        cuts = quantiles(asyncio.run(measure(Path(folder), slots)), n=100)
    Console(highlight=False).print(
        f"publish → proposal: p50 {cuts[49]:.0f} ms  p95 {cuts[94]:.0f} ms  (aim: p95 ≤ 100 ms)"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
