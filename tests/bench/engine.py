"""How fast is the engine? Best three, index, batch with prices, and how it grows: `python -m tests.bench.engine`."""

import os
import platform
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random
from statistics import median
from typing import TypeVar

from rich.console import Console
from rich.table import Table

from dispatcher.matching.open_slot import OpenSlot, Schedule, same
from dispatcher.matching.seats import OpenSeats
from dispatcher.planning.batch import plan
from dispatcher.planning.edges import edges
from dispatcher.planning.flow import assign
from dispatcher.planning.ground import Ask
from dispatcher.planning.prices import worth
from schemas.request import Need
from schemas.values import Mode, Place, SlotState
from services.reference.professions import DEMAND_SHARE, SUPPLY_SHARE
from tests.bench import best_three

NOW = datetime(2027, 1, 4, 8, tzinfo=UTC)
COMMUNES = 50
ROUNDS = 5
out = Console(highlight=False, soft_wrap=True)
T = TypeVar("T")


def world(requests: int, slots: int, *, balanced: bool, seed: int = 1) -> tuple[list[Ask], OpenSeats]:
    """Territories of about 1 000 requests each: 50 communes on 30 x 30 km, the people of the k-th ∝ 1/k^0.9.

    Slots in the coming 36 hours, 15 minutes each. Professions on both sides as in a CPTS, so that GPs are short of
    seats by half; `balanced` = slots are spread over the professions as the requests are.
    """
    dice = Random(seed)
    towns = [_communes(dice, number) for number in range(max(1, requests // 1000))]
    people = [1 / rank**0.9 for rank in range(1, COMMUNES + 1)]
    asked, supplied = DEMAND_SHARE, DEMAND_SHARE if balanced else SUPPLY_SHARE
    seats = OpenSeats()
    for number in range(slots):
        town = dice.randrange(len(towns))
        start = NOW + timedelta(minutes=dice.randrange(10, 36 * 60))
        modes = (Mode.OFFICE,) if dice.random() < 0.7 else (Mode.OFFICE, Mode.HOME)
        profession = dice.choices([*supplied], [*supplied.values()])[0]
        place = dice.choices(towns[town], people)[0]
        state = SlotState(version=1, free=1)
        who = f"p-{number // 20}"
        schedule = same(Schedule(f"t-{town}", who, profession, place, 15, 1, modes))
        seats.put(OpenSlot(f"s-{number:06d}", schedule, start, state))
    return [_ask(dice, number, towns, people, asked) for number in range(requests)], seats


def _communes(dice: Random, number: int) -> list[Place]:
    lat, lon = 42.5 + number // 5 * 0.7, -0.5 + number % 5 * 0.7
    return [
        Place(commune=f"{number:02d}{at:03d}", lat=lat + dice.random() * 0.27, lon=lon + dice.random() * 0.37)
        for at in range(COMMUNES)
    ]


def _ask(dice: Random, number: int, towns: list[list[Place]], people: list[float], asked: dict[str, float]) -> Ask:
    town, hours = dice.randrange(len(towns)), dice.choices([6, 12, 24], [1, 3, 6])[0]
    need = Need(
        profession=dice.choices([*asked], [*asked.values()])[0],
        place=dice.choices(towns[town], people)[0],
        earliest=NOW,
        deadline=NOW + timedelta(hours=24),
        hours=hours,
        modes=(Mode.OFFICE,) if dice.random() < 0.88 else (Mode.HOME, Mode.OFFICE),
        no_vehicle=dice.random() < 0.1,
    )
    return Ask(f"r-{number:06d}", need, f"t-{town}")


def timed(work: Callable[[], T]) -> tuple[float, T]:
    """Seconds, and what was made."""
    began = time.perf_counter()
    made = work()
    return time.perf_counter() - began, made


CLOCKS = {"wall": time.perf_counter, "processor": time.thread_time}


def online(table: Table) -> None:
    """Best three of 100 000 in some rounds; by the processor's clock too, for others may use the machine."""
    for place, one_area in (("a region", False), ("one area", True)):
        for name, clock in CLOCKS.items():
            rounds = [best_three.measure(one_area=one_area, clock=clock) for _ in range(ROUNDS)]
            for what, at, most in (("p50", 0, 120), ("p99", 1, 500), ("one change", 2, 20)):
                seen = [one[at] for one in rounds]
                said = f"best 3 of 100 000 in {place}, {what}, {name}"
                table.add_row(said, f"{median(seen):.0f} µs", f"{min(seen):.0f} µs", f"{most} µs")


@dataclass(frozen=True)
class Batch:
    """Seconds of one batch: its first edges, their flow and prices; and to the proof that no other edge would help."""

    edging: float
    solving: float
    pricing: float
    proving: float
    gap: float
    edges: int
    missed: int

    @property
    def first(self) -> float:
        return self.edging + self.solving + self.pricing


def one_batch(asks: list[Ask], seats: OpenSeats) -> Batch:
    edging, found = timed(partial(edges, asks, seats, NOW))
    solving, solved = timed(partial(assign, found))
    pricing, _ = timed(partial(worth, found, solved))
    proving, best = timed(partial(plan, asks, seats, NOW))
    gap = (solved.cost - best.cost) / best.cost
    return Batch(edging, solving, pricing, proving, gap, len(best.edges.request), len(best.missed))


def batch(table: Table, requests: int, *, balanced: bool, most: str = "") -> None:
    """The same batch three times."""
    asks, seats = world(requests, 2 * requests, balanced=balanced)
    seen = [one_batch(asks, seats) for _ in range(3)]
    best = min(seen, key=lambda one: one.first)
    name = f"{requests} x {2 * requests}, {'balanced' if balanced else 'GPs short'}"
    parts = f"edges {best.edging * 1e3:.0f}, flow {best.solving * 1e3:.0f}, prices {best.pricing * 1e3:.0f}"
    first, proved = [one.first * 1e3 for one in seen], [one.proving * 1e3 for one in seen]
    table.add_row(f"{name}: {parts}", f"{median(first):.0f} ms", f"{min(first):.0f} ms", most)
    said = f"{name}: proved; {best.edges} edges, {best.missed} missed, {best.gap:.2%} less"
    table.add_row(said, f"{median(proved):.0f} ms", f"{min(proved):.0f} ms", most)


def main(sizes: tuple[int, ...]) -> None:
    """Print the machine and one table."""
    out.print(f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    out.print(f"load before: {', '.join(f'{one:.1f}' for one in os.getloadavg())}\n")
    table = Table("what", "median", "best", "at most")
    online(table)
    for size in sizes:
        most = {1_000: "50 ms", 20_000: "4 000 ms"}.get(size, "")
        for balanced in (True, False):
            batch(table, size, balanced=balanced, most=most)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    table.add_row("memory of all of this in one process", f"{memory:.0f} MB", "", "512 MB")
    out.print(table)


if __name__ == "__main__":
    main((1_000, 5_000) if "--quick" in sys.argv else (1_000, 5_000, 10_000, 20_000))
