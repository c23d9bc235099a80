"""What can become of a message handed to a channel? Four outcomes, the letter itself, and what comes back later."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field


@dataclass(frozen=True, slots=True)
class Letter:
    """A message opened for its channel. `key` is the same at every try: a provider can refuse the second copy.

    `reference` (16 bits) is this attempt's; a provider that can echo it does, in its receipt. `sender` = the
    territory's name as an SMS shows it.
    """

    key: str
    kind: str
    recipient: str
    to: str | None
    text: str
    reference: int = 0
    sender: str = "Relais"
    lane: int = 1
    valid_until: datetime | None = None
    seconds_left: int | None = None
    """Until then, counted from the moment of the sending."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider took it over; `provider_id` is its word."""

    provider_id: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """The provider refused it; `transient` = it may be tried elsewhere; `dead` = nobody is there, now or later."""

    code: str
    transient: bool = False
    dead: bool = False


@dataclass(frozen=True, slots=True)
class NotSent:
    """The bytes never left: nothing can have arrived. `final` = it must not leave any more (expired, erased)."""

    why: str
    final: bool = False
    link: bool = False
    """The provider could not be reached at all: counts for its breaker."""


BROKEN = "connection lost"
"""How the `why` of an Ambiguous begins whose connection ended with the message under way."""


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """The bytes left and nobody answered: it may have arrived."""

    why: str


Outcome = Accepted | Rejected | NotSent | Ambiguous

Fate = Literal["delivered", "buffered", "undelivered"]


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a provider says later of a message it took, or may have taken. Any of the three ways to know which."""

    provider_id: str | None
    fate: Fate
    code: str = ""
    reference: int | None = None
    number: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Reply:
    """What a person wrote or pressed. `acknowledges` = the message key it answers, when the channel knows."""

    number: str | None = field(repr=False)
    text: str = field(repr=False)
    acknowledges: str | None = None
    id: str = ""


Heard = Receipt | Reply
Hear = Callable[[Sequence[Heard]], Awaitable[None]]
"""Writes down what came in; returns when that is committed. Only then may the provider be told."""


class Channel(Protocol):
    """One provider of one way to a person (`way`: console, sms, email, voice, push). `send` never raises: whatever
    happens is one of the four outcomes."""

    name: str
    way: str

    async def send(self, letter: Letter) -> Outcome: ...


class Terms(BaseModel):
    """What is asked of a provider besides sending, the same for all: messages a second (None = as many as it takes),
    how many at once, its share, its price for one segment (euro), whether it says later what became of a message, and
    the territory whose humans read what strangers write to it (None = who wrote by it last)."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    name: str = Field(default="", pattern=r"^[a-z0-9-]{0,20}$")
    rate: float | None = Field(default=None, gt=0, le=10_000)
    window: int = Field(default=200, ge=1, le=1000)
    weight: int = Field(default=100, ge=1, le=1000)
    price: float = Field(default=0.0, ge=0, le=10)
    receipts: bool = False
    territory: str | None = None


def international(number: str) -> str | None:
    """The number of who wrote, as E.164: providers leave the plus out, or write two zeros. None = hidden: a name, or
    nothing."""
    digits = number.strip().removeprefix("+").removeprefix("00")
    return f"+{digits}" if digits.isascii() and digits.isdigit() and len(digits) > 6 else None  # ITU-T E.164


def terms_of(channel: Channel) -> Terms:
    """A channel that says nothing takes everything."""
    terms: Terms = getattr(channel, "terms", None) or Terms()
    return terms
