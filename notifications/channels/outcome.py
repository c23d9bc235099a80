"""What can become of a message handed to a channel? Four outcomes, and the letter itself."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Letter:
    """A message opened for its channel. `key` is the same at every try: a provider can refuse the second copy."""

    key: str
    kind: str
    recipient: str
    to: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider took it over; `provider_id` is its word."""

    provider_id: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """The provider refused it; `transient` = it may be tried elsewhere."""

    code: str
    transient: bool = False


@dataclass(frozen=True, slots=True)
class NotSent:
    """The bytes never left: nothing can have arrived."""

    why: str


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """The bytes left and nobody answered: it may have arrived."""

    why: str


Outcome = Accepted | Rejected | NotSent | Ambiguous


class Channel(Protocol):
    """One way to a person. `send` never raises: whatever happens is one of the four outcomes."""

    name: str

    async def send(self, letter: Letter) -> Outcome: ...
