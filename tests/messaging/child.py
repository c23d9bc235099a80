"""What is killed? A process that sends, and nothing else: `python -m tests.messaging.child '{…}'`.

Graces are the product's divided by `faster`, so that a run takes a minute and not twenty. With `naive` the rule is
replaced by what everybody does: receipts are for the statistics; what was not answered, or was on its way when the
process died, is sent again by the other provider.
"""

import asyncio
import json
import os
import sys
from typing import Any

from sqlalchemy import update

from notifications import attempts, receipts, routing, rule, sending
from notifications.channels.sms_smpp import Channel, Config
from notifications.tables import ATTEMPT, MESSAGE
from services.clock import Clock
from services.mailbox import Mailbox
from services.sender import Sender
from services.storage.database import Database
from services.storage.keyring import Keyring

MASTER = bytes(range(32))


def hurry(times: float) -> None:
    """Everything that is waited for, so many times shorter."""
    for lane, grace in rule.GRACE.items():
        rule.GRACE[lane] = grace / times
    sending.GRACE, sending.LISTEN = sending.GRACE / times, sending.LISTEN / times
    routing.WITHIN, routing.OPEN = routing.WITHIN / times, routing.OPEN / times


def be_naive() -> None:
    """As everybody does."""

    def again(word: str, stand: Any, now: Any) -> Any:
        return rule._elsewhere(word, stand, now, "ambiguous")

    rule._ambiguous = again

    async def failed(db: Any, attempt_id: str, was: str, becomes: str, word: str, now: Any) -> bool:
        return await honest(db, attempt_id, was, "lost" if becomes == "ambiguous" else becomes, word, now)

    async def not_looked_at(*_: Any) -> list[Any]:
        return []

    receipts._match = not_looked_at  # type: ignore[assignment]
    honest, attempts.answered = attempts.answered, failed


async def forget_what_was_under_way(database: Database) -> None:
    """A naive sender begins with what its predecessor had in hand."""
    async with database.writing() as db:
        await db.execute(update(MESSAGE).where(MESSAGE.c.state == "claimed").values(state="due"))
        await db.execute(update(ATTEMPT).where(ATTEMPT.c.state == "claimed").values(state="lost"))


async def send(said: dict[str, Any]) -> None:
    hurry(said["faster"])
    database = Database(said["database"])
    clock = Clock()
    vault = Keyring(Database(said["keyring"]), clock, MASTER)
    if said.get("naive"):
        be_naive()
        await forget_what_was_under_way(database)
    channels = {
        name: Channel(
            Config(
                name=name, host="127.0.0.1", port=port, system_id="relais", password="secret", rate=said["rate"],
                answer_within=said["answer_within"],
            )
        )
        for name, port in said["providers"].items()
    }  # fmt: skip
    mailbox = Mailbox(database, clock)
    sender = Sender(mailbox, vault, clock, channels)
    async with asyncio.TaskGroup() as group:
        group.create_task(mailbox.run())
        group.create_task(sender.run())
        group.create_task(_orphaned())


async def _orphaned() -> None:
    """Nobody's child ends by itself."""
    parent = os.getppid()
    while os.getppid() == parent:  # noqa: ASYNC110  # nothing tells
        await asyncio.sleep(1)
    os._exit(1)


if __name__ == "__main__":
    asyncio.run(send(json.loads(sys.argv[1])))
