"""What follows from an outcome? Told once, told for sure: the one rule, the same for every channel.

Nothing that may be on the phone is sent again while its receipt may still come; what certainly did not leave goes
elsewhere at once. Another *channel* is not a second copy: an urgent alert takes it meanwhile.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from notifications.outcome import Accepted, Ambiguous, NotSent, Outcome, Rejected

GRACE = {0: timedelta(seconds=45), 1: timedelta(seconds=90), 2: timedelta(minutes=10), 3: timedelta(minutes=10)}
"""How long a receipt is waited for, by lane, before anything is learned of a provider."""
MOST_LOST = 3
"""Two for each attempt given up as lost, one for each that was cut short: beyond, nothing more is sent there."""
LONGEST = 4
"""Times that grace, at most: a phone that is switched off answers in hours, and says nothing of the provider."""
ENOUGH = 20
"""Receipts after which a provider's own delays count."""
UNANSWERED = {"push": timedelta(seconds=20), "sms": timedelta(minutes=2)}
"""An urgent alert that no human acknowledged in time goes on to the next channel; a push of any lane does."""

State = Literal["sent", "due", "ambiguous", "failed"]
End = Literal["refused", "not_sent", "ambiguous", "expired"]
"""Why nothing more is tried, in the word of the fact that says so."""


@dataclass(frozen=True, slots=True)
class Stand:
    """How a message stood when it was handed over. `then` = the channels left; `alone` = the channel has no other
    provider; `receipts` = this one tells what became of what it took; `tries` = times it certainly did not leave;
    `lost` = it was given up as lost before."""

    lane: int
    way: str
    then: tuple[str, ...]
    provider: str
    alone: bool
    receipts: bool
    tries: int
    lost: int
    valid_until: datetime
    grace: timedelta


@dataclass(frozen=True, slots=True)
class Step:
    """What is written of the message. `at` = when it may leave (due) or is given up as lost (ambiguous; None = it stays
    so, nobody will ever say). `why` = the provider's word."""

    state: State
    way: str
    then: tuple[str, ...]
    at: datetime | None = None
    avoid: str | None = None
    tries: int = 0
    lost: int = 0
    why: str | None = None
    end: End = "refused"


def learned(lane: int, delays: Sequence[timedelta]) -> timedelta:
    """The grace of a lane at a provider whose latest receipts took so long: half as much again as all but 1 % of them,
    never less than the lane's own, never more than LONGEST times that."""
    own = GRACE[lane]
    if len(delays) < ENOUGH:
        return own
    slow = sorted(delays)[min(len(delays) - 1, int(len(delays) * 0.99))]
    return max(own, min(slow * 1.5, own * LONGEST))


def after(outcome: Outcome, stand: Stand, now: datetime) -> Step:
    """What follows from an outcome."""
    if isinstance(outcome, Accepted):
        return _accepted(stand, now)
    if isinstance(outcome, Ambiguous):
        return _ambiguous(outcome.why, stand, now)
    if isinstance(outcome, Rejected) and not outcome.transient:
        return refused(outcome.code, stand, now)
    word = outcome.why if isinstance(outcome, NotSent) else outcome.code
    if isinstance(outcome, NotSent) and outcome.final:
        return Step("failed", stand.way, (), why=word, end="expired" if word == "expired" else "not_sent")
    return _elsewhere(word, stand, now, "not_sent" if isinstance(outcome, NotSent) else "refused")


def refused(word: str, stand: Stand, now: datetime, end: End = "refused") -> Step:
    """This channel does not reach the person: the next one, or nobody hears it and it is seen."""
    if not stand.then or now >= stand.valid_until:
        return Step("failed", stand.way, (), why=word, end=end)
    return Step("due", stand.then[0], stand.then[1:], at=now, lost=stand.lost, why=word)


def given_up(stand: Stand, now: datetime, *, cut: bool = False) -> Step:
    """The grace is over and no receipt came: lost, one more attempt, by another provider where there is one. One
    whose sender died, or whose connection ended (`cut`), most likely never got there: it counts for half."""
    lost = stand.lost + (1 if cut else 2)
    if now >= stand.valid_until:
        return Step("failed", stand.way, (), why="no receipt", end="ambiguous")
    if lost > MOST_LOST:
        return refused("no receipt", stand, now, "ambiguous")
    return Step("due", stand.way, stand.then, at=now, avoid=stand.provider, lost=lost, why="lost")


def _accepted(stand: Stand, now: datetime) -> Step:
    waits = UNANSWERED.get(stand.way)
    if waits is None or not stand.then or (stand.lane > 0 and stand.way != "push"):
        return Step("sent", stand.way, ())
    return Step("due", stand.then[0], stand.then[1:], at=now + waits, lost=stand.lost)


def _ambiguous(word: str, stand: Stand, now: datetime) -> Step:
    """Wait for the receipt; what is urgent, or will get none, takes another channel meanwhile."""
    if stand.then and (stand.lane == 0 or not stand.receipts) and now < stand.valid_until:
        return Step("due", stand.then[0], stand.then[1:], at=now, lost=stand.lost, why=word)
    at = now + stand.grace if stand.receipts else None
    return Step("ambiguous", stand.way, stand.then, at=at, lost=stand.lost, why=word, end="ambiguous")


def _elsewhere(word: str, stand: Stand, now: datetime, end: End) -> Step:
    """It certainly did not leave: another provider at once, then ever more slowly; another channel after three."""
    tries = stand.tries + 1
    if tries >= 3 and stand.then:
        return refused(word, stand, now, end)
    wait = timedelta() if tries == 1 and not stand.alone else timedelta(seconds=min(60, 2**tries))
    if now + wait >= stand.valid_until:
        return Step("failed", stand.way, (), why=word, end=end)
    return Step(
        "due", stand.way, stand.then, at=now + wait, avoid=stand.provider, tries=tries, lost=stand.lost, why=word
    )
