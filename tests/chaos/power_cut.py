"""What is left when the power is cut? What the kernel had not written yet is gone; what was promised must not be.

NATS and PostgreSQL write to a disk whose power can be cut (tests/chaos/disks.py). At some moment everything dies and
the power goes; everything starts on what is left, and that is compared with what was acknowledged before.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from nats.js.errors import NotFoundError
from sqlalchemy import select

from services.checks.readers import stored
from services.storage.database import Database
from services.storage.ledger import OUTBOX
from tests.chaos.cast import DURABLE, Cast
from tests.chaos.disks import Disk, disk
from tests.chaos.faults import Faults, Say
from tests.chaos.judge import judge, lost
from tests.chaos.load import Load
from tests.chaos.people import Journal, now
from tests.chaos.report import Scene
from tests.chaos.scenes import Length

DISK_MB = 700
WORK = 20.0
"""Seconds of load before the cut: less than the 30 s after which Linux writes everything by itself."""
LAZY_POSTGRES = ("fsync=on", "synchronous_commit=off", "full_page_writes=on", "wal_writer_delay=5s")


@dataclass(frozen=True, slots=True)
class Survived:
    """Of what was acknowledged to people, and of what NATS had acknowledged to the house: all, and what is gone."""

    promised: int
    lost: int
    published: int
    missing: int

    def __str__(self) -> str:
        return f"{self.lost} of {self.promised} promises gone, {self.missing} of {self.published} published facts gone"


async def power_cut(folder: Path, length: Length, seed: int, say: Say) -> Scene:
    """As in production: nothing promised may be gone, and all work is finished. Raises NoDisk."""
    faults = Faults()
    with disk(folder, DISK_MB) as made:
        journal, moment = await _work_until_cut(_on(folder / "first", made), made, length, seed, say)
        cast = _on(folder / "second", made)
        try:
            await cast.start_servers()
            faults.notes.append(str(await what_survived(cast, journal, moment)))
            say(faults.notes[-1])
            await cast.start()
            verdict = await judge(cast, journal, settled=True, give_up=length.settle, say=say, before=moment)
        finally:
            await cast.stop()
    return Scene("power cut", journal, faults, verdict)


async def lazy_power_cut(
    folder: Path,
    length: Length,
    seed: int,
    say: Say,
    *,
    sync_interval: str = "always",
    postgres: Sequence[str] = DURABLE,
) -> str:
    """The same with a server that acknowledges before its disk has it: what that loses, in words."""
    with disk(folder, DISK_MB) as made:
        weak = _on(folder / "first", made, sync_interval=sync_interval, postgres=postgres)
        journal, moment = await _work_until_cut(weak, made, length, seed, say)
        cast = _on(folder / "second", made)
        try:
            await cast.start_servers()
            return str(await what_survived(cast, journal, moment))
        finally:
            await cast.stop()


async def what_survived(cast: Cast, journal: Journal, moment: datetime) -> Survived:
    """Read from the servers alone, before anybody works on what is left."""
    database = Database(cast.database_url())
    try:
        async with database.read() as db:
            gone = await lost(db, journal, before=moment)
            rows = await db.execute(select(OUTBOX.c.id).where(OUTBOX.c.published_at < moment))
            published = {row.id for row in rows}
    finally:
        await database.close()
    async with cast.operator() as client:
        try:
            kept = {one.name async for batch in stored(client.jetstream(timeout=20)) for one in batch}
        except NotFoundError:  # not even the stream is left
            kept = set()
    promises = (*(one.promised for one in journal.requests.values()), *journal.withdrawn.values(),
                *journal.slots.values(), *journal.closed_slots.values())  # fmt: skip
    return Survived(sum(at < moment for at in promises), len(gone), len(published), len(published - kept))


async def _work_until_cut(cast: Cast, made: Disk, length: Length, seed: int, say: Say) -> tuple[Journal, datetime]:
    load = Load(cast.url, per_second=length.per_second, seed=seed)
    try:
        await cast.start()
        await load.start()
        say(f"people work for {WORK:.0f} s")
        await asyncio.sleep(WORK)
        moment = now()
        await cast.power_off()
        await asyncio.to_thread(made.cut)
        say("the power was cut; what is left is mounted")
    finally:
        await load.break_off()
        await cast.stop()
    return load.journal, moment


def _on(folder: Path, made: Disk, **more: Any) -> Cast:
    return Cast(folder, store=made.place / "nats", data=made.place / "postgres", **more)
