"""How does one seed run? A morning of people and faults, a calm in which all is mended, the end of all deadlines."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from schemas.event import derived_id
from schemas.territory import Territory
from services.reference.territories import load_territories
from services.run import tune_the_interpreter
from services.simulation.faults import BUSY, PROCESSES, Fault
from services.simulation.file import File
from services.simulation.hours import DAWN, StandsStill, VirtualLoop
from services.simulation.people import TERRITORY, People, draw_day
from services.simulation.phones import Phones
from services.simulation.process import Process
from services.simulation.promises import Ledgers
from services.simulation.strangers import rubbish, stray_booking
from services.simulation.transport import Transport
from services.simulation.world import Broken, World

PATIENCE = 900.0
"""Seconds after which what has not come to rest never will: longer than all retries together."""
AFTER_THE_LAST = timedelta(minutes=3)
SETTLES = 20.0
"""Seconds from what people did last until the day is judged: a message waits ten for something newer."""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a seed. `broken` is the invariant that does not hold, None when all do."""

    seed: int
    broken: str | None
    fingerprint: str
    requests: int
    faults: tuple[Fault, ...]
    struck: tuple[Fault, ...]
    trace: tuple[tuple[float, str, str], ...]


class Day:
    """The world of one seed, put together."""

    def __init__(self, world: World, file: File, territories: Mapping[str, Territory]) -> None:
        self.world = world
        self.file = file
        self.transport = Transport(world)
        self.phones = Phones()
        parts = (file, self.transport, self.phones, territories, self._committed)
        self.processes = [Process(world, name, *parts) for name in PROCESSES]
        self.people = People(world, file, self.processes)
        self.ledgers = Ledgers(file)

    async def live(self) -> None:
        """The whole day. Raises Broken with the first invariant that does not hold."""
        self.world.calm = True  # the town is founded in peace
        for process in self.processes:
            await process.begin()
        await self.people.settle()
        self.world.calm = False
        tasks = [self.world.loop.create_task(self.people.live(wish)) for wish in draw_day(self.world.seed)]
        people = (self.people.answer_alerts(), self.people.answer_offers(), self.people.cancel_on_who_moves())
        answering = [self.world.loop.create_task(one) for one in people]
        for fault in self.world.faults:
            self._plan(fault)
        await self._go_on(BUSY + 1 - self.world.elapsed)
        self.world.calm = True
        self.world.note("world", "nothing more goes wrong")
        for process in self.processes:
            await process.reconnect()
        await self._all(tasks)
        await self._rest()
        last = max((need.deadline for need in self.people.entered.values()), default=DAWN)
        await self._go_on((last + AFTER_THE_LAST - DAWN).total_seconds() - self.world.elapsed)
        for task in answering:
            task.cancel()
        await self._go_on(SETTLES)
        await self._rest()
        world = (self.people, self.transport, self.phones, self.processes)
        self.world.broken(await self.ledgers.at_the_end(*world, DAWN + timedelta(seconds=self.world.elapsed)))
        await self._go_on(0.001)

    def _committed(self) -> None:
        """Between two transactions: what must hold at every moment, and what is due next."""
        self.world.broken(self.ledgers.at_once())
        due = self.file.next_due()
        for process in self.processes:
            process.plan_sweep(due)

    async def _go_on(self, seconds: float) -> None:
        """Let time pass, and stop at the first thing that went wrong."""
        if seconds > 0:
            done, _ = await asyncio.wait([self.world.failure], timeout=seconds)
            for failure in done:
                raise Broken(failure.result())

    async def _all(self, tasks: Sequence[asyncio.Task[None]]) -> None:
        """Everybody got the answer to what was asked."""
        try:
            await asyncio.gather(*tasks)
        except Exception as failed:
            raise Broken(f"I1: somebody was answered with {type(failed).__name__}: {failed}") from failed

    async def _rest(self) -> None:
        """Until nothing is under way any more."""
        left: list[str] = []
        for _ in range(int(PATIENCE / 5)):
            now = DAWN + timedelta(seconds=self.world.elapsed)
            left = self.transport.waiting() + self.ledgers.under_way(now)
            if all(one.ready for one in self.processes) and not left:
                return
            await self._go_on(5)
        raise Broken("I7: the house never comes to rest: " + "; ".join(left[:3]))

    def _plan(self, fault: Fault) -> None:
        acts = {"partition": self._cut_off, "forgetful": self._forget, "garbage": self._garbage, "stray": self._stray}
        if fault.kind in acts:
            self.world.loop.call_at(fault.at, acts[fault.kind], fault)

    def _cut_off(self, fault: Fault) -> None:
        process = next(one for one in self.processes if one.name == fault.process)
        self.world.strike(fault)
        process.cut_off()
        self.world.loop.call_later(fault.lasts, lambda: self.world.loop.create_task(process.reconnect()))

    def _forget(self, fault: Fault) -> None:
        self.world.strike(fault)
        self.transport.forget_ids()

    def _garbage(self, fault: Fault) -> None:
        self.world.strike(fault)
        self.transport.store_strange(*rubbish(TERRITORY, fault.number))

    def _stray(self, fault: Fault) -> None:
        self.world.strike(fault)
        self.transport.store_strange(*stray_booking(TERRITORY, derived_id("stray", str(fault.number))))


class Stage:
    """Where days are played one after another: a loop, a file, the reference data. Each day begins with nothing."""

    def __init__(self) -> None:
        self.file = File()
        self._territories = load_territories()
        self._loop = VirtualLoop()
        tune_the_interpreter()

    def play(self, seed: int, without: Collection[int] = ()) -> Result:
        """The day of this seed, to its end or to the first invariant that does not hold."""
        loop = self._loop
        loop.begin_again()
        asyncio.set_event_loop(loop)
        world = World(seed, loop, without)
        day = Day(world, self.file, self._territories)
        broken: str | None = None
        try:
            loop.run_until_complete(self.file.renew())
            loop.run_until_complete(day.live())
        except Broken as found:
            broken = str(found)
        except StandsStill:
            broken = "the house stands still: somebody waits for what cannot come"
        trace, fingerprint = tuple(world.trace), world.fingerprint()
        self._clear()
        return Result(
            seed, broken, fingerprint, len(day.people.entered), tuple(world.faults), tuple(world.struck), trace
        )

    def leave(self) -> None:
        """Nothing stays behind."""
        self._loop.close()
        self.file.remove()

    def _clear(self) -> None:
        """Nobody lives beyond the end of the day."""
        left = asyncio.all_tasks(self._loop)
        for task in left:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        self._loop.run_until_complete(self.file.close_connections())
        asyncio.set_event_loop(None)
