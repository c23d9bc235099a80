"""What goes wrong, and when? A plan drawn from the seed; each fault can be left out of a replay by its number."""

from collections.abc import Collection
from dataclasses import dataclass
from random import Random

PROCESSES = ("A", "B")
BUSY = 1500.0
"""Seconds in which people act and faults strike; afterwards nothing more goes wrong, and everything must be mended."""


class Crash(BaseException):
    """The process is gone, here and now: no handler may catch it, nothing of its memory is left."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong. `nth` counts steps, deliveries, acknowledgements, publishes or messages from the
    beginning; `at` and `lasts` are seconds."""

    number: int
    kind: str
    process: str = ""
    nth: int = 0
    at: float = 0.0
    lasts: float = 0.0

    def words(self) -> str:
        said = {
            "crash": f"process {self.process} dies at its step {self.nth}",
            "partition": f"process {self.process} is cut off at {self.at:.0f} s for {self.lasts:.0f} s",
            "lost": f"delivery {self.nth} never arrives",
            "twice": f"delivery {self.nth} arrives twice",
            "late": f"delivery {self.nth} takes {self.lasts:.0f} s",
            "lost ack": f"acknowledgement {self.nth} never arrives",
            "no answer": f"publish {self.nth} is stored, and its publisher never hears of it",
            "forgetful": f"at {self.at:.0f} s the stream forgets which ids it has seen",
            "skew": f"the clock of process {self.process} is off by {self.lasts:+.2f} s",
            "garbage": f"at {self.at:.0f} s somebody publishes what nobody can read",
            "stray": f"at {self.at:.0f} s a booking comes for a request nobody knows",
            "no word": f"message {self.nth} is sent, and the provider says nothing",
            "not sent": f"message {self.nth} cannot be sent",
        }
        return f"[{self.number}] {said[self.kind]}"


# How often each kind is drawn. Steps, deliveries and so on are about as many as a day of six requests has.
_WEIGHTS = {
    "crash": 10, "partition": 3, "lost": 2, "twice": 3, "late": 5, "lost ack": 2, "no answer": 2, "forgetful": 1,
    "skew": 2, "garbage": 0.4, "stray": 0.4, "no word": 0.6, "not sent": 0.6,
}  # fmt: skip
STEPS, DELIVERIES, PUBLISHES, MESSAGES = 800, 60, 70, 12
SKEW_AT_MOST = 2.0
"""Seconds: machines that keep time by NTP are closer than that."""


def draw_faults(seed: int, without: Collection[int] = ()) -> list[Fault]:
    """Eight to ten faults of this seed, less those left out."""
    dice = Random(f"faults {seed}")
    count = dice.randint(8, 10)
    kinds = dice.choices(list(_WEIGHTS), list(_WEIGHTS.values()), k=count)
    drawn = [_draw(dice, number, kind) for number, kind in enumerate(kinds, 1)]
    return [fault for fault in drawn if fault.number not in without]


def _draw(dice: Random, number: int, kind: str) -> Fault:
    process, at, long = dice.choice(PROCESSES), dice.uniform(1, BUSY), dice.uniform(2, 45)
    skew = dice.uniform(-SKEW_AT_MOST, SKEW_AT_MOST)
    early = dice.random() ** 1.5  # more happens at the beginning
    match kind:
        case "crash":
            return Fault(number, kind, process, nth=1 + int(early * STEPS))
        case "partition":
            return Fault(number, kind, process, at=at, lasts=long)
        case "lost" | "twice" | "late" | "lost ack":
            return Fault(number, kind, nth=1 + int(early * DELIVERIES), lasts=long)
        case "no answer":
            return Fault(number, kind, nth=1 + int(early * PUBLISHES))
        case "no word" | "not sent":
            return Fault(number, kind, nth=1 + int(early * MESSAGES))
        case "skew":
            return Fault(number, kind, process, lasts=skew)
    return Fault(number, kind, at=at)
