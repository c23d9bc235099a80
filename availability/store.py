"""What does availability remember? Practitioners, their slots, and who has which seat."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import bindparam, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from availability.agenda import ANYBODY, Audience, NewPractitioner, NewSlot, Practice, SeatRow, SlotRow
from availability.tables import BOOKING, DELEGATION, LIVE, PRACTITIONER, SLOT
from availability.visits import Visits, terms_of
from schemas.practitioner import Terms
from schemas.sealed import Sealed
from schemas.values import Mode, Place

# Built once: making a statement costs more than running it.
_THESE: Any = bindparam("these", expanding=True)
_LOCK = select(SLOT).where(SLOT.c.id.in_(_THESE)).order_by(SLOT.c.id).with_for_update()
_SEAT_OF = select(BOOKING).where(BOOKING.c.request_id == bindparam("this"), LIVE)
_SEATS_OF = select(BOOKING).where(BOOKING.c.request_id.in_(_THESE), LIVE)
_SEATS = select(BOOKING).where(LIVE, BOOKING.c.slot_id.in_(_THESE)).order_by(BOOKING.c.seat)
_TAKE = insert(BOOKING).execution_options(later="request_id")
_OF_REQUEST = update(BOOKING).where(BOOKING.c.request_id == bindparam("request_id_"), LIVE)
_KEEP = _OF_REQUEST.values(
    kind=bindparam("now"), expires_at=None, counted=bindparam("act"), choice=bindparam("by")
).execution_options(later="request_id_")
_LEAVE = _OF_REQUEST.values(state=bindparam("now")).execution_options(later="request_id_")
_CHANGED = update(SLOT).where(SLOT.c.id == bindparam("this")).execution_options(later="this")


class PractitionerRow(NewPractitioner):
    """A practitioner with the territory that registered them; `version` 0 = nothing was said of the terms yet."""

    territory: str
    terms: Terms
    version: int = 0


def practitioner_row(row: Any) -> PractitionerRow:
    sealed = {
        name: None if text is None else Sealed[str].model_validate_json(text)
        for name, text in (("phone", row.phone), ("email", row.email))
    }
    return PractitionerRow.model_validate(row._asdict() | {"terms": terms_of(row), **sealed})


async def practitioner(db: AsyncConnection, practitioner_id: str) -> PractitionerRow | None:
    return (await practitioners(db, [practitioner_id])).get(practitioner_id)


async def lock_practitioner(db: AsyncConnection, practitioner_id: str) -> PractitionerRow | None:
    """The practitioner, for changing the agenda: others who publish for the same one wait for our transaction."""
    query = select(PRACTITIONER).where(PRACTITIONER.c.id == practitioner_id).with_for_update()
    row = (await db.execute(query)).one_or_none()
    return None if row is None else practitioner_row(row)


async def practitioners(db: AsyncConnection, ids: Iterable[str]) -> dict[str, PractitionerRow]:
    """Those that exist, by id."""
    rows = await db.execute(select(PRACTITIONER).where(PRACTITIONER.c.id.in_(set(ids))))
    return {row.id: practitioner_row(row) for row in rows}


async def find_practitioners(
    db: AsyncConnection, territory: str, words: str = "", profession: str | None = None, limit: int = 20
) -> list[PractitionerRow]:
    """Those of the territory whose name holds every word, by name."""
    query = select(PRACTITIONER).where(PRACTITIONER.c.territory == territory)
    if profession is not None:
        query = query.where(PRACTITIONER.c.profession == profession)
    for word in words.split():
        query = query.where(func.lower(PRACTITIONER.c.name).contains(word.lower(), autoescape=True))
    rows = await db.execute(query.order_by(PRACTITIONER.c.name, PRACTITIONER.c.id).limit(limit))
    return [practitioner_row(row) for row in rows]


async def delegate(db: AsyncConnection, delegate_id: str, practitioner_ids: Iterable[str]) -> None:
    """The delegate acts for these practitioners, and for no others."""
    await db.execute(delete(DELEGATION).where(DELEGATION.c.delegate_id == delegate_id))
    rows = [{"delegate_id": delegate_id, "practitioner_id": one} for one in practitioner_ids]
    if rows:
        await db.execute(insert(DELEGATION), rows)


async def delegations(db: AsyncConnection, delegate_id: str) -> list[str]:
    """Whom the delegate acts for."""
    rows = await db.execute(
        select(DELEGATION.c.practitioner_id)
        .where(DELEGATION.c.delegate_id == delegate_id)
        .order_by(DELEGATION.c.practitioner_id)
    )
    return [row.practitioner_id for row in rows]


async def add_slots(
    db: AsyncConnection, who: PractitionerRow, slots: Sequence[tuple[str, NewSlot]], *, once: bool = False
) -> list[SlotRow]:
    """Open these slots (id, slot), `once` = for one patient alone. The database refuses those that overlap."""
    rows = [
        {
            "id": slot_id,
            "territory": who.territory,
            "practitioner_id": who.id,
            "profession": who.profession,
            "commune": (slot.place or who).commune,
            "lat": (slot.place or who).lat,
            "lon": (slot.place or who).lon,
            "address": None if slot.place is None else slot.place.address,
            "start": slot.start,
            "ends": slot.start + timedelta(minutes=slot.minutes),
            "minutes": slot.minutes,
            "capacity": slot.capacity,
            "modes": ",".join(slot.modes),
            "status": "open",
            "version": 1,
            "once": once,
            "audience": None if slot.audience == ANYBODY else slot.audience.model_dump_json(),
            "pattern": slot.pattern,
            "feed": slot.feed,
            "uid": slot.uid,
        }
        for slot_id, slot in slots
    ]
    await db.execute(insert(SLOT), rows)
    main = _place(who)
    return [
        SlotRow(
            slot_id, who.territory, who.id, who.profession, main if slot.place is None else _place(slot.place),
            slot.start, slot.minutes, slot.capacity, slot.modes, "open", 1, (), once, slot.audience, slot.pattern,
            address=None if slot.place is None else slot.place.address,
        )
        for slot_id, slot in slots
    ]  # fmt: skip


def _place(of: PractitionerRow | Practice) -> Place:
    return Place(commune=of.commune, lat=of.lat, lon=of.lon)


async def agenda(
    db: AsyncConnection, practitioner_id: str, since: datetime, until: datetime, *, only_open: bool = False
) -> list[SlotRow]:
    """The practitioner's slots that touch [since, until), by start."""
    query = select(SLOT).where(SLOT.c.practitioner_id == practitioner_id, SLOT.c.start < until, SLOT.c.ends > since)
    if only_open:
        query = query.where(SLOT.c.status == "open")
    rows = (await db.execute(query.order_by(SLOT.c.start))).all()
    return await with_seats(db, rows)


async def slot(db: AsyncConnection, slot_id: str) -> SlotRow | None:
    """The slot as it is."""
    rows = (await db.execute(select(SLOT).where(SLOT.c.id == slot_id))).all()
    return (await with_seats(db, rows))[0] if rows else None


class Desk:
    """The slots in hand in one transaction, with their seats: asked for together, locked where the database can,
    changed here and there alike. Who wants to change a seat has its slot in hand."""

    def __init__(self, db: AsyncConnection) -> None:
        self.db = db
        self._slots: dict[str, SlotRow] = {}
        self._seats: dict[str, SeatRow | None] = {}
        self.visits = Visits(db)

    async def fetch(self, slot_ids: Iterable[str], request_ids: Iterable[str] = ()) -> "Desk":
        """Take these slots in hand, and look where these requests sit."""
        slots, requests = set(slot_ids) - self._slots.keys(), set(request_ids) - self._seats.keys()
        if slots:
            rows = (await self.db.execute(_LOCK, {"these": list(slots)})).all()
            self._slots.update({slot.slot_id: slot for slot in await with_seats(self.db, rows)})
        if requests:
            self._seats.update(dict.fromkeys(requests))
            for row in await self.db.execute(_SEATS_OF, {"these": list(requests)}):
                self._seats[row.request_id] = _seat(row)
        return self

    async def slot(self, slot_id: str) -> SlotRow | None:
        """The slot as it is: others wait until our transaction ends, where the database can."""
        return (await self.fetch([slot_id]))._slots.get(slot_id)

    async def seat_of(self, request_id: str) -> SeatRow | None:
        """The active seat of a request."""
        return (await self.fetch([], [request_id]))._seats[request_id]

    def slots(self) -> Iterable[SlotRow]:
        """Those in hand."""
        return self._slots.values()

    async def take(self, slot: SlotRow, seat: SeatRow, now: datetime, *, counted: bool = True) -> SlotRow:
        """The slot with one more seat held or booked; `counted` = a regulated act. The database refuses a seat, or a
        request, taken twice."""
        row = {
            "slot_id": seat.slot_id, "seat": seat.seat, "request_id": seat.request_id, "kind": seat.kind,
            "state": "active", "start": seat.start, "minutes": seat.minutes, "mode": seat.mode,
            "expires_at": seat.expires_at, "made_at": now, "counted": counted, "choice": seat.choice,
        }  # fmt: skip
        await self.db.execute(_TAKE, row)
        self._seats[seat.request_id] = seat
        self.visits.add(slot.practitioner_id, seat.request_id, seat.start, counted=counted)
        return await self._change(slot, seats=(*slot.seats, seat))

    async def keep(self, slot: SlotRow, seat: SeatRow, kept: SeatRow, *, counted: bool = True) -> SlotRow:
        """The slot with this hold or guarantee turned into the kind of seat, and choice, of `kept`: for others nothing
        changes."""
        row = {"request_id_": seat.request_id, "now": kept.kind, "act": counted, "by": kept.choice}
        await self.db.execute(_KEEP, row)
        self.visits.add(slot.practitioner_id, seat.request_id, seat.start, counted=counted)
        self._seats[seat.request_id] = kept
        changed = self._slots[slot.slot_id] = slot._replace(
            seats=tuple(kept if one == seat else one for one in slot.seats)
        )
        return changed

    async def leave(self, slot: SlotRow, seat: SeatRow, state: str) -> SlotRow:
        """The slot without this seat, which ends as `state` (released, cancelled, superseded)."""
        await self.db.execute(_LEAVE, {"request_id_": seat.request_id, "now": state})
        self._seats[seat.request_id] = None
        self.visits.remove(slot.practitioner_id, seat.request_id)
        return await self._change(slot, seats=tuple(one for one in slot.seats if one != seat))

    async def close(self, slot: SlotRow, status: str = "closed", *, gone: bool = False) -> SlotRow:
        """The slot, open no more: taken back, unless `status` says otherwise; `gone` = because it is no longer where it
        came from."""
        return await self._change(slot, status=status, gone=gone or slot.gone)

    async def mark(self, slot: SlotRow, *, gone: bool) -> SlotRow:
        return await self._change(slot, gone=gone)

    async def _change(self, slot: SlotRow, **fields: Any) -> SlotRow:
        changed = self._slots[slot.slot_id] = slot._replace(version=slot.version + 1, **fields)
        row = {"this": slot.slot_id, "version": changed.version, "status": changed.status, "gone": changed.gone}
        await self.db.execute(_CHANGED, row)
        return changed


async def seat_of(db: AsyncConnection, request_id: str) -> SeatRow | None:
    """The active seat of a request."""
    row = (await db.execute(_SEAT_OF, {"this": request_id})).one_or_none()
    return None if row is None else _seat(row)


async def expired_holds(db: AsyncConnection, now: datetime, limit: int = 200) -> list[SeatRow]:
    """Holds whose time is over."""
    rows = await db.execute(
        select(BOOKING)
        .where(LIVE, BOOKING.c.kind == "hold", BOOKING.c.expires_at <= now)
        .order_by(BOOKING.c.expires_at)
        .limit(limit)
    )
    return [_seat(row) for row in rows]


async def count_of(db: AsyncConnection, territory: str) -> int:
    """How many practitioners the territory has registered."""
    query = select(func.count()).select_from(PRACTITIONER).where(PRACTITIONER.c.territory == territory)
    return int((await db.execute(query)).scalar_one())


async def with_seats(db: AsyncConnection, rows: Sequence[Any]) -> list[SlotRow]:
    """These rows of the slot table as slots, with their active seats."""
    if not rows:
        return []
    ids = [row.id for row in rows]
    seats: dict[str, list[SeatRow]] = {}
    for seat in await db.execute(_SEATS, {"these": ids}):
        seats.setdefault(seat.slot_id, []).append(_seat(seat))
    return [
        SlotRow(
            row.id, row.territory, row.practitioner_id, row.profession,
            Place(commune=row.commune, lat=row.lat, lon=row.lon), row.start, row.minutes, row.capacity,
            tuple(map(Mode, row.modes.split(","))), row.status, row.version, tuple(seats.get(row.id, ())), row.once,
            ANYBODY if row.audience is None else _audience(row.audience), row.pattern, row.gone,
            row.address,
        )
        for row in rows
    ]  # fmt: skip


@lru_cache(maxsize=1000)
def _audience(text: str) -> Audience:
    """One value for all equal ones: a practitioner's slots are mostly for the same people."""
    return Audience.model_validate_json(text)


def _seat(row: Any) -> SeatRow:
    return SeatRow(
        row.slot_id, row.seat, row.request_id, row.kind, row.start, row.minutes, Mode(row.mode), row.expires_at,
        row.choice,
    )  # fmt: skip
