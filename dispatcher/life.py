"""How does a request live? Its states, which acts they allow, and the timers that keep it from dying in silence.

Invariant: every request has a future timer or a terminal state.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from schemas.request import Need


class State(StrEnum):
    """Where a request stands. Those from `fulfilled` on are terminal."""

    SEEKING = "seeking"
    OFFERING = "offering"
    ESCALATED = "escalated"
    PROMISED = "promised"
    BOOKED = "booked"
    CONFIRMED = "confirmed"
    FULFILLED = "fulfilled"
    NO_SHOW = "no_show"
    WITHDRAWN = "withdrawn"
    REDIRECTED = "redirected"
    ADVISED = "advised"
    UNMET = "unmet"


WAITING = (State.SEEKING, State.OFFERING, State.ESCALATED)
PLACED = (State.BOOKED, State.CONFIRMED)
SEATED = (State.PROMISED, *PLACED)
"""Those for whom availability keeps a seat."""
OPEN = WAITING + SEATED
TERMINAL = tuple(state for state in State if state not in OPEN)


class Wake(StrEnum):
    """What a timer does when it is due."""

    SEEK = "seek"
    """Look again: a seat may have been freed while nobody watched."""
    RING = "ring"
    """Nobody has said yes: ask the next practitioners."""
    ESCALATE = "escalate"
    """Alert the first human of the roster, before the miss."""
    STEP_UP = "step_up"
    """Nobody acknowledged: alert the next one."""
    OVERDUE = "overdue"
    """The deadline has passed without a place: alert again, until somebody ends it."""
    FREEZE = "freeze"
    """The promised seat becomes final: the patient and the practitioner hear of it."""
    VISIT_OVER = "visit_over"
    """The visit's time is over: presumed fulfilled unless somebody said otherwise."""


@dataclass(frozen=True, slots=True)
class Timer:
    """A promise to look at the request again, at `due` (aware UTC)."""

    wake: Wake
    due: datetime


LOOK_AGAIN = timedelta(minutes=1)
ACKNOWLEDGE_WITHIN = timedelta(minutes=5)
"""An alert nobody acknowledges goes one step up after this."""
OVERDUE_EVERY = timedelta(minutes=30)
PRESUMED_AFTER = timedelta(hours=2)
WORTH_WAITING = timedelta(minutes=15)
"""Less than this between now and the moment the hour is told: it is told at once."""
SHARE_FOR_A_HUMAN = 1 / 3
LEAST_FOR_A_HUMAN, MOST_FOR_A_HUMAN = timedelta(minutes=15), timedelta(hours=4)


def escalate_at(now: datetime, deadline: datetime) -> datetime:
    """When a human must know: a third of the time left before the deadline, at least 15 min, at most 4 h.

    A human needs time to phone around; with less than 15 min left she is alerted at once.
    """
    left = deadline - now
    margin = min(max(left * SHARE_FOR_A_HUMAN, LEAST_FOR_A_HUMAN), MOST_FOR_A_HUMAN)
    return max(now, deadline - margin)


def timers_when_seeking(need: Need, now: datetime) -> list[Timer]:
    """The timers of a request that has no place yet."""
    return [Timer(Wake.SEEK, now + LOOK_AGAIN), Timer(Wake.ESCALATE, escalate_at(now, need.deadline))]


def timers_when_lost(state: State, need: Need, now: datetime) -> list[Timer]:
    """The timers of a waiting request that has lost them all."""
    ring = [Timer(Wake.RING, now)] if state is State.OFFERING else []
    return [*timers_when_seeking(need, now), *ring]


def timers_when_escalated(need: Need, now: datetime) -> list[Timer]:
    """A human was alerted: the search goes on, and so does the clock."""
    overdue = need.deadline if need.deadline > now else now + OVERDUE_EVERY
    return [
        Timer(Wake.SEEK, now + LOOK_AGAIN),
        Timer(Wake.STEP_UP, now + ACKNOWLEDGE_WITHIN),
        Timer(Wake.OVERDUE, overdue),
    ]


def timers_when_placed(start: datetime, minutes: int) -> list[Timer]:
    """A place was found: what is left is the visit."""
    return [Timer(Wake.VISIT_OVER, start + timedelta(minutes=minutes) + PRESUMED_AFTER)]


def told_later(need: Need, start: datetime, now: datetime) -> bool:
    """Whether a seat at `start` is only promised now, its hour told later."""
    return need.told_before is not None and freeze_at(need, start) >= now + WORTH_WAITING


def freeze_at(need: Need, start: datetime) -> datetime:
    """When a promised seat at `start` becomes final."""
    return start - timedelta(minutes=need.told_before or 0)


def timers_when_promised(need: Need, start: datetime, now: datetime) -> list[Timer]:
    """A seat is kept: what is left is to settle it, in time for the patient to come."""
    return [Timer(Wake.FREEZE, max(now, freeze_at(need, start)))]


def keeps_the_invariant(state: State, timers: list[Timer]) -> bool:
    """A request has a timer, or has ended."""
    return state in TERMINAL or bool(timers)
