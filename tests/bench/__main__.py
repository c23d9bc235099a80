"""Run every measure and print one table: `make bench` (or `python -m tests.bench --quick`)."""

import asyncio
import os
import platform
import sys
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

from rich.console import Console

from tests.bench import best_three, corridor, floor, latency

T = TypeVar("T")
out = Console(highlight=False)


def main(quick: bool) -> None:
    """Print the machine, then each figure as it is known. `quick` measures a tenth."""
    size = 500 if quick else 5_000
    out.print(f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    out.print(f"load before: {', '.join(f'{one:.1f}' for one in os.getloadavg())} (compare ratios, not machines)\n")
    with tempfile.TemporaryDirectory() as folder:
        rate = _run(corridor.measure(corridor.settings_in(Path(folder) / "corridor"), size))
        limit = _run(floor.measure(Path(folder) / "floor", size))
        out.print(
            f"whole corridor, SQLite   {rate.per_second:8.0f} requests/s  ({size} requests, 4 hops, sealed, audited)"
        )
        out.print(f"  entry, in bulk         {rate.entered_per_second:8.0f} requests/s")
        out.print(f"hand-written floor       {limit:8.0f} requests/s  (2 hops, no types, no audit)")
        out.print(f"  corridor / floor       {rate.per_second / limit:8.2f}\n")
        seen = _run(latency.measure(Path(folder) / "latency", 100 if quick else 600, burst=size // 5))
        out.print(f"POST → message due       p50 {seen.p50:6.1f} ms   p99 {seen.p99:6.1f} ms   at 20 requests/s")
        out.print(f"POST → answer            p50 {seen.answer_p50:6.1f} ms   p99 {seen.answer_p99:6.1f} ms")
        out.print(f"HTTP entry, 32 callers   {seen.entries_per_second:8.0f} requests/s (the client shares the machine)")
        out.print(f"memory of `relais up`    {seen.memory_mb:8.0f} MB\n")
    seats = 10_000 if quick else 100_000
    for name, one_area in (("a region", False), ("ten communes", True)):
        p50, p99, change = best_three.measure(seats, one_area=one_area)
        out.print(f"best 3 of {seats} in {name:13} p50 {p50:6.0f} µs  p99 {p99:6.0f} µs   one change {change:5.1f} µs")
    out.print("\nNext: write the figures with the machine into docs/figures.md.")


def _run(work: Coroutine[Any, Any, T]) -> T:
    factory = None
    if sys.platform != "win32":
        import uvloop

        factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(work)


if __name__ == "__main__":
    main("--quick" in sys.argv)
