"""What happens when dispatcher and availability talk, and facts come late, twice and in any order? A small world."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import text

from availability import handlers as availability
from availability.orders import cancel_slot, hold_seat, publish_slots, register_practitioners, set_terms
from dispatcher import handlers as dispatcher
from dispatcher.answers import accept, agree, decline
from dispatcher.matching.seats import OpenSeats
from dispatcher.orders import acknowledge, close, confirm, enter_request, withdraw
from dispatcher.rounds import on_round
from dispatcher.wakes import on_timers
from schemas.event import Event
from schemas.practitioner import Terms
from schemas.values import Mode, NotYet
from services.storage.database import Database
from tests.builders import MONDAY, a_need, a_new_slot, a_patient, a_practitioner, an_order, ask, hear, minutes

GPS = ("gp-1", "gp-2")
TERMS = {
    "gp-1": Terms(offers=True, extra=True, per_day=3),
    "gp-2": Terms(offers=True, per_day=2, per_week=4),
    "gp-3": Terms(offers=True, extra=True, per_day=1),
    "gp-4": Terms(offers=False),
}
PARIS = ZoneInfo("Europe/Paris")
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
        await self.ask(register_practitioners, [a_practitioner(gp, terms=terms) for gp, terms in TERMS.items()])

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

    async def answer(self, pick: int) -> None:
        """Somebody who was asked says yes (now and then at another time) or no; perhaps too late."""
        offers = await self._ids("SELECT id FROM offer ORDER BY id")
        if offers:
            offer_id = offers[pick % len(offers)]
            start = None if pick % 5 else self.now.replace(second=0, microsecond=0) + minutes(40 + pick)
            await (self.ask(decline, offer_id) if pick % 3 == 2 else self.ask(accept, offer_id, start))

    async def phone(self, pick: int) -> None:
        """The regulator agrees a time with somebody, perhaps with one who may not be phoned."""
        if self.requests:
            request_id, gp = self.requests[pick % len(self.requests)], sorted(TERMS)[pick % len(TERMS)]
            start = self.now.replace(second=0, microsecond=0) + minutes(30 + 7 * (pick % 20))
            await self.ask(agree, request_id, gp, start, Mode.OFFICE)

    async def pause(self, pick: int) -> None:
        """A practitioner wants nobody for a while, or everybody again."""
        gp = sorted(TERMS)[pick % len(TERMS)]
        until = self.now + minutes(90) if pick % 2 else None
        await self.ask(set_terms, gp, TERMS[gp].model_copy(update={"paused_until": until}), may_widen=True)

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
        states = "('seeking', 'offering', 'escalated', 'promised', 'booked', 'confirmed')"
        query = (
            f"SELECT id FROM care_request r WHERE state IN {states} AND NOT EXISTS"
            " (SELECT 1 FROM request_timer t WHERE t.request_id = r.id)"
        )
        return await self._ids(query)

    async def revived(self) -> list[str]:
        """Requests that had ended and are open again."""
        states = "('seeking', 'offering', 'escalated', 'promised', 'booked', 'confirmed')"
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

    async def too_many(self) -> list[str]:
        """Practitioners who got more visits on a day than they allow."""
        query = (
            "SELECT s.practitioner_id, b.start FROM booking b JOIN slot s ON s.id = b.slot_id WHERE b.state = 'active'"
        )
        async with self.database.read() as db:
            rows = [(who, datetime.fromisoformat(str(start))) for who, start in await db.execute(text(query))]
        days = Counter((who, start.replace(tzinfo=UTC).astimezone(PARIS).date()) for who, start in rows)
        return [f"{who} {day}: {n}" for (who, day), n in days.items() if n > (TERMS[who].per_day or n)]

    async def asked_in_vain(self) -> list[str]:
        """Offers that somebody may still answer about a request that waits for nobody."""
        waiting = "('seeking', 'offering', 'escalated')"
        return await self._ids(
            "SELECT o.id FROM offer o JOIN care_request r ON r.id = o.request_id"
            f" WHERE o.state = 'made' AND r.state NOT IN {waiting}"
        )

    async def unasked_for(self) -> list[str]:
        """Offers to whom did not agree to be asked."""
        willing = ", ".join(f"'{gp}'" for gp, terms in TERMS.items() if terms.offers or terms.extra)
        return await self._ids(f"SELECT id FROM offer WHERE practitioner_id NOT IN ({willing})")

    async def _ids(self, query: str) -> list[str]:
        async with self.database.read() as db:
            return [row[0] for row in await db.execute(text(query))]
