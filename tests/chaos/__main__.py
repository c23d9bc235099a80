"""Run the long version and print the table: `make chaos` (or `python -m tests.chaos --short`)."""

import argparse
import asyncio
import sys
import tempfile
import traceback
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import Any

from tests.chaos import power_cut, scenes
from tests.chaos.disks import NoDisk
from tests.chaos.faults import Say
from tests.chaos.people import now
from tests.chaos.report import Report, Scene
from tests.chaos.scenes import Length
from tests.servers import postgres_programs

LAZY: dict[str, dict[str, Any]] = {
    "sync_interval 2m for NATS": {"sync_interval": "2m"},
    "synchronous_commit=off for PostgreSQL": {"postgres": power_cut.LAZY_POSTGRES},
}
"""Settings that are quicker, and what a power cut takes then: shown, so that nobody is tempted."""

Play = Callable[[Path, Length, int, Say], Awaitable[Scene]]
SCENES: dict[str, Play] = {
    "killed": scenes.killed_in_turn,
    "nats-full": lambda folder, length, seed, say: scenes.disk_full(folder, "nats", length, seed, say),
    "power-cut": power_cut.power_cut,
    "postgres-full": lambda folder, length, seed, say: scenes.disk_full(folder, "postgres", length, seed, say),
}


def main() -> int:
    """0 when nobody was lost and nothing was done twice."""
    options = _options()
    if postgres_programs() is None:
        print("No PostgreSQL: install Debian's postgresql, or set PG_BIN to the folder with initdb.")
        return 2
    length = replace(scenes.LONG, rounds=options.rounds)
    names = [options.only] if options.only else list(SCENES)
    if options.short:
        length, names = scenes.SHORT, ["killed"]
    report = Report(f"python -m tests.chaos {' '.join(sys.argv[1:])}".strip(), options.seed)
    for name in names:
        asyncio.run(play(report, name, length))
    return _conclude(report, options.out)


def _options() -> argparse.Namespace:
    asked = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    asked.add_argument("--out", type=Path, help="write the report there, too (markdown)")
    asked.add_argument("--seed", type=int, default=1, help="the same seed kills in the same order")
    asked.add_argument("--rounds", type=int, default=scenes.LONG.rounds, help="kills of each process")
    asked.add_argument("--short", action="store_true", help="as in make test: one kill of each")
    asked.add_argument("--only", choices=sorted(SCENES), help="one scene only")
    return asked.parse_args()


async def play(report: Report, name: str, length: Length) -> None:
    """Play one scene into the report: judged, or skipped for want of a disk, or broken off."""
    began = monotonic()
    print(f"\n{name}", flush=True)

    def say(text: str) -> None:
        print(f"  {monotonic() - began:6.1f} s  {text}", flush=True)

    try:
        with _folder() as folder:
            report.scenes.append(await SCENES[name](folder, length, report.seed, say))
        for words, weaker in LAZY.items() if name == "power-cut" else ():
            say(f"the same with {words}")
            with _folder() as folder:
                taken = await power_cut.lazy_power_cut(folder, length, report.seed, say, **weaker)
            report.notes.append(f"power cut with {words}, to show that the test bites: {taken}")
            say(taken)
    except NoDisk as refused:
        report.notes.append(f"{name}: skipped, {refused}")
        say(f"skipped: {refused}")
    except Exception as error:
        traceback.print_exc()
        report.broken.append(f"{name}: broke off, {type(error).__name__}: {error}")


@contextmanager
def _folder() -> Iterator[Path]:
    """A folder that is gone afterwards; open, as PostgreSQL runs as somebody else where we are root."""
    with tempfile.TemporaryDirectory(prefix="relais-chaos-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def _conclude(report: Report, out: Path | None) -> int:
    table = report.markdown()
    print(f"\n{table}")
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(f"# Chaos\n\n{report.heading(now())}\n\n{table}", "utf-8")
        print(f"Written to {out}.")
    if report.clean:
        print("Nobody was lost, nothing was done twice. Next: compare the times with docs/chaos.md.")
        return 0
    print("Something is wrong (above). Next: the same seed kills in the same order; --only SCENE plays one alone.")
    return 1


if __name__ == "__main__":
    sys.exit(main())
