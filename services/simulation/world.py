"""What do all parts of one simulation share? Time, dice, what was seen, and which fault strikes next."""

import asyncio
import random
from collections import Counter
from collections.abc import Collection, Sequence
from hashlib import blake2b
from random import Random
from typing import TypeVar

from services.simulation.faults import Fault, draw_faults
from services.simulation.hours import VirtualLoop

T = TypeVar("T")

STEP, OFTEN = 0.05, 0.12
"""Seconds a step may take, and how often it takes any: others run meanwhile."""


class Broken(Exception):
    """An invariant does not hold. The text says which."""


def is_promising(seed: int) -> bool:
    """On every third day everybody is promised a place first, and the places are better and later."""
    return seed % 3 == 0


class World:
    """One run of one seed. Whatever is random is drawn here, in the order in which it happens."""

    def __init__(self, seed: int, loop: VirtualLoop, without: Collection[int] = ()) -> None:
        self.seed = seed
        self.loop = loop
        self.dice = Random(f"world {seed}")
        random.seed(f"retries {seed}")  # the house's own dice: how long a retry waits (services/bus/worker.py)
        self.faults = draw_faults(seed, without)
        self.struck: list[Fault] = []
        self.calm = False
        """No more faults: what went wrong is to be mended."""
        self.trace: list[tuple[float, str, str]] = []
        self.failure: asyncio.Future[str] = loop.create_future()
        """The first thing that went wrong, once something has."""
        self._counted: Counter[str] = Counter()

    @property
    def elapsed(self) -> float:
        return self.loop.time()

    def note(self, who: str, what: str) -> None:
        """One line of what happened."""
        self.trace.append((self.loop.time(), who, what))

    def failed(self, what: str) -> None:
        """Something went wrong that no fault explains."""
        self.note("world", what)
        if not self.failure.done():
            self.failure.set_result(what)

    def broken(self, found: Sequence[str]) -> None:
        """These invariants do not hold."""
        if found:
            self.failed("; ".join(found[:3]))

    def strikes(self, *kinds: str, process: str = "") -> Fault | None:
        """The fault that hits this occasion, if one does. Each call counts one more occasion (of the process)."""
        occasion = f"{kinds[0]} {process}"
        self._counted[occasion] += 1
        if self.calm:
            return None
        for fault in self.faults:
            if fault.nth == self._counted[occasion] and fault.kind in kinds and fault.process in ("", process):
                return self.strike(fault)
        return None

    def strike(self, fault: Fault) -> Fault:
        self.struck.append(fault)
        self.note("fault", fault.words())
        return fault

    def of_kind(self, kind: str) -> list[Fault]:
        return [fault for fault in self.faults if fault.kind == kind]

    def latency(self) -> float:
        """How long a message is under way: mostly a few milliseconds, sometimes seconds, so that others overtake it."""
        draw = self.dice.random()
        return 0.001 + 0.02 * draw if draw < 0.8 else 6.0 * self.dice.random() ** 2

    def hesitation(self) -> float:
        """How long a step takes."""
        draw = self.dice.random()
        return 0.0 if draw > OFTEN else draw / OFTEN * STEP

    def disk(self) -> float:
        """How long a commit takes."""
        return 0.02 * self.dice.random() ** 2

    def pick(self, things: Sequence[T]) -> T:
        return things[int(self.dice.random() * len(things))]

    def fingerprint(self) -> str:
        """The same for the same run, to the last step."""
        lines = "\n".join(f"{at:.6f} {who} {what}" for at, who, what in self.trace)
        return blake2b(lines.encode(), digest_size=16).hexdigest()
