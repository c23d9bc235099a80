"""What is said of seats that are not there? What one more would be worth, and where they will be short."""

from typing import ClassVar

from pydantic import AwareDatetime, Field

from schemas.event import Event
from schemas.values import Value


class Price(Value):
    """What one seat more of the profession in the commune, at the hour that begins then, would spare all patients
    together: whole minutes of waiting, those of the urgent counted several times; a request that nobody serves counts
    as three days."""

    profession: str
    commune: str
    hour: AwareDatetime
    minutes: int = Field(ge=1)


class Bid(Value):
    """What an open seat of the profession that begins in that hour is worth to those who have not called yet: a term of
    the cost, in whole equivalent minutes."""

    profession: str
    hour: AwareDatetime
    minutes: int = Field(ge=1)


class Shortage(Value):
    """The next 24 h of a profession: requests that are expected (with those that wait), seats that are open, and
    requests for which no seat will be found in time, those counted in that usually open in the meantime."""

    profession: str
    asked: float
    open: int
    short: float


class Scarcity(Value):
    """Prices, the highest first; the shortest of seats first; `unknown`: professions that were asked for too seldom to
    forecast anything. `bids` of open seats by hour, then profession; an hour that is not there has none."""

    prices: tuple[Price, ...] = ()
    shortages: tuple[Shortage, ...] = ()
    unknown: tuple[str, ...] = ()
    bids: tuple[Bid, ...] = ()


class ScarcityPriced(Event):
    """Where one seat more would help most in the next two days, the 20 highest prices, and the shortage of the next
    24 h by profession. `unknown`: professions that were asked for too seldom to forecast anything. `bids`: what the
    territory's open seats are worth to those who have not called yet, until the next of these facts."""

    subject: ClassVar[str] = "scarcity.priced.v1"
    prices: tuple[Price, ...]
    shortages: tuple[Shortage, ...]
    unknown: tuple[str, ...] = ()
    bids: tuple[Bid, ...] = ()
