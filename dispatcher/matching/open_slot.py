"""What does the dispatcher know of a slot? The slot as opened, with what is left of it."""

from dataclasses import dataclass
from datetime import datetime

from schemas.slot import SlotOpened
from schemas.values import AgeBand, Mode, Place, SlotState, Visibility


@dataclass(frozen=True, slots=True)
class OpenSlot:
    """A slot with what is left of it. `start` is the start of the lowest free seat (of the slot when none is free)."""

    slot_id: str
    territory: str
    practitioner_id: str
    profession: str
    place: Place
    start: datetime
    minutes: int
    capacity: int
    modes: tuple[Mode, ...]
    state: SlotState
    visibility: Visibility = Visibility.CPTS
    ages: tuple[AgeBand, ...] = ()
    reasons: tuple[str, ...] = ()
    specialty: str = ""


def opened(fact: SlotOpened) -> OpenSlot:
    """The slot that a fact opened."""
    return OpenSlot(
        fact.slot_id, fact.territory, fact.practitioner_id, fact.profession, fact.place, fact.start, fact.minutes,
        fact.capacity, fact.modes, fact.state, fact.visibility, fact.ages, fact.reasons, fact.specialty,
    )  # fmt: skip
