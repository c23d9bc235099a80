"""What happens when dispatcher and availability talk, and facts come late, twice and in any order? A small world."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text

from availability import handlers as availability
from availability.orders import cancel_slot, hold_seat, publish_slots, register_practitioners
from dispatcher import handlers as dispatcher
from dispatcher.matching.seats import OpenSeats
from dispatcher.orders import acknowledge, close, confirm, enter_request, withdraw
from dispatcher.rounds import on_round
from dispatcher.wakes import on_timers
from schemas.event import Event
from schemas.values import Mode, NotYet
from services.storage.database import Database
from tests.builders import MONDAY, a_need, a_new_slot, a_patient, a_practitioner, an_order, ask, hear, minutes

GPS = ("gp-1", "gp-2")
ACTS: dict[str, Any] = {"withdraw": withdraw, "confirm": confirm, "acknowledge": acknowledge}


@dataclass
class World:
    """Both rooms on one database. Every fact waits in `letters`, once for each room that listens, until delivered."""

    database: Database
    now: datetime = MONDAY
    seats: OpenSeats = field(default_factory=OpenSeats)
    letters: list[tuple[str, Event]] = field(default_factory=list)
    read: set[tuple[str, str]] = field(default_factory=set)
    requests: list[str] = field(default_factory=list)
    slots: list[str] = field(default_factory=list)
    ended: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.rooms = {"dispatcher": dispatcher.reactions(self.seats), "availability": availability.reactions()}

    async def begin(self) -> None:
        await self.ask(register_practitioners, [a_practitioner(gp) for gp in GPS])

    async def ask(self, act: Any, *about: Any, **more: Any) -> None:
        """Give an order; what was said is on its way. An order may be refused."""
        said = await ask(self.database, act, an_order(), *about, now=self.now, **more)
        if isinstance(said, list):
            self.post(said)

    def post(self, facts: list[Any]) -> None:
        self.slots += [fact.slot_id for fact in facts if type(fact).__name__ == "SlotOpened"]
        self.letters += [(room, fact) for fact in facts for room, heard in self.rooms.items() if type(fact) in heard]

    # --- what may happen --------------------------------------------------------------------------------

    async def enter(self, pick: int) -> None:
        """A patient; every other one with a seat held while talking."""
        request_id = f"req-{len(self.requests)}"
        self.requests.append(request_id)
        held = self.slots[pick % len(self.slots)] if self.slots and pick % 2 else None
        if held:
            await self.ask(hold_seat, request_id, held, Mode.OFFICE)
        within = timedelta(hours=(2, 6, 24)[pick % 3])
        later = {"told_before": 60} if pick % 4 == 0 else {}
        need = a_need(within=within, now=self.now, **later)
        await self.ask(enter_request, request_id, need, a_patient(request_id), held)

    async def publish(self, pick: int) -> None:
        start = self.now.replace(second=0, microsecond=0) + minutes(40 + 20 * (pick % 20))
        await self.ask(publish_slots, GPS[pick % 2], [a_new_slot(start, 20, capacity=1 + pick % 2)])

    async def deliver(self, pick: int) -> None:
        """Some of the letters on their way; one in three comes twice; one that is too early comes again later."""
        for turn in range(1 + pick % 4):
            if not self.letters:
                return
            letter = self.letters.pop((pick + 7 * turn) % len(self.letters))
            if (pick + turn) % 3 == 0:
                self.letters.append(letter)
            await self._read(*letter)

    async def _read(self, room: str, fact: Event) -> None:
        if (room, fact.id) in self.read:
            return
        try:
            said = await hear(self.database, self.rooms[room][type(fact)], fact, self.now)
        except NotYet:
            self.letters.append((room, fact))
            return
        self.read.add((room, fact.id))
        self.post(said)

    async def act(self, pick: int) -> None:
        """A person says something about one of the requests."""
        if self.requests:
            name = sorted(ACTS)[pick % 3]
            await self.ask(ACTS[name], self.requests[pick % len(self.requests)])

    async def close(self, pick: int) -> None:
        if self.requests:
            outcome = ("no_show", "fulfilled", "redirected", "advised", "unmet")[pick % 5]
            await self.ask(close, self.requests[pick % len(self.requests)], outcome)

    async def cancel(self, pick: int) -> None:
        if self.slots:
            await self.ask(cancel_slot, self.slots[pick % len(self.slots)])

    async def wait(self, pick: int) -> None:
        """Time passes, and both rooms look at what is due."""
        self.now += minutes((1, 5, 61, 12 * 60)[pick % 4])
        await self.ask(on_timers, seats=self.seats)
        await self.ask(availability.expire_holds)

    async def round(self, pick: int) -> None:
        """Those who wait, and those who are promised a seat, are looked at together."""
        await self.ask(on_round, seats=self.seats)

    async def settle(self) -> None:
        """Deliver all that is on its way."""
        for _ in range(1000):
            if not self.letters:
                return
            await self._read(*self.letters.pop(0))
        raise AssertionError("the rooms never stop talking")

    # --- what must be true ------------------------------------------------------------------------------

    async def unwatched(self) -> list[str]:
        """Open requests that no timer in the future watches."""
        states = "('seeking', 'escalated', 'promised', 'booked', 'confirmed')"
        query = (
            f"SELECT id FROM care_request r WHERE state IN {states} AND NOT EXISTS"
            " (SELECT 1 FROM request_timer t WHERE t.request_id = r.id)"
        )
        return await self._ids(query)

    async def revived(self) -> list[str]:
        """Requests that had ended and are open again."""
        states = "('seeking', 'escalated', 'promised', 'booked', 'confirmed')"
        ended = set(await self._ids(f"SELECT id FROM care_request WHERE state NOT IN {states}"))
        self.ended |= ended
        return sorted(self.ended - ended)

    async def disagreements(self) -> list[str]:
        """Requests whose place the two rooms do not see the same way."""
        kind = "CASE state WHEN 'promised' THEN 'guarantee' ELSE 'booking' END"
        placed = (
            f"SELECT id, slot_id, {kind} AS kind FROM care_request WHERE state IN ('promised', 'booked', 'confirmed')"
        )
        booked = "SELECT request_id AS id, slot_id, kind FROM booking WHERE state = 'active' AND kind <> 'hold'"
        ended = "SELECT id, slot_id, 'booking' AS kind FROM care_request WHERE state IN ('fulfilled', 'no_show')"
        return await self._ids(f"{placed} EXCEPT {booked}") + await self._ids(
            f"SELECT * FROM ({booked}) b EXCEPT SELECT * FROM ({placed} UNION {ended}) p"
        )

    async def _ids(self, query: str) -> list[str]:
        async with self.database.read() as db:
            return [row[0] for row in await db.execute(text(query))]
