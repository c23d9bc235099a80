"""How fast would the same two hops be, written by hand? Plain nats-py and one SQL transaction a batch.

Request → seat booked (and an outbox row) → message written. No types, no reasons, no audit, no sealing, no retry:
what is left when everything Relais is for is taken away. The rate is the limit that the corridor is compared to.
"""

import asyncio
import json
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import nats
from nats.js import JetStreamContext, api

from services.bus.server import EmbeddedNats
from services.storage.sqlite import PRAGMAS

BATCH = 200
SCHEMA = """
CREATE TABLE inbox (reader TEXT, id TEXT, PRIMARY KEY (reader, id));
CREATE TABLE seat (id TEXT PRIMARY KEY, request TEXT UNIQUE);
CREATE TABLE outbox (id TEXT PRIMARY KEY, body TEXT, published INTEGER DEFAULT 0);
CREATE TABLE message (id TEXT PRIMARY KEY, body TEXT);
"""


async def measure(folder: Path, requests: int) -> float:
    """Requests a second through both hops, in one process, everything durable."""
    server = EmbeddedNats(folder / "nats")
    url = await server.start()
    client = await nats.connect(url)
    js = client.jetstream()
    await js.add_stream(api.StreamConfig(name="FLOOR", subjects=["floor.*"], allow_atomic=True))
    for name in ("asked", "booked"):
        await js.add_consumer(
            "FLOOR", api.ConsumerConfig(durable_name=name, filter_subject=f"floor.{name}", max_ack_pending=5000)
        )
    db = sqlite3.connect(folder / "floor.db", isolation_level=None)
    for pragma in PRAGMAS:
        db.execute(f"PRAGMA {pragma}")
    db.executescript(SCHEMA)
    began = time.perf_counter()
    for start in range(0, requests, 500):
        await _publish(js, "floor.asked", [f"r{n}" for n in range(start, min(start + 500, requests))])
    booker = asyncio.create_task(_hop(js, db, "asked", _book))
    writer = asyncio.create_task(_hop(js, db, "booked", _write))
    while db.execute("SELECT count(*) FROM message").fetchone()[0] < requests:  # noqa: ASYNC110 - seen from outside
        await asyncio.sleep(0.01)
    took = time.perf_counter() - began
    for task in (booker, writer):
        task.cancel()
    await asyncio.gather(booker, writer, return_exceptions=True)
    await client.close()
    await server.stop()
    db.close()
    return requests / took


async def _hop(js: JetStreamContext, db: sqlite3.Connection, name: str, step: Callable[..., list[str]]) -> None:
    pull = await js.pull_subscribe_bind(name, stream="FLOOR")
    while True:
        try:
            messages = await pull.fetch(BATCH, timeout=0.2)
        except TimeoutError:
            continue
        ids = [json.loads(message.data)["id"] for message in messages]
        db.execute("BEGIN IMMEDIATE")
        db.executemany("INSERT OR IGNORE INTO inbox VALUES (?, ?)", [(name, one) for one in ids])
        said = step(db, ids)
        db.execute("COMMIT")
        if said:
            await _publish(js, "floor.booked", said)
            db.executemany("UPDATE outbox SET published = 1 WHERE id = ?", [(one,) for one in said])
        for message in messages:
            await message.ack()


def _book(db: sqlite3.Connection, ids: list[str]) -> list[str]:
    db.executemany("INSERT OR IGNORE INTO seat VALUES (?, ?)", [(f"s-{one}", one) for one in ids])
    db.executemany("INSERT OR IGNORE INTO outbox (id, body) VALUES (?, ?)", [(one, _body(one)) for one in ids])
    return ids


def _write(db: sqlite3.Connection, ids: list[str]) -> list[str]:
    db.executemany("INSERT OR IGNORE INTO message VALUES (?, ?)", [(one, _body(one)) for one in ids])
    return []


def _body(request: str) -> str:
    return json.dumps({"id": request, "padding": "x" * 400})


async def _publish(js: JetStreamContext, subject: str, ids: list[str]) -> None:
    """As an atomic batch, which the server writes to the disk once: the fastest way there is to say many things."""
    client, last = js._nc, len(ids)  # the context has no batches yet; its client has all they need
    for number, one in enumerate(ids, 1):
        header = {"Nats-Msg-Id": f"{subject}-{one}", "Nats-Batch-Id": f"{subject}-{ids[0]}"}
        header["Nats-Batch-Sequence"] = str(number)
        if number < last:
            await client.publish(subject, _body(one).encode(), headers=header)
    header["Nats-Batch-Commit"] = "1"
    answer = json.loads((await client.request(subject, _body(one).encode(), 30, headers=header)).data)
    assert "error" not in answer, answer
