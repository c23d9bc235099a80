"""How many people get a message twice, and how many never? `python -m tests.messaging.chaos`.

Two SMSC of our own with every fault, a sender that is killed again and again; first with the rule of the house, then
with the policy everybody has. What counts is what is on the phones, not what anybody wrote down.
"""

import asyncio
import json
import random
import signal
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from notifications import store
from notifications.tables import ATTEMPT, MESSAGE
from schemas.event import derived_id
from services.clock import Clock
from services.storage.database import Database
from services.storage.keyring import Keyring
from services.storage.migrate import migrate
from tests.messaging.child import MASTER
from tests.messaging.smsc import UNDELIVERABLE, Phones, Smsc

ROOT = Path(__file__).parents[2]
FINAL = ("sent", "failed", "superseded")


@dataclass(frozen=True)
class Plan:
    """One run."""

    messages: int = 2000
    kills: int = 5
    rate: float = 100
    """Messages a second of each provider."""
    faster: float = 20
    echo: bool = True
    naive: bool = False
    seed: int = 6
    within: float = 240
    database: str = ""


@dataclass(frozen=True)
class Result:
    """What was found on the phones and in the database."""

    phones: int
    doubled: int
    extra: int
    lost: int
    unseen: int
    states: dict[str, int]
    attempts: dict[str, int]
    kills: int
    seconds: float
    stories: tuple[str, ...] = ()
    """Of those that were lost: number, state, and what was tried."""


async def play(plan: Plan, folder: Path) -> Result:
    """Send everything, killing the sender; wait until all is final; look at the phones."""
    url, keyring = plan.database or f"sqlite:///{folder / 'relais.db'}", f"sqlite:///{folder / 'keyring.db'}"
    database = Database(url)
    if not plan.database:
        await migrate(database)
    numbers = await _write(plan, database, keyring)
    phones, began = Phones(), asyncio.get_running_loop().time()
    async with Smsc(phones, "a", echo=plan.echo) as a, Smsc(phones, "b", echo=plan.echo) as b:
        said = {
            "database": url, "keyring": keyring, "providers": {"a": a.port, "b": b.port}, "rate": plan.rate,
            "faster": plan.faster, "naive": plan.naive, "answer_within": 20 / plan.faster,
        }  # fmt: skip
        await _send(plan, said, database, phones)
    seconds = asyncio.get_running_loop().time() - began
    result = await _judge(plan, database, phones, numbers, seconds)
    await database.close()
    return result


async def _write(plan: Plan, database: Database, keyring: str) -> dict[str, str]:
    """The messages, sealed, due now, one to each number; the numbers by message."""
    vault, now = Keyring(Database(keyring), Clock(), MASTER), datetime.now(UTC)
    await vault.create()
    numbers, rows, end = {}, [], now + timedelta(hours=1)
    for one in range(plan.messages):
        message_id, subject, number = derived_id(f"chaos-{one}"), f"req-{one % 50}", f"+3363998{one:04}"
        numbers[message_id] = number.lstrip("+")
        body = await vault.seal(subject, f"message:{message_id}", f"Message {one}")
        to = await vault.seal(subject, "phone", number)
        rows.append({
            "id": message_id, "territory": "tarn-ouest", "request_id": subject, "kind": "booked", "actor": "system",
            "recipient": "patient", "recipient_id": subject, "channel": "sms", "then": "", "state": "due", "why": None,
            "lane": (1, 1, 2, 0)[one % 4], "body": body.model_dump_json(), "to": to.model_dump_json(), "segments": 1,
            "to_digest": vault.digest(number), "due_at": now, "send_after": now, "valid_until": end,
        })  # fmt: skip
    async with database.writing() as db:
        await store.write(db, rows)
    await vault.close()
    return numbers


async def _send(plan: Plan, said: dict[str, Any], database: Database, phones: Phones) -> None:
    """A sender, killed `kills` times while it works; then left alone until all is final."""
    dice, loop = random.Random(plan.seed), asyncio.get_running_loop()
    busy = plan.messages / (2 * plan.rate)
    ends = loop.time() + plan.within
    for life in range(plan.kills + 1):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.messaging.child", json.dumps(said), cwd=ROOT
        )
        try:
            if life < plan.kills:
                before = phones.submitted.total()
                while phones.submitted.total() < before + 5 and loop.time() < ends:  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
                await asyncio.sleep(dice.uniform(0.1, busy / (plan.kills + 1)))
                continue
            while loop.time() < ends and await _unfinished(database):  # noqa: ASYNC110
                await asyncio.sleep(0.5)
            await asyncio.sleep(min(3.0, ends - loop.time()))
        finally:
            process.send_signal(signal.SIGKILL)
            await process.wait()


async def _unfinished(database: Database) -> int:
    async with database.read() as db:
        query = select(func.count()).select_from(MESSAGE).where(MESSAGE.c.state.not_in(FINAL))
        return int((await db.execute(query)).scalar_one())


async def _judge(plan: Plan, database: Database, phones: Phones, numbers: dict[str, str], seconds: float) -> Result:
    async with database.read() as db:
        states = {row.id: row.state for row in await db.execute(select(MESSAGE.c.id, MESSAGE.c.state))}
        rows = list(await db.execute(select(ATTEMPT).order_by(ATTEMPT.c.claimed_at)))
    tried = Counter(row.state for row in rows)
    shown = {number: len(texts) for number, texts in phones.shown.items()}
    lost = [
        one for one, number in numbers.items()
        if not shown.get(number) and not (number.endswith(UNDELIVERABLE) and states[one] == "failed")
    ]  # fmt: skip
    return Result(
        phones=len(shown),
        doubled=sum(times > 1 for times in shown.values()),
        extra=sum(times - 1 for times in shown.values()),
        lost=len(lost),
        unseen=sum(state not in FINAL for state in states.values()),
        states=dict(Counter(states.values())),
        attempts=dict(tried),
        kills=plan.kills,
        seconds=round(seconds, 1),
        stories=tuple(
            f"{numbers[one]} {states[one]} "
            + ", ".join(f"{row.provider} {row.state} {row.why}" for row in rows if row.message_id == one)
            for one in lost
        ),
    )


def _row(name: str, one: Result) -> str:
    return (
        f"| {name} | {one.kills} | {one.phones} | {one.doubled} | {one.extra} | {one.lost} | {one.unseen} |"
        f" {one.states} | {one.seconds} s |"
    )


async def main(messages: int) -> None:
    print("| policy | kills | phones | twice or more | extra SMS | lost | not final | states | took |")
    print("|---|---|---|---|---|---|---|---|---|")
    for name, plan in (
        ("the rule, reference echoed", Plan(messages)),
        ("the rule, no reference echoed", Plan(messages, echo=False)),
        ("naive retry on the other provider", Plan(messages, naive=True)),
    ):
        with tempfile.TemporaryDirectory() as folder:
            found = await play(plan, Path(folder))
            print(_row(name, found), flush=True)
            for story in found.stories[:3] if not plan.naive else ():
                print(f"  lost: {story}", file=sys.stderr)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000))
