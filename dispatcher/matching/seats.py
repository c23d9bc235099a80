"""Which seats are open, as far as we have heard? An index in memory, kept by the facts that pass.

It only proposes: availability has the last word, so a stale picture costs one more turn, never a double booking.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush

from dispatcher.matching import fairness
from dispatcher.matching.eligibility import least_notice
from dispatcher.matching.index import Index
from dispatcher.matching.open_slot import OpenSlot, opened, same, still_to_come
from dispatcher.matching.pair import lower_second, upper_second
from dispatcher.matching.standing import Standing, closes, excess_minutes, refusal
from dispatcher.offers.people import People
from schemas.event import Event
from schemas.scarcity import Bid, ScarcityPriced
from schemas.slot import SlotOpened
from schemas.values import SlotState

__all__ = ["EXPECTED_FOR", "Bids", "OpenSeats", "OpenSlot", "by_hour", "fill", "opened"]

EXPECTED_FOR = timedelta(seconds=30)
"""How long a seat that was proposed counts as taken without an answer: an answer takes milliseconds."""

Bids = Mapping[tuple[str, int], int]
"""What seats are worth to those who have not called yet, in equivalent minutes, by profession and hour (epoch seconds
// 3600)."""


class OpenSeats:
    """`hear` facts in any order, any number of times; `know` practitioners' terms; `index` holds what may be proposed.

    Call `catch_up(now)` before a search: seats that were proposed and got no answer are open again, and a slot whose
    lowest free seat is too near for anybody offers its next one.
    """

    def __init__(self) -> None:
        self._begins: dict[str, datetime] = {}
        self._states: dict[str, SlotState] = {}  # of slots that are not known yet, or not as they were last heard of
        self.index = Index()
        self._expected: dict[str, dict[str, datetime]] = {}
        self._proposed: dict[str, str] = {}
        self._lapses: deque[tuple[datetime, str]] = deque()
        self._at = 0
        self._passes: list[tuple[int, str]] = []
        self._of_practitioner: dict[str, list[str]] = {}
        self._standings: dict[str, Standing] = {}
        self._bids: dict[str, Bids] = {}
        self._excess: dict[str, float] = {}
        self._shared_at: datetime | None = None
        self.people = People(self._name)

    def __len__(self) -> int:
        return len(self.index)

    def hear(self, fact: Event) -> None:
        """Take in what a fact says of a slot or of a practitioner; facts about anything else are ignored."""
        if isinstance(fact, ScarcityPriced):
            self.know_bids(fact.territory, by_hour(fact.bids))
            return
        about = self.people.hear(fact)
        if about is not None:
            self.know_again(about)
        state: SlotState | None = getattr(fact, "state", None)
        slot_id: str | None = getattr(fact, "slot_id", None)
        if state is None or slot_id is None:
            return
        if isinstance(fact, SlotOpened):
            self.put(opened(fact))  # what was heard of it before it was known counts now
            return
        known = self._state(slot_id)
        request_id = getattr(fact, "request_id", None)
        if request_id is not None:
            self._answered(slot_id, request_id)
        if known is None or state.version > known.version:
            self._states[slot_id] = same(state)
            self._shelve_again(slot_id)

    def put(self, slot: OpenSlot) -> None:
        """Take in a slot as it was opened; its state counts unless a later one was heard."""
        known, before = self._state(slot.slot_id), self.get(slot.slot_id)
        if before is None:
            self._learn(slot)
        if known is None or slot.state.version >= known.version:
            self._states[slot.slot_id] = same(slot.state)
        self._shelve(before or slot)

    def get(self, slot_id: str) -> OpenSlot | None:
        """The slot as last heard of, open or not."""
        return self.index.get(slot_id)

    def expect(self, slot_id: str, request_id: str, now: datetime) -> None:
        """A seat of it was just proposed: count it as taken until the answer is heard."""
        self._expected.setdefault(slot_id, {})[request_id] = now + EXPECTED_FOR
        self._proposed[request_id] = slot_id
        self._lapses.append((now + EXPECTED_FOR, slot_id))
        self._shelve_again(slot_id)

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
        return slot.state.free - len(waiting)

    def catch_up(self, now: datetime) -> None:
        """Give up the proposals that have waited too long for an answer, and the seats that are too near; see who was
        given more than the others, if that was not just done."""
        self._share_out(now)
        self._at = max(self._at, upper_second(now))
        while self._passes and self._passes[0][0] < self._at:
            self._shelve_again(heappop(self._passes)[1])
        while self._lapses and self._lapses[0][0] <= now:
            slot = self.get(self._lapses.popleft()[1])
            if slot is not None:
                self.free(slot, now)

    def _share_out(self, now: datetime) -> None:
        """Each practitioner's share of the week's seats, beside the others'."""
        if self._shared_at is not None and timedelta() <= now - self._shared_at < fairness.EVERY:
            return
        self._shared_at = now
        before, self._excess = self._excess, fairness.shares(self.people, self.index.slots(), now)
        for practitioner_id in before.keys() | self._excess.keys():
            if before.get(practitioner_id) != self._excess.get(practitioner_id):
                self.know_again(practitioner_id)

    def know_again(self, practitioner_id: str) -> None:
        """Take in what is known of the practitioner now."""
        standing = self.people.standing(practitioner_id)
        if standing is not None:
            self.know(replace(standing, excess=self._excess.get(practitioner_id, 0.0)))

    def know(self, standing: Standing) -> None:
        """These are the practitioner's terms from now on, and what was booked with them."""
        before = self._standings.get(standing.practitioner_id)
        self._standings[standing.practitioner_id] = standing
        dearer = excess_minutes(before) != excess_minutes(standing)
        if not dearer and closes(before) == closes(standing):
            return
        for slot in self.of_practitioner(standing.practitioner_id):
            if dearer or refusal(before, slot.start) != refusal(standing, slot.start):
                self._shelve(slot)

    def standing(self, practitioner_id: str) -> Standing | None:
        """The practitioner's terms; None = none are known, nothing is refused."""
        return self._standings.get(practitioner_id)

    def standings(self) -> Iterable[Standing]:
        """All that are known."""
        return self._standings.values()

    def know_bids(self, territory: str, bids: Bids) -> None:
        """What seats of the territory are worth from now on, as a term of the cost; {} = nothing."""
        before = self._bids.get(territory, {})
        self._bids[territory] = bids
        for slot in self.index.slots():
            key = slot.schedule.profession, _hour(slot.start)
            if slot.schedule.territory == territory and before.get(key) != bids.get(key):
                self._shelve(slot)

    def price(self, slot: OpenSlot) -> int:
        """What the slot's next seat is worth to others, in equivalent minutes."""
        bids = self._bids.get(slot.schedule.territory)
        return bids.get((slot.schedule.profession, _hour(slot.start)), 0) if bids else 0

    def of_practitioner(self, practitioner_id: str) -> list[OpenSlot]:
        """The practitioner's slots, in no order."""
        rows, slots = self.index.rows, self.index.table.slots
        return [slots[rows[slot_id]] for slot_id in self._of_practitioner.get(practitioner_id, ())]

    def forget_before(self, moment: datetime) -> None:
        """Drop slots that ended before: nobody can be sent there any more."""
        self.people.forget_before(moment)
        ended = [slot for slot in self.index.slots() if slot.start + timedelta(minutes=slot.schedule.minutes) < moment]
        for slot in ended:
            slot_id = slot.slot_id
            self._begins.pop(slot_id, None)
            self.index.drop(slot_id)
            self._of_practitioner[slot.schedule.practitioner_id].remove(slot_id)
            self._states.pop(slot_id, None)
            for request_id in list(self._expected.get(slot_id, ())):
                self._answered(slot_id, request_id)
            self._expected.pop(slot_id, None)

    def _state(self, slot_id: str) -> SlotState | None:
        """The latest state that was heard of the slot, seats that are too near included."""
        slot = self.get(slot_id)
        return self._states.get(slot_id, None if slot is None else slot.state)

    def _name(self, slot_id: str) -> str:
        """The slot's id, the string that is kept of it where there is one."""
        slot = self.get(slot_id)
        return slot_id if slot is None else slot.slot_id

    def _answered(self, slot_id: str, request_id: str) -> None:
        """The seat of it that was proposed to the request is counted no more."""
        if self._proposed.get(request_id) == slot_id:
            del self._proposed[request_id]
        waiting = self._expected.get(slot_id, {})
        if waiting.pop(request_id, None) is not None:
            if not waiting:
                del self._expected[slot_id]
            self._shelve_again(slot_id)

    def _learn(self, slot: OpenSlot) -> None:
        if slot.schedule.capacity > 1:
            self._begins[slot.slot_id] = slot.start
        self._of_practitioner.setdefault(slot.schedule.practitioner_id, []).append(slot.slot_id)

    def _shelve_again(self, slot_id: str) -> None:
        slot = self.get(slot_id)
        if slot is not None:  # else its SlotOpened has not come yet; the state waits
            self._shelve(slot)

    def _shelve(self, slot: OpenSlot) -> None:
        """Show the slot with what was heard of it."""
        slot_id, notice = slot.slot_id, least_notice(slot)
        heard = self._states.pop(slot_id, slot.state)
        state = still_to_come(heard, self._at + notice)
        if state is not heard:
            self._states[slot_id] = heard
        if len(state.starts) > 1:
            heappush(self._passes, (state.starts[0] - notice, slot_id))
        begins = self._begins.get(slot_id, slot.start)  # of a full slot: what was free last depends on what was heard
        start = begins if state.next_start is None else same(datetime.fromtimestamp(state.next_start, UTC))
        if slot.state is not state or slot.start != start:
            slot = slot._replace(state=state, start=start)
        free = state.free - len(self._expected.get(slot_id, ()))
        self.index.put(slot, free, self._standings.get(slot.schedule.practitioner_id), self.price(slot))


def by_hour(bids: Iterable[Bid]) -> Bids:
    """Bids as the index reads them."""
    return {(one.profession, _hour(one.hour)): one.minutes for one in bids}


def _hour(start: datetime) -> int:
    """The clock hour in which it lies."""
    return lower_second(start) // 3600


def fill(seats: OpenSeats, slots: Iterable[OpenSlot]) -> None:
    """Fill the index with what the database remembers."""
    for slot in slots:
        seats.put(slot)
