"""How are many seeds run? One after another, in one or more processes; and which faults does a failure need?"""

import logging
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from typing import NamedTuple

from services.simulation.day import Result, Stage

SHARE = 25
"""Seeds that a process is given at a time: few enough that progress can be seen."""


class Outcome(NamedTuple):
    """What is kept of a day when there are many: whether it broke, and how much happened."""

    seed: int
    broken: str | None
    steps: int
    requests: int
    struck: int


def run_seeds(first: int, last: int, jobs: int = 1) -> Iterator[Outcome]:
    """The days of these seeds, in no order when several processes play them."""
    shares = [range(at, min(at + SHARE, last + 1)) for at in range(first, last + 1, SHARE)]
    if jobs == 1:
        for share in shares:
            yield from _play(share)
        return
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        for outcomes in pool.map(_play, shares):
            yield from outcomes


def shrink(stage: Stage, failed: Result, without: frozenset[int]) -> tuple[Result, frozenset[int]]:
    """The same seed with as few faults as still break it, and the numbers of all those left out."""
    for fault in failed.faults:
        fewer = without | {fault.number}
        tried = stage.play(failed.seed, fewer)
        if tried.broken is not None:
            failed, without = tried, fewer
    return failed, without


@contextmanager
def quiet() -> Iterator[None]:
    """What the house logs while everything goes wrong on purpose helps nobody."""
    ours = logging.getLogger("relais")
    before = ours.level
    ours.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        ours.setLevel(before)


_STAGE: list[Stage] = []


def _play(seeds: range) -> list[Outcome]:
    if not _STAGE:
        _STAGE.append(Stage())
    with quiet():
        days = [_STAGE[0].play(seed) for seed in seeds]
    return [Outcome(day.seed, day.broken, len(day.trace), day.requests, len(day.struck)) for day in days]
