"""Which runs are there? Killed in turn, NATS's disk full, PostgreSQL's disk full: each from nothing to a verdict."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg
from sqlalchemy.exc import SQLAlchemyError

from services.bus.streams import STREAM
from services.storage.database import Database
from tests.chaos import disks
from tests.chaos import faults as wrong
from tests.chaos.cast import Cast
from tests.chaos.faults import Faults, Kill, Say
from tests.chaos.judge import judge, marks
from tests.chaos.load import Load
from tests.chaos.report import Scene, recovery

STORE_MB, DATA_MB = 64, 320


@dataclass(frozen=True, slots=True)
class Length:
    """How much of everything: the short one for `make test`, the long one for `make chaos`."""

    per_second: float
    rounds: int
    gap: tuple[float, float]
    away: float
    settle: float
    short: bool = False


SHORT = Length(per_second=6, rounds=1, gap=(0.6, 1.2), away=4, settle=120, short=True)
LONG = Length(per_second=10, rounds=20, gap=(0.5, 4.0), away=15, settle=420)


async def killed_in_turn(folder: Path, length: Length, seed: int, say: Say) -> Scene:
    """Everybody dies again and again; NATS is away; everything is delivered twice; a clock jumps."""
    faults = Faults()
    async with playing(folder, length, seed) as (cast, load):
        say("everything runs; people work; the killing begins")

        async def felt(kill: Kill) -> None:
            if not length.short:
                await _goes_on(cast, load, kill)

        await wrong.kill_in_turn(cast, faults, rounds=length.rounds, gap=length.gap, seed=seed, say=say, felt=felt)
        await cast.answers()
        await asyncio.sleep(length.away / 4)
        say(f"NATS is away for {length.away:.0f} s")
        await wrong.nats_away(cast, faults, length.away)
        await asyncio.sleep(length.away / 4)
        if not length.short:
            await _only_in_the_long_run(cast, faults, say)
        again = await wrong.deliver_twice(cast)
        faults.notes.append(f"the whole stream was delivered twice: {again} facts")
        say(f"{again} facts are delivered a second time")
        await asyncio.sleep(length.away / 4)
        return await _end("killed in turn", cast, load, faults, length, say)


async def disk_full(folder: Path, whose: str, length: Length, seed: int, say: Say) -> Scene:
    """The disk of one server has no room left for a while, under load. Raises NoDisk."""
    faults = Faults()
    place = {"nats": ("store", STORE_MB), "postgres": ("data", DATA_MB)}[whose]
    with disks.small_disk(folder / "small", place[1]) as disk:
        inside = disk / "inside"
        async with playing(folder / "rest", length, seed, **{place[0]: inside}) as (cast, load):
            await asyncio.sleep(5)
            died = cast.players[whose].starts
            with disks.filled(disk):
                say(f"the disk of {whose} is full")
                await asyncio.sleep(20)
            say(f"there is room again on the disk of {whose}")
            by_itself = await _recovers(cast, load, 45)
            faults.notes.append(
                f"{whose} ended {cast.players[whose].starts - died} times by itself; with room again, work went on "
                + ("by itself" if by_itself else "only after a restart of it")
            )
            if not by_itself:
                await cast.kill(whose)
                await asyncio.sleep(10)
            return await _end(f"disk of {whose} full", cast, load, faults, length, say)


@asynccontextmanager
async def playing(folder: Path, length: Length, seed: int, **cast: Any) -> AsyncIterator[tuple[Cast, Load]]:
    """Everything runs and people work, until the end of the block."""
    playing = Cast(folder, **cast)
    load = Load(playing.url, per_second=length.per_second, seed=seed)
    try:
        await playing.start()
        await load.start()
        yield playing, load
    finally:
        await load.break_off()
        await playing.stop()


async def _only_in_the_long_run(cast: Cast, faults: Faults, say: Say) -> None:
    say("web is killed while NATS is away")
    came = await wrong.web_restarts_without_nats(cast, 90)
    faults.notes.append(
        f"a web killed while NATS is away {'answers again' if came else 'does NOT answer'} before it is back"
    )
    await wrong.jump_the_clock(cast, faults, name="clock", seconds=20, say=say)


async def _goes_on(cast: Cast, load: Load, kill: Kill) -> None:
    """Wait until what died does its work again; not for ever."""
    database = Database(cast.database_url())
    try:
        async with asyncio.timeout(90):
            while recovery(kill, load.journal, await _marks(database)) is None:  # noqa: ASYNC110  # nobody tells
                await asyncio.sleep(0.3)
    except TimeoutError:
        return
    finally:
        await database.close()


async def _marks(database: Database) -> dict[str, datetime]:
    try:
        async with database.read() as db:
            return await marks(db)
    except (SQLAlchemyError, OSError, asyncpg.PostgresError):
        return {}


async def _recovers(cast: Cast, load: Load, seconds: float) -> bool:
    """Whether a request entered from now on is acknowledged, and its facts reach the stream."""
    known, last = len(load.journal.requests), -1
    for _ in range(int(seconds)):
        await asyncio.sleep(1)
        try:
            async with asyncio.timeout(5), cast.operator() as client:
                stored = (await client.jetstream().stream_info(STREAM)).state.last_seq
        except Exception:
            continue
        if last >= 0 and stored > last and len(load.journal.requests) > known:
            return True
        last = stored
    return False


async def _end(name: str, cast: Cast, load: Load, faults: Faults, length: Length, say: Say) -> Scene:
    say("people stop; everything comes to rest")
    await load.stop()
    if length.short:
        async with cast.operator() as client:
            await wrong.hurry(client.jetstream(timeout=20), 1.0)
    verdict = await judge(cast, load.journal, settled=not length.short, give_up=length.settle, say=say)
    return Scene(name, load.journal, faults, verdict)
