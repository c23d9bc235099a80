"""What does the dispatcher know of a slot? The slot as opened, with what is left of it."""

from collections.abc import Hashable
from datetime import UTC, datetime
from functools import lru_cache
from sys import intern
from typing import NamedTuple, TypeVar

from schemas.slot import SlotOpened
from schemas.values import AgeBand, Mode, Place, SlotState, Visibility


class Schedule(NamedTuple):
    """What many slots share (FHIR: Schedule): whose they are, where, how long, for whom. One object for all of them.

    `freeze`: minutes before a seat's start from which nobody new is booked in it."""

    territory: str
    practitioner_id: str
    profession: str
    place: Place
    minutes: int
    capacity: int
    modes: tuple[Mode, ...]
    visibility: Visibility = Visibility.CPTS
    ages: tuple[AgeBand, ...] = ()
    reasons: tuple[str, ...] = ()
    specialty: str = ""
    freeze: int = 0


class OpenSlot(NamedTuple):
    """A slot with what is left of it. `start` is the start of the lowest free seat (of the slot when none is free)."""

    slot_id: str
    schedule: Schedule
    start: datetime
    state: SlotState


T = TypeVar("T", bound=Hashable)


def opened(fact: SlotOpened) -> OpenSlot:
    """The slot that a fact opened."""
    schedule = Schedule(
        intern(fact.territory), intern(fact.practitioner_id), intern(fact.profession), same(fact.place),
        fact.minutes, fact.capacity, same(fact.modes),
        fact.visibility, fact.ages, fact.reasons, fact.specialty, fact.freeze,
    )  # fmt: skip
    return OpenSlot(fact.slot_id, same(schedule), same(fact.start.astimezone(UTC)), same(fact.state))


def still_to_come(state: SlotState, since: int) -> SlotState:
    """What is left of a slot of several seats from `since` (epoch seconds) on; its last free seat stays, whenever it
    begins: the rules say what they think of it."""
    if len(state.starts) < 2 or state.starts[0] >= since:
        return state
    starts = tuple(start for start in state.starts if start >= since) or state.starts[-1:]
    return same(state.model_copy(update={"free": len(starts), "next_start": starts[0], "starts": starts}))


def same(value: T) -> T:
    """One object for all equal values: slots are many, their places, moments, modes and states few."""
    return _same(value)  # type: ignore[return-value]  # lru_cache forgets types


@lru_cache(maxsize=100_000)
def _same(value: Hashable) -> Hashable:
    return value
