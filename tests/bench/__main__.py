"""Run every measure and print one table: `make bench` (or `python -m tests.bench --quick`); `--much` for backlogs."""

import asyncio
import os
import platform
import sys
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

from rich.console import Console

from tests.bench import backlog, best_three, corridor, floor, latency, separate, stored
from tests.bench.corridor import Rate
from tests.servers import postgres_programs

T = TypeVar("T")
out = Console(highlight=False, soft_wrap=True)


LEVELS = (10_000, 100_000, 1_000_000)


def main(size: int) -> None:
    """Print the machine, then each figure as it is known, for `size` requests through the corridor."""
    _machine()
    with tempfile.TemporaryDirectory() as folder:
        rate = _run(corridor.measure(corridor.settings_in(Path(folder) / "corridor"), size))
        limit = _run(floor.measure(Path(folder) / "floor", size))
        _say_rate("whole corridor, SQLite, one process", rate)
        out.print(f"hand-written floor       {limit:8.0f} requests/s  (2 hops, no types, no audit)")
        out.print(f"  corridor / floor       {rate.per_second / limit:8.2f}")
        _on_postgresql(Path(folder) / "separate", size)
        seen = _run(latency.measure(Path(folder) / "latency", 100 if size < 1_000 else 600, burst=size // 5))
        out.print(f"\nPOST → message due       p50 {seen.p50:6.1f} ms   p99 {seen.p99:6.1f} ms   at 20 requests/s")
        out.print(f"POST → answer            p50 {seen.answer_p50:6.1f} ms   p99 {seen.answer_p99:6.1f} ms")
        out.print(f"HTTP entry, 32 callers   {seen.entries_per_second:8.0f} requests/s (the client shares the machine)")
        out.print(f"memory of `relais up`    {seen.memory_mb:8.0f} MB\n")
    seats = 10_000 if size < 1_000 else 100_000
    for name, one_area in (("a region", False), ("ten communes", True)):
        p50, p99, change = best_three.measure(seats, one_area=one_area)
        out.print(f"best 3 of {seats} in {name:13} p50 {p50:6.0f} µs  p99 {p99:6.0f} µs   one change {change:5.1f} µs")
    out.print("\nNext: write the figures with the machine into docs/figures.md.")


def much() -> None:
    """A backlog of 100 000, and a corridor over a million stored: half an hour, and 20 GB of disk for a while."""
    _machine()
    with tempfile.TemporaryDirectory() as folder:
        drained = _run(backlog.measure(Path(folder) / "backlog", 100_000))
        out.print(
            f"backlog of {drained.requests}: {drained.requests / drained.seconds:.0f} requests/s; MB after each tenth:"
        )
        out.print("  " + " ".join(f"{one:.0f}" for one in drained.memory_mb))
    if postgres_programs() is not None:
        with tempfile.TemporaryDirectory() as folder:
            apart = asyncio.run(separate.measure(Path(folder) / "apart", 100_000))
        _say_rate("the same on PostgreSQL, a process for each room", apart.rate)
        for name, memory in apart.memory_mb.items():
            out.print(f"  {name:14} {' '.join(f'{one:.0f}' for one in memory)} MB")
    with tempfile.TemporaryDirectory() as folder:
        _run(_over_stored(Path(folder)))


async def _over_stored(folder: Path) -> None:
    async for level, rate in stored.measure(folder, LEVELS):
        _say_rate(f"{level} requests stored", rate)


def _on_postgresql(folder: Path, size: int) -> None:
    if postgres_programs() is None:
        out.print("whole corridor, PostgreSQL: not measured, there is none here (set PG_BIN)")
        return
    # Not on uvloop: it starts no process as another user, and PostgreSQL does not run as root.
    _say_rate("whole corridor, PostgreSQL, a process for each room", asyncio.run(separate.measure(folder, size)).rate)


def _say_rate(what: str, rate: Rate) -> None:
    out.print(f"{what}: {rate.per_second:.0f} requests/s ({rate.requests} requests, 4 hops, sealed, audited)")
    out.print(
        f"  processor time of Relais {rate.cpu_us:6.0f} µs a request; entered in bulk {rate.entered_per_second:.0f}/s"
    )


def _machine() -> None:
    out.print(f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    out.print(f"load before: {', '.join(f'{one:.1f}' for one in os.getloadavg())} (compare ratios, not machines)\n")


def _run(work: Coroutine[Any, Any, T]) -> T:
    factory = None
    if sys.platform != "win32":
        import uvloop

        factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(work)


if __name__ == "__main__":
    if "--much" in sys.argv:
        much()
    else:
        main(500 if "--quick" in sys.argv else 5_000)
