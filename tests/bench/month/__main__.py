"""Play the months and say what came out: `python -m tests.bench.month [--seeds 3] [--days 28] [--out DIR]`."""

import argparse
import time
from collections.abc import Sequence
from itertools import product
from pathlib import Path

from rich.console import Console

from tests.bench.month import report
from tests.bench.month.placing import placed
from tests.bench.month.study import a_setting, side_by_side, with_troubles
from tests.bench.month.world import SUPPLY

out = Console(highlight=False, soft_wrap=True)


def main(said: Sequence[str] | None = None) -> None:
    """Both supplies, one month a seed: every policy, then with troubles, then with more seats. Tables to the screen;
    tables and drawings into `--out`."""
    asked = _asked(said)
    studied: dict[str, list[report.Studied]] = {supply: [] for supply in SUPPLY}
    for supply, seed in product(SUPPLY, range(1, asked.seeds + 1)):
        began = time.monotonic()
        setting = a_setting(supply, seed, asked.days)
        one = report.Studied(side_by_side(setting), with_troubles(setting, seed), placed(setting, seed, asked.days))
        studied[supply].append(one)
        size = f"{len(setting.requests)} calls, {len(setting.seats)} seats"
        out.print(f"{supply}, seed {seed}: {size}, {time.monotonic() - began:.0f} s")
        if asked.out is not None:  # at each step: a run of an hour that is stopped leaves what it has
            report.write({name: months for name, months in studied.items() if months}, asked.out)
    out.print(report.tables(studied))


def _asked(said: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.month", description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--days", type=int, default=28)
    parser.add_argument("--out", type=Path)
    return parser.parse_args(said)


if __name__ == "__main__":
    main()
