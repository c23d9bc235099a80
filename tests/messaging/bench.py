"""How fast do messages leave? `python -m tests.messaging.bench`: three figures, in half a minute."""

import asyncio
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from notifications import store
from notifications.channels.null import Channel as Null
from notifications.channels.sms_smpp import Channel, Config
from notifications.outcome import Accepted, Letter
from schemas.event import derived_id
from schemas.message import Due, MessageDue
from services.ids import own_order
from services.mailbox import Mailbox
from services.sender import Sender
from services.storage.database import Database
from services.storage.keyring import Keyring
from services.storage.migrate import migrate
from tests.messaging.child import MASTER
from tests.messaging.counterparts import other_smsc
from tests.messaging.smsc import Phones, Smsc

REMINDERS, URGENT, RATE = 900, 40, 10
OUTBOX = 3000
SUBMITS, WINDOW = 20_000, 20


class Post:
    """A mailbox, a keyring, and a sender at work on them."""

    def __init__(self, folder: Path, channels: dict[str, Any]) -> None:
        from services.clock import Clock

        self.clock = Clock()
        self.database = Database(f"sqlite:///{folder / 'relais.db'}")
        self.vault = Keyring(Database(f"sqlite:///{folder / 'keyring.db'}"), self.clock, MASTER)
        self.mailbox = Mailbox(self.database, self.clock)
        self.sender = Sender(self.mailbox, self.vault, self.clock, channels)

    async def write(self, lane: int, numbers: list[str], channel: str = "sms") -> None:
        """Messages that are due now, said as the room says them."""
        now, rows = self.clock.now(), []
        for number in numbers:
            message_id, subject = derived_id(f"bench-{number}"), f"req-{number[-1]}"
            body = await self.vault.seal(subject, f"message:{message_id}", f"Message {number}")
            to = await self.vault.seal(subject, "phone", f"+{number}")
            rows.append({
                "id": message_id, "territory": "tarn-ouest", "request_id": subject, "kind": "booked", "lane": lane,
                "recipient": "patient", "recipient_id": subject, "channel": channel, "then": "", "state": "due",
                "why": None, "body": body.model_dump_json(), "to": to.model_dump_json(), "segments": 1, "actor": "x",
                "to_digest": self.vault.digest(number), "due_at": now, "send_after": now,
                "valid_until": now + timedelta(hours=1),
            })  # fmt: skip
        order = own_order()
        due = tuple(
            Due(message_id=str(r["id"]), kind="booked", recipient="patient", channel=channel, lane=lane, send_after=now)
            for r in rows[:1]
        )

        async def decide(db: Any, at: Any) -> Any:
            await store.write(db, rows)
            return [MessageDue.after(order, at, territory="tarn-ouest", request_id="req", messages=due)]

        await self.mailbox.order(order, decide)


@asynccontextmanager
async def at_work(folder: Path, channels: dict[str, Any]) -> AsyncIterator[Post]:
    post = Post(folder, channels)
    await migrate(post.database)
    await post.vault.create()
    await post.vault.ensure(f"req-{digit}" for digit in range(10))
    mailbox = asyncio.create_task(post.mailbox.run())
    yield post
    mailbox.cancel()
    await post.database.close()
    await post.vault.close()


async def urgent(folder: Path) -> tuple[float, float]:
    """Seconds from the commit of an urgent alert to the phone, p50 and p95, behind 900 reminders at 10 a second."""
    phones = Phones()
    async with Smsc(phones, "a") as server:
        config = Config(name="a", host="127.0.0.1", port=server.port, system_id="r", password="secret", rate=RATE)
        async with at_work(folder, {"a": Channel(config)}) as post:
            await post.write(2, [f"3363997{n:04}" for n in range(REMINDERS)])
            running = asyncio.create_task(post.sender.run())
            await asyncio.sleep(2)
            loop, written = asyncio.get_running_loop(), dict[str, float]()
            for n in range(URGENT):
                number = f"336399600{n:02}"
                await post.write(0, [number])
                written[number] = loop.time()
                await asyncio.sleep(0.5)
            await asyncio.sleep(2)
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
    delays = sorted(phones.at[number] - at for number, at in written.items())
    assert len(phones.shown) < REMINDERS, "the reminders were gone: nothing was waiting"
    return statistics.median(delays), delays[int(len(delays) * 0.95) - 1]


async def outbox(folder: Path) -> float:
    """Messages a second from the table to a channel that takes everything, outcomes written."""
    async with at_work(folder, {"null": Null()}) as post:
        await post.write(1, [f"3363998{n:04}" for n in range(OUTBOX)], "null")
        began, sent = time.perf_counter(), 0
        while sent < OUTBOX:
            sent += await post.sender.send_due()
        return OUTBOX / (time.perf_counter() - began)


async def client() -> float:
    """Submits a second of our SMPP client to the independent server, with 20 under way."""
    async with other_smsc("quiet") as server:
        config = Config(name="a", host="127.0.0.1", port=server.port, system_id="r", password="secret")
        channel = Channel(config)
        running = asyncio.create_task(channel.run(lambda heard: asyncio.sleep(0)))
        while channel.heard_for() == timedelta():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        letter = Letter("k", "booked", "req-1", "+33639980001", "CPTS Tarn Ouest : rendez-vous lundi 05/01 a 9h30.", 7)

        async def submit(number: int) -> None:
            for _ in range(number):
                outcome = await channel.send(letter)
                assert isinstance(outcome, Accepted), outcome

        began = time.perf_counter()
        await asyncio.gather(*(submit(SUBMITS // WINDOW) for _ in range(WINDOW)))
        took = time.perf_counter() - began
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        return SUBMITS / took


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        p50, p95 = await urgent(Path(folder))
    print(f"urgent, {REMINDERS} reminders waiting at {RATE}/s: p50 {p50:.3f} s, p95 {p95:.3f} s", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        print(f"outbox to a channel: {await outbox(Path(folder)):.0f} messages/s", flush=True)
    print(f"SMPP client against npm smpp, {WINDOW} under way: {await client():.0f} submits/s", flush=True)


if __name__ == "__main__":
    import uvloop

    uvloop.run(main())
