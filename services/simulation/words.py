"""How is a failed day told? What does not hold, which faults there were, the last steps, and how to see it again."""

from collections.abc import Collection, Iterator
from datetime import timedelta

from services.simulation.day import Result
from services.simulation.hours import DAWN

LAST = 40
"""Steps that are told."""


def tell(result: Result, without: Collection[int] = (), last: int = LAST) -> Iterator[str]:
    """The day of this seed, line by line."""
    said = f"✗ Seed {result.seed}: {result.broken}" if result.broken else f"✓ Seed {result.seed}: all promises kept."
    yield said
    yield ""
    yield "Faults of this seed (those that struck are marked):"
    for fault in result.faults:
        yield f"  {'•' if fault in result.struck else ' '} {fault.words()}"
    yield ""
    yield f"The last {min(last, len(result.trace))} of {len(result.trace)} steps:"
    for at, who, what in result.trace[-last:] if last else ():
        moment = DAWN + timedelta(seconds=at)
        yield f"  {moment:%H:%M:%S}.{moment.microsecond // 1000:03d}  {who:<7} {what}"
    yield ""
    yield f"Again, step by step: {command(result.seed, without)} --steps {len(result.trace)}"


def command(seed: int, without: Collection[int] = ()) -> str:
    """What to type to see it again."""
    left_out = "".join(f" --without {number}" for number in sorted(without))
    return f"relais simulate --seed {seed}{left_out}"
