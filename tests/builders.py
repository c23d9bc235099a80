"""How does a test say what it is about, in the words of the trade? Needs, patients, slots, rooms that listen."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from availability.agenda import NewPractitioner, NewSlot
from dispatcher.matching.seats import OpenSeats, OpenSlot, opened
from schemas.event import Event, Order
from schemas.request import Need, Patient
from schemas.sealed import Sealed, Vault
from schemas.slot import SlotOpened
from schemas.values import Actor, Mode, Place, Refused, Role, SlotState
from services.storage.database import Database

TARN = "tarn-ouest"
MONDAY = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
"""Monday morning, 9 o'clock in France: when the phones ring."""
AT_TEN = MONDAY + timedelta(hours=2)
"""Two hours later by the clock of UTC; eleven in France."""
A_DAY = timedelta(hours=24)

GAILLAC = Place(commune="81099", lat=43.9015, lon=1.8972)
LISLE = Place(commune="81145", lat=43.8522, lon=1.8103)
"""8.9 km from Gaillac as the crow flies."""
LAVAUR = Place(commune="81140", lat=43.6990, lon=1.8206)
"""23 km from Gaillac."""
NARBONNE = Place(commune="11262", lat=43.1836, lon=3.0039)
"""120 km from Gaillac: beyond every radius of these tests."""
SOMEWHERE = Place(commune="81999")
"""A commune whose position nobody knows."""

_numbers = count(1)


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


def hours(number: float) -> timedelta:
    return timedelta(hours=number)


def somebody(role: Role = Role.REGULATOR, person: str = "reg-1", territory: str = TARN) -> Actor:
    return Actor(person=person, role=role, territory=territory)


def an_order(by: Actor | None = None, *, id: str = "", territory: str = TARN) -> Order:
    """Something asked for; its own idempotency key unless `id` is given."""
    return Order(id=id or f"order-{next(_numbers)}", territory=territory, actor=by or somebody())


def a_need(*, within: timedelta = A_DAY, now: datetime = MONDAY, **said: Any) -> Need:
    """A patient of Gaillac who needs a GP in the office within 24 h of Monday morning, unless `said` otherwise."""
    whole_hours = max(1, round(within.total_seconds() / 3600))
    usual = {"profession": "10", "place": GAILLAC, "earliest": now, "deadline": now + within, "hours": whole_hours}
    return Need(**{**usual, **said})


def a_patient(request_id: str = "req-1", **said: Any) -> Patient:
    """Somebody whose name and phone are sealed (and whom no key opens)."""
    boxes = {
        field: Sealed[str](subject=request_id, field=field, key_version=1, box="eA==") for field in ("name", "phone")
    }
    return Patient(**{**boxes, **said})


async def a_sealed_patient(vault: Vault, request_id: str = "req-1", **said: Any) -> Patient:
    """Mireille Testard, 06 39 98 00 01, sealed for good."""
    name = await vault.seal(request_id, "name", "Mireille Testard")
    phone = await vault.seal(request_id, "phone", "+33639980001")
    return a_patient(request_id, name=name, phone=phone, **said)


def a_state(start: datetime = MONDAY, *, version: int = 1, free: int = 1) -> SlotState:
    return SlotState(version=version, free=free, next_start=int(start.timestamp()) if free else None)


def a_slot(slot_id: str = "", start: datetime = AT_TEN, **said: Any) -> SlotOpened:
    """A GP of Gaillac opened one quarter of an hour in the office, in two hours, unless `said` otherwise."""
    slot_id = slot_id or f"slot-{next(_numbers)}"
    capacity = said.get("capacity", 1)
    usual = {
        "territory": TARN, "practitioner_id": f"gp-of-{slot_id}", "profession": "10", "place": GAILLAC, "minutes": 15,
        "capacity": capacity, "modes": (Mode.OFFICE,), "state": a_state(start, free=capacity),
    }  # fmt: skip
    order = an_order(somebody(Role.PRACTITIONER, "gp-1"), id=f"publish-{slot_id}")
    return SlotOpened.after(order, MONDAY, slot_id=slot_id, start=start, **{**usual, **said})


def an_open_slot(slot_id: str = "", start: datetime = AT_TEN, **said: Any) -> OpenSlot:
    """The same as the dispatcher's index has it."""
    return opened(a_slot(slot_id, start, **said))


def seats_of(*slots: SlotOpened) -> OpenSeats:
    """An index that has heard of these slots."""
    seats = OpenSeats()
    for slot in slots:
        seats.hear(slot)
    return seats


def a_practitioner(id: str = "gp-1", **said: Any) -> NewPractitioner:
    """A GP in Gaillac."""
    usual = {
        "name": "Dr Odile Exemple",
        "profession": "10",
        "commune": GAILLAC.commune,
        "lat": GAILLAC.lat,
        "lon": GAILLAC.lon,
    }
    return NewPractitioner(id=id, **{**usual, **said})


def a_new_slot(start: datetime = AT_TEN, minutes: int = 15, **said: Any) -> NewSlot:
    """What a practitioner types: a quarter of an hour in two hours."""
    return NewSlot(start=start, minutes=minutes, **said)


class _RolledBack(Exception):
    """Ends a refused order's transaction, as the mailbox does."""


async def ask(
    database: Database, act: Callable[..., Awaitable[Any]], *said: Any, now: datetime = MONDAY, **more: Any
) -> Any:
    """Give a room an order (`act(*said, db, now)`) in one transaction; refused = rolled back. What it answered."""
    outcome: Any = None
    try:
        async with database.writing() as db:
            outcome = await act(*said, db, now, **more)
            if isinstance(outcome, Refused):
                raise _RolledBack
    except _RolledBack:
        pass
    return outcome


@cache
def each(react: Callable[..., Awaitable[list[Event]]]) -> Callable[..., Awaitable[list[list[Event]]]]:
    """A reaction to one fact as a reaction to several."""

    async def to_all(facts: Sequence[Event], db: AsyncConnection, now: datetime) -> list[list[Event]]:
        return [await react(fact, db, now) for fact in facts]

    return to_all


async def hear(
    database: Database,
    reaction: Callable[..., Awaitable[list[list[Event]]]],
    fact: Event,
    now: datetime = MONDAY,
) -> list[Any]:
    """Let a room hear a fact in one transaction. What it said."""
    async with database.writing() as db:
        (said,) = await reaction([fact], db, now)
        return said


def said(facts: list[Any]) -> list[str]:
    """The names of these facts, in order."""
    return [type(fact).__name__ for fact in facts]


def only(facts: Any) -> Any:
    """The one fact that was said. Fails when there is none, or more."""
    assert isinstance(facts, list), facts
    assert len(facts) == 1, said(facts)
    return facts[0]
