"""Play the months and say what came out: `python -m tests.bench.month [--seeds 3] [--days 28] [--out DIR]`."""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from tests.bench.month import report
from tests.bench.month.study import a_setting, side_by_side
from tests.bench.month.world import SUPPLY

out = Console(highlight=False, soft_wrap=True)


def main(said: Sequence[str] | None = None) -> None:
    """Both supplies, all policies, one month a seed. Tables to the screen; tables and drawings into `--out`."""
    asked = _asked(said)
    studied = {}
    for supply in SUPPLY:
        studied[supply] = []
        for seed in range(1, asked.seeds + 1):
            began = time.monotonic()
            setting = a_setting(supply, seed, asked.days)
            studied[supply].append(side_by_side(setting))
            out.print(
                f"{supply}, seed {seed}: {len(setting.requests)} calls, {len(setting.seats)} seats, "
                f"{time.monotonic() - began:.0f} s"
            )
    for supply, months in studied.items():
        out.print(f"\n{supply}\n{report.table(months)}")
    if asked.out is not None:
        report.write(studied, asked.out)


def _asked(said: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.month", description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--days", type=int, default=28)
    parser.add_argument("--out", type=Path)
    return parser.parse_args(said)


if __name__ == "__main__":
    main()
