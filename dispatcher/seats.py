"""Which seats are open, as far as we have heard? An index in memory, kept by the facts that pass.

It only proposes: availability has the last word, so a stale picture costs one more turn, never a double booking.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from schemas.event import Event
from schemas.slot import SlotOpened
from schemas.values import Mode, Place, SlotState

EXPECTED_FOR = timedelta(seconds=30)
"""How long a seat that was proposed counts as taken without an answer: an answer takes milliseconds."""


@dataclass(frozen=True, slots=True)
class OpenSlot:
    """A slot with what is left of it. `start` is the start of the lowest free seat, aware UTC."""

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


Shelf = list[tuple[datetime, str]]
"""The open slots of one profession in one commune, by start, then by id: ties never depend on what was heard first."""


class OpenSeats:
    """`hear` facts in any order, any number of times; `shelves` gives what is open, by profession and commune."""

    def __init__(self) -> None:
        self._slots: dict[str, OpenSlot] = {}
        self._states: dict[str, SlotState] = {}
        self._shelves: dict[tuple[str, str], dict[Place, Shelf]] = {}
        self._expected: dict[str, dict[str, datetime]] = {}
        self._of_practitioner: dict[str, set[str]] = {}

    def __len__(self) -> int:
        return sum(len(shelf) for places in self._shelves.values() for shelf in places.values())

    def hear(self, fact: Event) -> None:
        """Take in what a fact says of a slot; facts about anything else are ignored."""
        state: SlotState | None = getattr(fact, "state", None)
        slot_id: str | None = getattr(fact, "slot_id", None)
        if state is None or slot_id is None:
            return
        known = self._states.get(slot_id)
        if isinstance(fact, SlotOpened) and slot_id not in self._slots:
            self._learn(opened(fact))
        request_id = getattr(fact, "request_id", None)
        if request_id is not None:
            self._expected.get(slot_id, {}).pop(request_id, None)
        if known is None or state.version > known.version:
            self._states[slot_id] = state
            self._shelve(slot_id)

    def put(self, slot: OpenSlot) -> None:
        """Take in a slot as remembered by the database (at start)."""
        known = self._states.get(slot.slot_id)
        if slot.slot_id not in self._slots:
            self._learn(slot)
        if known is None or slot.state.version >= known.version:
            self._states[slot.slot_id] = slot.state
        self._shelve(slot.slot_id)

    def get(self, slot_id: str) -> OpenSlot | None:
        """The slot as last heard of, open or not."""
        return self._slots.get(slot_id)

    def expect(self, slot_id: str, request_id: str, now: datetime) -> None:
        """A seat of it was just proposed: count it as taken until the answer is heard."""
        self._expected.setdefault(slot_id, {})[request_id] = now + EXPECTED_FOR

    def free(self, slot: OpenSlot, now: datetime) -> int:
        """Seats nobody has taken or been proposed."""
        waiting = self._expected.get(slot.slot_id)
        if not waiting:
            return slot.state.free
        for request_id in [request_id for request_id, until in waiting.items() if until <= now]:
            del waiting[request_id]
        if not waiting:
            del self._expected[slot.slot_id]
        return slot.state.free - len(waiting)

    def places(self, territory: str, profession: str) -> dict[Place, Shelf]:
        """Where the profession has open slots in the territory, and which."""
        return self._shelves.get((territory, profession), {})

    def of_practitioner(self, practitioner_id: str) -> list[OpenSlot]:
        """The practitioner's slots, in no order."""
        return [self._slots[slot_id] for slot_id in self._of_practitioner.get(practitioner_id, ())]

    def all_of(self, territory: str, profession: str) -> Iterator[OpenSlot]:
        """Every slot ever heard of, full ones too: to count why nobody fits."""
        return (slot for slot in self._slots.values() if slot.profession == profession and slot.territory == territory)

    def forget_before(self, moment: datetime) -> None:
        """Drop slots that began before: nobody can be sent there any more."""
        for slot_id in [slot.slot_id for slot in self._slots.values() if slot.start < moment]:
            slot = self._slots.pop(slot_id)
            self._unshelve(slot)
            self._of_practitioner[slot.practitioner_id].discard(slot_id)
            self._states.pop(slot_id, None)
            self._expected.pop(slot_id, None)

    def _learn(self, slot: OpenSlot) -> None:
        self._slots[slot.slot_id] = slot
        self._of_practitioner.setdefault(slot.practitioner_id, set()).add(slot.slot_id)

    def _shelve(self, slot_id: str) -> None:
        slot = self._slots.get(slot_id)
        if slot is None:
            return  # its SlotOpened has not come yet; the state waits
        self._unshelve(slot)
        state = self._states[slot_id]
        start = slot.start if state.next_start is None else datetime.fromtimestamp(state.next_start, UTC)
        slot = self._slots[slot_id] = replace(slot, state=state, start=start)
        if state.free > 0:
            shelf = self._shelves.setdefault((slot.territory, slot.profession), {}).setdefault(slot.place, [])
            insort(shelf, (slot.start, slot_id))

    def _unshelve(self, slot: OpenSlot) -> None:
        places = self._shelves.get((slot.territory, slot.profession), {})
        shelf = places.get(slot.place, [])
        key = (slot.start, slot.slot_id)
        index = _find(shelf, key)
        if index is not None:
            del shelf[index]
            if not shelf:
                del places[slot.place]


def _find(shelf: Shelf, key: tuple[datetime, str]) -> int | None:
    index = bisect_left(shelf, key)
    return index if index < len(shelf) and shelf[index] == key else None


def opened(fact: SlotOpened) -> OpenSlot:
    """The slot that a fact opened."""
    return OpenSlot(
        fact.slot_id,
        fact.territory,
        fact.practitioner_id,
        fact.profession,
        fact.place,
        fact.start,
        fact.minutes,
        fact.capacity,
        fact.modes,
        fact.state,
    )


def fill(seats: OpenSeats, slots: Iterable[OpenSlot]) -> None:
    """Fill the index with what the database remembers."""
    for slot in slots:
        seats.put(slot)
