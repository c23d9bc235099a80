"""How does a test talk to the dispatcher? Enter, hear, let time pass, and look at what is remembered."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select

from dispatcher import store
from dispatcher.handlers import reactions
from dispatcher.life import Wake
from dispatcher.matching.seats import OpenSeats
from dispatcher.orders import enter_request
from dispatcher.tables import TIMER
from dispatcher.views import RequestRow
from dispatcher.wakes import mend_timers, on_timers
from schemas.event import Event
from schemas.request import Need
from schemas.slot import BookingCancelled, SlotBooked, SlotChosen, SlotLost, SlotOpened
from schemas.values import Mode
from services.storage.database import Database
from tests.builders import AT_TEN, GAILLAC, MONDAY, TARN, a_need, a_patient, a_state, an_order, ask, hear, only


@dataclass
class Dispatcher:
    """The room on a real database, with its index of open seats."""

    database: Database
    seats: OpenSeats = field(default_factory=OpenSeats)

    async def ask(self, act: Any, *about: Any, now: datetime = MONDAY) -> Any:
        return await ask(self.database, act, *about, now=now)

    async def hear(self, *facts: Event, now: datetime = MONDAY) -> list[Any]:
        """All that the room says to these facts, heard one after the other."""
        told = reactions(self.seats)
        return [answer for fact in facts for answer in await hear(self.database, told[type(fact)], fact, now)]

    async def hear_together(self, *facts: Event, now: datetime = MONDAY) -> list[Any]:
        """All that the room says to facts of one kind, heard in one transaction."""
        async with self.database.writing() as db:
            return [answer for said in await reactions(self.seats)[type(facts[0])](facts, db, now) for answer in said]

    async def ring(self, now: datetime) -> list[Any]:
        """Let the timers that are due at `now` act."""
        answer = await ask(self.database, on_timers, an_order(), now=now, seats=self.seats)
        assert isinstance(answer, list)
        return answer

    async def mend(self, now: datetime) -> None:
        assert await ask(self.database, mend_timers, an_order(), now=now) == []

    async def enter(
        self, request_id: str = "req-1", need: Need | None = None, *, held: str | None = None, now: datetime = MONDAY
    ) -> list[Any]:
        """Enter a request and let the room hear of it; what it says."""
        patient = a_patient(request_id)
        order = an_order(id=f"enter-{request_id}")
        entered = await self.ask(enter_request, order, request_id, need or a_need(), patient, held, now=now)
        return await self.hear(only(entered), now=now)

    async def book(self, request_id: str = "req-1", *slots: SlotOpened, need: Need | None = None) -> Any:
        """Enter a request and book the place that the room chooses; RequestBooked."""
        await self.hear(*slots)
        chosen = only(await self.enter(request_id, need))
        return only(await self.hear(booking_of(chosen)))

    async def row(self, request_id: str = "req-1") -> RequestRow:
        async with self.database.read() as db:
            row = await store.request(db, request_id)
        assert row is not None
        return row

    async def timers(self, request_id: str = "req-1") -> dict[Wake, datetime]:
        async with self.database.read() as db:
            rows = await db.execute(select(TIMER.c.wake, TIMER.c.due).where(TIMER.c.request_id == request_id))
            return {Wake(wake): due for wake, due in rows}

    async def forget_timers(self, request_id: str = "req-1") -> None:
        """As if a fault had lost them."""
        async with self.database.writing() as db:
            await store.set_timers(db, request_id, [])


def booking_of(chosen: SlotChosen, start: datetime = AT_TEN, *, version: int = 2, free: int = 0) -> SlotBooked:
    """Availability's yes to a choice."""
    return SlotBooked.after(
        chosen, MONDAY, request_id=chosen.request_id, slot_id=chosen.slot_id, choice=chosen.choice,
        practitioner_id="gp-1", start=start, minutes=15, mode=Mode.OFFICE, place=GAILLAC,
        state=a_state(start, version=version, free=free),
    )  # fmt: skip


def loss_of(chosen: SlotChosen, *, version: int = 2) -> SlotLost:
    """Availability's no: someone was faster."""
    return SlotLost.after(
        chosen, MONDAY, request_id=chosen.request_id, slot_id=chosen.slot_id, choice=chosen.choice, why="taken",
        state=a_state(version=version, free=0),
    )  # fmt: skip


def cancellation_of(request_id: str, slot_id: str, start: datetime = AT_TEN) -> BookingCancelled:
    """The practitioner took the slot back."""
    return BookingCancelled.after(an_order(territory=TARN), MONDAY, request_id=request_id, slot_id=slot_id, start=start)
