"""Who has which seat? The one place of the month where seats change hands and where what must never be is counted."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from dispatcher.matching.seats import OpenSeats, OpenSlot
from schemas.values import SlotState
from tests.bench.month.demand import WINDOW, Request
from tests.bench.month.world import Seat

NEVER = ("double bookings", "promises broken", "confirmations moved", "misses kept silent")
"""What no policy may do. Counted here and at the end of the month, whatever the policy believes."""

FORGET_EACH = timedelta(hours=2)


class Board:
    """The seats of the month, and who sits in them; `seats` is the picture of them that the engine looks at.

    `promised` and `confirmed` map a request to its slot: a promised one may be given another seat, a confirmed one
    never. `told` says when a patient was first answered (place, promise, or nobody), `flagged` when a human was told
    that nobody can be found, `ever_promised` who was told that there is a place.
    """

    def __init__(self, seats: Iterable[Seat]) -> None:
        self.seats = OpenSeats()
        self.slots: dict[str, OpenSlot] = {}
        self.taken: dict[str, str] = {}
        self.closed: set[str] = set()
        self.promised: dict[str, str] = {}
        self.confirmed: dict[str, str] = {}
        self.told: dict[str, datetime] = {}
        self.flagged: dict[str, datetime] = {}
        self.ever_promised: set[str] = set()
        self.never: Counter[str] = Counter(dict.fromkeys(NEVER, 0))
        self._versions: Counter[str] = Counter()
        self._to_come = sorted(((_seen_from(seat), seat.slot.slot_id, seat) for seat in seats), reverse=True)
        self._forgotten: datetime | None = None

    def show(self, now: datetime) -> set[str]:
        """Let the engine see what is published and near by now. The professions of which somebody who called before
        may want one of them: a seat that comes near begins after everybody's deadline."""
        shown = set()
        while self._to_come and self._to_come[-1][0] <= now:
            _, slot_id, seat = self._to_come.pop()
            self.slots[slot_id] = seat.slot
            self._picture(slot_id)
            if seat.published > seat.slot.start - WINDOW:
                shown.add(seat.slot.schedule.profession)
        if self._forgotten is None or now - self._forgotten > FORGET_EACH:
            self._forgotten = now
            self.seats.forget_before(now)
        return shown

    def next_shown(self) -> datetime | None:
        """When there is next something new to see."""
        return self._to_come[-1][0] if self._to_come else None

    def is_free(self, slot_id: str) -> bool:
        return slot_id not in self.taken and slot_id not in self.closed

    def confirm(self, request: Request, slot_id: str, now: datetime) -> None:
        """The patient and the practitioner are told: this seat, for good."""
        if self.promised.get(request.id) != slot_id:
            self._seat({request.id: slot_id}, now)
        if self.confirmed.get(request.id, slot_id) != slot_id:
            self.never["confirmations moved"] += 1
        self.promised.pop(request.id, None)
        self.confirmed[request.id] = slot_id

    def exchange(self, moves: Mapping[str, str], now: datetime) -> None:
        """Promised seats change hands all at once, as availability does it."""
        self.never["confirmations moved"] += sum(request_id in self.confirmed for request_id in moves)
        self._seat(moves, now)
        self.promised.update(moves)
        self.ever_promised.update(moves)

    def flag(self, request: Request, now: datetime) -> None:
        """Nobody can be found: a human is told now, not at the deadline."""
        self.flagged.setdefault(request.id, now)
        self.told.setdefault(request.id, now)

    def leave(self, request_id: str) -> str | None:
        """The request gives its seat back. The slot that is free again, if there was one."""
        slot_id = self.confirmed.pop(request_id, None) or self.promised.pop(request_id, None)
        if slot_id is not None:
            self._empty(slot_id)
        return slot_id

    def close(self, slot_ids: Iterable[str]) -> list[str]:
        """The practitioner takes these back. The requests that had a seat there and must be sought another."""
        gone = [slot_id for slot_id in slot_ids if slot_id not in self.closed]
        sitting = [self.taken[slot_id] for slot_id in gone if slot_id in self.taken]
        self.closed.update(gone)
        for request_id in sitting:
            self.leave(request_id)
        for slot_id in gone:
            self._picture(slot_id)
        return sitting

    def _seat(self, moves: Mapping[str, str], now: datetime) -> None:
        for request_id in moves:
            before = self.promised.get(request_id) or self.confirmed.get(request_id)
            if before is not None and self.taken.get(before) == request_id:
                self._empty(before)
        for request_id, slot_id in moves.items():
            if not self.is_free(slot_id):
                self.never["double bookings"] += 1
            self.taken[slot_id] = request_id
            self.told.setdefault(request_id, now)
            self._picture(slot_id)

    def _empty(self, slot_id: str) -> None:
        del self.taken[slot_id]
        self._picture(slot_id)

    def _picture(self, slot_id: str) -> None:
        """What availability would say of the slot now."""
        slot = self.slots.get(slot_id)
        if slot is None or (self._forgotten is not None and slot.start < self._forgotten):
            return
        self._versions[slot_id] += 1
        free = int(self.is_free(slot_id))
        start = int(slot.start.timestamp()) if free else None
        state = SlotState(version=self._versions[slot_id], free=free, next_start=start)
        self.seats.put(slot._replace(state=state))


def _seen_from(seat: Seat) -> datetime:
    """A seat that begins after everybody's deadline helps nobody yet: it is shown when it may."""
    return max(seat.published, seat.slot.start - WINDOW)
