"""How are simulated days asked for? One seed, told step by step, or many, counted."""

import re
import time
from typing import Annotated

import typer
from rich.console import Console

out = Console(highlight=False, soft_wrap=True)

Seed = Annotated[int | None, typer.Option(help="Play this day and tell its last steps.")]
Seeds = Annotated[
    str | None, typer.Option(metavar="A..B", help="Play all days from A to B and count those that break.")
]
Steps = Annotated[int, typer.Option(min=0, help="With --seed: how many of the last steps to tell.")]
Without = Annotated[list[int], typer.Option(help="With --seed: leave out the fault of this number; may be repeated.")]
Shrink = Annotated[bool, typer.Option(help="With --seed: find the fewest faults that still break it.")]
Jobs = Annotated[int, typer.Option(min=1, max=64, help="With --seeds: processes that play.")]
PROGRESS_EVERY = 10.0


def simulate(
    seed: Seed = None,
    seeds: Seeds = None,
    steps: Steps = 40,
    without: Without = [],  # noqa: B006 - typer reads it, nobody changes it
    shrink: Shrink = False,
    jobs: Jobs = 1,
) -> None:
    """Play days in which everything goes wrong, in virtual time, and check every promise (exit code 1: one broke)."""
    if (seed is None) == (seeds is None):
        raise typer.BadParameter("give --seed N for one day, or --seeds A..B for many")
    if seed is not None:
        raise typer.Exit(_one(seed, frozenset(without), steps, shrink))
    bounds = re.fullmatch(r"(\d+)\.\.(\d+)", seeds or "")
    if bounds is None or int(bounds[1]) > int(bounds[2]):
        raise typer.BadParameter(f"--seeds wants two numbers, the smaller first: 1..20000, not {seeds!r}")
    raise typer.Exit(_many(int(bounds[1]), int(bounds[2]), jobs))


def _one(seed: int, without: frozenset[int], steps: int, fewer: bool) -> int:
    from services.simulation.day import Stage
    from services.simulation.run import quiet, shrink
    from services.simulation.words import tell

    stage = Stage()
    with quiet():
        result = stage.play(seed, without)
        if fewer and result.broken:
            result, without = shrink(stage, result, without)
    stage.leave()
    for line in tell(result, without, steps):
        out.print(line, markup=False)
    return 1 if result.broken else 0


def _many(first: int, last: int, jobs: int) -> int:
    from services.simulation.run import run_seeds
    from services.simulation.words import command

    began = said = time.monotonic()
    done = broken = steps = struck = requests = 0
    for one in run_seeds(first, last, jobs):
        done, steps, struck, requests = done + 1, steps + one.steps, struck + one.struck, requests + one.requests
        if one.broken:
            broken += 1
            out.print(f"✗ {one.broken}\n  → {command(one.seed)} --shrink", markup=False)
        if time.monotonic() - said > PROGRESS_EVERY:
            said = time.monotonic()
            rate = done / (said - began)
            out.print(f"{done} of {last - first + 1} days, {rate:.1f} a second, {broken} broken", markup=False)
    rate = done / max(time.monotonic() - began, 1e-9)
    out.print(
        f"{'✗' if broken else '✓'} {done} days ({first}..{last}): {requests} requests, {struck} faults, {steps} steps; "
        f"{broken} broken; {rate:.1f} days a second with {jobs} process(es).",
        markup=False,
    )
    return 1 if broken else 0
