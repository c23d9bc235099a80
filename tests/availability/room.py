"""How does a test talk to availability? Publish, hold, choose, end, and look at who sits where."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from availability import store
from availability.agenda import NewSlot, SeatRow, SlotRow
from availability.handlers import expire_holds, reactions
from availability.orders import hold_seat, publish_slots, register_practitioners
from schemas.event import Event
from schemas.request import RequestWithdrawn
from schemas.slot import BookingRefused, SlotChosen, SlotOpened
from schemas.values import Mode
from services.storage.database import Database
from tests.builders import MONDAY, TARN, a_new_slot, a_patient, a_practitioner, an_order, ask, hear


@dataclass
class Availability:
    """The room on a real database, with two GPs of Gaillac."""

    database: Database

    async def begin(self) -> "Availability":
        await self.ask(register_practitioners, an_order(), [a_practitioner("gp-1"), a_practitioner("gp-2")])
        return self

    async def ask(self, act: Any, *about: Any, now: datetime = MONDAY) -> Any:
        return await ask(self.database, act, *about, now=now)

    async def hear(self, *facts: Event, now: datetime = MONDAY) -> list[Any]:
        told = reactions()
        return [answer for fact in facts for answer in await hear(self.database, told[type(fact)], fact, now)]

    async def publish(self, *slots: NewSlot, by: str = "gp-1") -> list[SlotOpened]:
        """Open these slots (one of a quarter of an hour at ten when none is given)."""
        opened = await self.ask(publish_slots, an_order(), by, slots or [a_new_slot()])
        assert isinstance(opened, list), opened
        return opened

    async def hold(self, request_id: str, slot_id: str, mode: Mode = Mode.OFFICE, now: datetime = MONDAY) -> Any:
        return await self.ask(hold_seat, an_order(), request_id, slot_id, mode, now=now)

    async def choose(self, request_id: str, slot_id: str, choice: int = 1, now: datetime = MONDAY) -> list[Any]:
        """The dispatcher proposes this slot; what availability answers."""
        return await self.hear(choice_of(request_id, slot_id, choice), now=now)

    async def expire(self, now: datetime) -> list[Any]:
        answer = await ask(self.database, expire_holds, an_order(), now=now)
        assert isinstance(answer, list)
        return answer

    async def slot(self, slot_id: str) -> SlotRow:
        async with self.database.read() as db:
            slot = await store.slot(db, slot_id)
        assert slot is not None
        return slot

    async def seat(self, request_id: str) -> SeatRow | None:
        async with self.database.read() as db:
            return await store.seat_of(db, request_id)


def choice_of(request_id: str, slot_id: str, choice: int = 1, modes: tuple[Mode, ...] = (Mode.OFFICE,)) -> SlotChosen:
    return SlotChosen.after(
        an_order(), MONDAY, request_id=request_id, slot_id=slot_id, choice=choice, modes=modes,
        patient_territory=TARN, slot_territory=TARN,
    )  # fmt: skip


def withdrawal_of(request_id: str, slot_id: str | None) -> RequestWithdrawn:
    return RequestWithdrawn.after(
        an_order(), MONDAY, request_id=request_id, slot_id=slot_id, patient=a_patient(request_id)
    )


def refusal_of(request_id: str, slot_id: str, choice: int | None = 1) -> BookingRefused:
    return BookingRefused.after(an_order(), MONDAY, request_id=request_id, slot_id=slot_id, choice=choice)
