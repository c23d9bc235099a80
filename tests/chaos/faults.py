"""What goes wrong? Kills at random moments, servers away, a stream delivered twice, a clock that jumps."""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from nats.js import JetStreamContext, api
from nats.js.errors import NotFoundError

from services.bus.streams import STREAM
from tests.chaos.cast import Cast
from tests.chaos.people import now

Say = Callable[[str], None]
Felt = Callable[["Kill"], Awaitable[None]]
VICTIMS = ("web", "dispatcher", "availability", "notifications", "clock", "nats", "postgres")


@dataclass(frozen=True, slots=True)
class Kill:
    """Who died, when it was dead, and whether everything else was well: only then the time to recover is its own."""

    name: str
    dead: datetime
    alone: bool


@dataclass
class Faults:
    """Everything that was done, and the time in which NATS alone was away."""

    kills: list[Kill] = field(default_factory=list)
    away: list[tuple[datetime, datetime]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


async def kill_in_turn(
    cast: Cast, faults: Faults, *, rounds: int, gap: tuple[float, float], seed: int, say: Say, felt: Felt
) -> None:
    """Each dies once a round, in another order each time, after a pause that nobody can foresee.

    In every second round the next one dies only when the last one's work goes on again (`felt`); in the others they
    die on top of one another.
    """
    dice = random.Random(seed)
    for number in range(1, rounds + 1):
        order = list(VICTIMS)
        dice.shuffle(order)
        alone = number % 2 == 0
        for name in order:
            await asyncio.sleep(dice.uniform(*gap))
            faults.kills.append(Kill(name, await cast.kill(name), alone))
            if alone:
                await felt(faults.kills[-1])
        for kill in faults.kills[-len(order) :]:
            await felt(kill)
        say(f"round {number} of {rounds}, {'one by one' if alone else 'all at once'}: {', '.join(order)}")


async def nats_away(cast: Cast, faults: Faults, seconds: float) -> None:
    """NATS is stopped, and started again."""
    down = await cast.players["nats"].hold()
    await asyncio.sleep(seconds)
    faults.away.append((down, now()))
    cast.players["nats"].let_go()


async def web_restarts_without_nats(cast: Cast, seconds: float) -> bool:
    """Whether a web that is killed while NATS is away answers again before NATS is back."""
    await cast.players["nats"].hold()
    await cast.kill("web")
    try:
        async with asyncio.timeout(seconds):
            await cast.answers()
        came = True
    except TimeoutError:
        came = False
    cast.players["nats"].let_go()
    await cast.answers()
    return came


async def deliver_twice(cast: Cast) -> int:
    """The readers' progress is gone: everything in the stream comes again. How many facts."""
    async with cast.operator() as client:
        js = client.jetstream(timeout=20)
        for info in await js.consumers_info(STREAM):
            if info.config.durable_name is None:
                continue
            info.config.deliver_policy = api.DeliverPolicy.ALL
            with contextlib.suppress(NotFoundError):
                await js.delete_consumer(STREAM, info.name)
            await js.add_consumer(STREAM, info.config)
        return (await js.stream_info(STREAM)).state.messages


async def hurry(js: JetStreamContext, seconds: float) -> None:
    """What a killed process held unacknowledged comes again soon: a short run cannot wait for production's 30 s."""
    for info in await js.consumers_info(STREAM):
        if info.config.durable_name is not None:
            info.config.ack_wait = seconds
            await js.add_consumer(STREAM, info.config)


FAKE_TIME = (
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1",
)


def fake_time_library() -> Path | None:
    return next((path for path in map(Path, FAKE_TIME) if path.exists()), None)


async def jump_the_clock(cast: Cast, faults: Faults, *, name: str, seconds: float, say: Say) -> None:
    """The wall clock of one process jumps 3 hours ahead, then 3 behind; its monotonic one goes on, as on a machine."""
    library = fake_time_library()
    if library is None:
        faults.notes.append("clock jump: skipped, libfaketime is not installed (apt install libfaketime)")
        return
    player, offset = cast.players[name], cast.folder / "wall-clock"
    offset.write_text("+0\n")
    before = dict(player.environment)
    player.environment |= {
        "LD_PRELOAD": str(library),
        "FAKETIME_TIMESTAMP_FILE": str(offset),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    await cast.kill(name)
    await asyncio.sleep(seconds)
    for jump in ("+10800", "-10800"):
        say(f"the wall clock of {name} jumps to {jump} s")
        offset.write_text(jump + "\n")
        await asyncio.sleep(seconds)
    player.environment = before
    await cast.kill(name)
    faults.notes.append(f"clock jump: {name} at +3 h and -3 h for {seconds:.0f} s each")
