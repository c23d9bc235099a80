"""What arrives on people's phones? A channel that writes down what it was handed, and sometimes says nothing."""

from dataclasses import dataclass

from notifications.outcome import Accepted, Ambiguous, Letter, NotSent, Outcome
from services.simulation.stepping import Stepper
from services.simulation.world import World


@dataclass(frozen=True, slots=True)
class Rung:
    """A message somebody got."""

    at: float
    letter: Letter


class Phones:
    """All phones of the territory."""

    def __init__(self) -> None:
        self.rung: list[Rung] = []


class Channel:
    """One process's way to the phones."""

    name = way = "console"

    def __init__(self, world: World, stepper: Stepper, phones: Phones) -> None:
        self._world = world
        self._stepper = stepper
        self._phones = phones

    async def send(self, letter: Letter) -> Outcome:
        await self._stepper.step(f"hands over {letter.kind} {letter.key[:6]} for {letter.recipient}")
        fault = self._world.strikes("no word", "not sent")
        if fault is not None and fault.kind == "not sent":
            return NotSent("refused the connection")
        self._phones.rung.append(Rung(self._world.elapsed, letter))
        await self._stepper.step(f"has handed over {letter.key[:6]}")
        return Accepted(letter.key) if fault is None else Ambiguous("no answer")
