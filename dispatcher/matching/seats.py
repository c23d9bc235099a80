"""Which seats are open, as far as we have heard? An index in memory, kept by the facts that pass.

It only proposes: availability has the last word, so a stale picture costs one more turn, never a double booking.
"""

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from math import cos, radians

from dispatcher.matching.travel import distance_km
from dispatcher.offers.people import People
from schemas.event import Event
from schemas.slot import SlotOpened
from schemas.values import Mode, Place, SlotState

EXPECTED_FOR = timedelta(seconds=30)
"""How long a seat that was proposed counts as taken without an answer: an answer takes milliseconds."""


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


Shelf = list[tuple[datetime, str]]
"""The open slots of one profession in one commune, by start, then by id: ties never depend on what was heard first."""


Cell = tuple[int, int]
CELL = 0.25
"""Degrees: about 28 × 20 km in France, so that a usual radius touches a handful of cells."""
KM_PER_DEGREE = 111.0
KEPT = 500
"""Answers to « what is within reach » that an area remembers: a département's communes; some 10 MB at most."""


class Area:
    """The open slots of one profession in one territory: a shelf per place, found by cells of the map, and one shelf
    of all that can be seen on a screen, where distance means nothing."""

    def __init__(self) -> None:
        self.shelves: dict[Place, Shelf] = {}
        self.on_screen: Shelf = []
        self._cells: dict[Cell | None, set[Place]] = {}
        self._reach: dict[tuple[Place, float], list[tuple[float, Shelf]]] = {}

    def within(self, here: Place, km: float) -> list[tuple[float, Shelf]]:
        """Every shelf within `km` of here, with its distance as the crow flies. Patients live in few places, and
        practitioners in fewer: the answer is kept until a new place appears."""
        found = self._reach.get((here, km))
        if found is None:
            distances = ((distance_km(here, place), shelf) for place, shelf in self._near(here, km))
            found = [(distance, shelf) for distance, shelf in distances if distance is not None and distance <= km]
            if len(self._reach) >= KEPT:
                self._reach.pop(next(iter(self._reach)))
            self._reach[here, km] = found
        return found

    def _near(self, here: Place, km: float) -> Iterator[tuple[Place, Shelf]]:
        """Every shelf that may lie within `km` of here (and some beyond), and those whose position is unknown."""
        if here.lat is None or here.lon is None:
            yield from self.shelves.items()
            return
        north, east = km / KM_PER_DEGREE, km / (KM_PER_DEGREE * max(0.1, cos(radians(here.lat))))
        rows = range(int((here.lat - north) // CELL), int((here.lat + north) // CELL) + 1)
        columns = range(int((here.lon - east) // CELL), int((here.lon + east) // CELL) + 1)
        for cell in [None, *((row, column) for row in rows for column in columns)]:
            for place in self._cells.get(cell, ()):
                yield place, self.shelves[place]

    def add(self, slot: OpenSlot) -> None:
        key = (slot.start, slot.slot_id)
        if slot.place not in self.shelves:
            self.shelves[slot.place] = []
            self._reach.clear()
            self._cells.setdefault(_cell(slot.place), set()).add(slot.place)
        insort(self.shelves[slot.place], key)
        if Mode.TELE in slot.modes:
            insort(self.on_screen, key)

    def remove(self, slot: OpenSlot) -> None:
        key, shelf = (slot.start, slot.slot_id), self.shelves.get(slot.place)
        if shelf is None:
            return
        _take_out(shelf, key)
        if Mode.TELE in slot.modes:
            _take_out(self.on_screen, key)


class OpenSeats:
    """`hear` facts in any order, any number of times; `area` gives what is open, by territory and profession."""

    def __init__(self) -> None:
        self._slots: dict[str, OpenSlot] = {}
        self._begins: dict[str, datetime] = {}
        self._states: dict[str, SlotState] = {}
        self._areas: dict[tuple[str, str], Area] = {}
        self._expected: dict[str, dict[str, datetime]] = {}
        self._proposed: dict[str, str] = {}
        self._lapses: deque[tuple[datetime, str]] = deque()
        self._of_practitioner: dict[str, set[str]] = {}
        self.people = People()

    def __len__(self) -> int:
        return sum(len(shelf) for area in self._areas.values() for shelf in area.shelves.values())

    def hear(self, fact: Event) -> None:
        """Take in what a fact says of a slot or of a practitioner; facts about anything else are ignored."""
        self.people.hear(fact)
        state: SlotState | None = getattr(fact, "state", None)
        slot_id: str | None = getattr(fact, "slot_id", None)
        if state is None or slot_id is None:
            return
        if isinstance(fact, SlotOpened):
            self.put(opened(fact))  # what was heard of it before it was known counts now
            return
        known = self._states.get(slot_id)
        request_id = getattr(fact, "request_id", None)
        if request_id is not None:
            self._answered(slot_id, request_id)
        if known is None or state.version > known.version:
            self._states[slot_id] = state
            self._shelve(slot_id)

    def put(self, slot: OpenSlot) -> None:
        """Take in a slot as it was opened; its state counts unless a later one was heard."""
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
        self._proposed[request_id] = slot_id
        self._lapses.append((now + EXPECTED_FOR, slot_id))
        slot = self._slots.get(slot_id)
        if slot is not None and self.free(slot, now) < 1:
            self._unshelve(slot)  # nobody need look at it until the answer comes, or is given up

    def expect_no_more(self, request_id: str) -> None:
        """The request looks again (its proposal was lost, or rolled back): it must not stand in its own way."""
        slot_id = self._proposed.get(request_id)
        if slot_id is not None:
            self._answered(slot_id, request_id)

    def free(self, slot: OpenSlot, now: datetime) -> int:
        """Seats nobody has taken or been proposed."""
        waiting = self._expected.get(slot.slot_id)
        if not waiting:
            return slot.state.free
        for request_id in [request_id for request_id, until in waiting.items() if until <= now]:
            self._answered(slot.slot_id, request_id)
        if not waiting:
            self._expected.pop(slot.slot_id, None)
        return slot.state.free - len(waiting)

    def area(self, territory: str, profession: str, now: datetime) -> Area:
        """What is open of the profession in the territory."""
        while self._lapses and self._lapses[0][0] <= now:
            slot = self._slots.get(self._lapses.popleft()[1])
            if slot is not None and self.free(slot, now) > 0:
                self._shelve(slot.slot_id)
        return self._areas.get((territory, profession)) or Area()

    def of_practitioner(self, practitioner_id: str) -> list[OpenSlot]:
        """The practitioner's slots, in no order."""
        return [self._slots[slot_id] for slot_id in self._of_practitioner.get(practitioner_id, ())]

    def all_of(self, territory: str, profession: str) -> Iterator[OpenSlot]:
        """Every slot ever heard of, full ones too: to count why nobody fits."""
        return (slot for slot in self._slots.values() if slot.profession == profession and slot.territory == territory)

    def forget_before(self, moment: datetime) -> None:
        """Drop slots that ended before: nobody can be sent there any more."""
        self.people.forget_before(moment)
        ended = [s.slot_id for s in self._slots.values() if s.start + timedelta(minutes=s.minutes) < moment]
        for slot_id in ended:
            slot = self._slots.pop(slot_id)
            del self._begins[slot_id]
            self._unshelve(slot)
            self._of_practitioner[slot.practitioner_id].discard(slot_id)
            self._states.pop(slot_id, None)
            for request_id in list(self._expected.get(slot_id, ())):
                self._answered(slot_id, request_id)
            self._expected.pop(slot_id, None)

    def _answered(self, slot_id: str, request_id: str) -> None:
        """The seat of it that was proposed to the request is counted no more."""
        self._expected.get(slot_id, {}).pop(request_id, None)
        if self._proposed.get(request_id) == slot_id:
            del self._proposed[request_id]
            self._shelve(slot_id)

    def _learn(self, slot: OpenSlot) -> None:
        self._slots[slot.slot_id] = slot
        self._begins[slot.slot_id] = slot.start
        self._of_practitioner.setdefault(slot.practitioner_id, set()).add(slot.slot_id)

    def _shelve(self, slot_id: str) -> None:
        slot = self._slots.get(slot_id)
        if slot is None:
            return  # its SlotOpened has not come yet; the state waits
        self._unshelve(slot)
        state = self._states[slot_id]
        begins = self._begins[slot_id]  # of a full slot: what was free last depends on what was heard
        start = begins if state.next_start is None else datetime.fromtimestamp(state.next_start, UTC)
        slot = self._slots[slot_id] = replace(slot, state=state, start=start)
        if state.free > len(self._expected.get(slot_id, ())):
            self._areas.setdefault((slot.territory, slot.profession), Area()).add(slot)

    def _unshelve(self, slot: OpenSlot) -> None:
        area = self._areas.get((slot.territory, slot.profession))
        if area is not None:
            area.remove(slot)


def _take_out(shelf: Shelf, key: tuple[datetime, str]) -> None:
    index = bisect_left(shelf, key)
    if index < len(shelf) and shelf[index] == key:
        del shelf[index]


def _cell(place: Place) -> Cell | None:
    if place.lat is None or place.lon is None:
        return None
    return int(place.lat // CELL), int(place.lon // CELL)


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
