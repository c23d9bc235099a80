"""I2: does every patient with a place have one seat, and every seat one patient?"""

from typing import Any

from sqlalchemy import Select, and_, case, exists, func, or_, select

from availability.tables import BOOKING, LIVE, SLOT
from dispatcher.life import PLACED, SEATED, State
from dispatcher.tables import REQUEST
from services.checks.look import Look, rows

_KIND = case((REQUEST.c.state == State.PROMISED, "guarantee"), else_="booking")


async def seat_taken_twice(look: Look) -> list[str]:
    """At most one active booking (holds included) has a seat."""
    twice: Select[Any] = select(BOOKING.c.slot_id, BOOKING.c.seat, func.count().label("n")).where(LIVE)
    twice = twice.group_by(BOOKING.c.slot_id, BOOKING.c.seat).having(func.count() > 1)
    return [f"la place {row.seat} du créneau {row.slot_id} est prise {row.n} fois" for row in await rows(look, twice)]


async def request_seated_twice(look: Look) -> list[str]:
    """A request has at most one active booking or hold."""
    twice: Select[Any] = select(BOOKING.c.request_id, func.count().label("n")).where(LIVE)
    twice = twice.group_by(BOOKING.c.request_id).having(func.count() > 1)
    return [f"la demande {row.request_id} a {row.n} places à la fois" for row in await rows(look, twice)]


async def seat_that_is_none(look: Look) -> list[str]:
    """An active booking is on a seat that an open slot has."""
    no_seat = or_(SLOT.c.id.is_(None), SLOT.c.status != "open", BOOKING.c.seat < 0, BOOKING.c.seat >= SLOT.c.capacity)
    joined = BOOKING.outerjoin(SLOT, SLOT.c.id == BOOKING.c.slot_id)
    query = select(BOOKING.c.request_id, BOOKING.c.slot_id).select_from(joined).where(LIVE, no_seat)
    found = await rows(look, query.order_by(BOOKING.c.seq))
    return [f"la demande {row.request_id} a une place que le créneau {row.slot_id} n'offre pas" for row in found]


async def slots_that_overlap(look: Look) -> list[str]:
    """A practitioner's open slots never overlap."""
    earlier = func.max(SLOT.c.ends).over(
        partition_by=SLOT.c.practitioner_id, order_by=(SLOT.c.start, SLOT.c.id), rows=(None, -1)
    )
    each = select(SLOT.c.id, SLOT.c.practitioner_id, SLOT.c.start, earlier.label("earlier"))
    ordered = each.where(SLOT.c.status == "open").subquery()
    query = select(ordered.c.id, ordered.c.practitioner_id).where(ordered.c.start < ordered.c.earlier)
    found = await rows(look, query)
    return [f"le créneau {row.id} de {row.practitioner_id} en chevauche un autre" for row in found]


async def placed_without_seat(look: Look) -> list[str]:
    """Every request that the dispatcher says is placed has that very seat. True a moment after it is said."""
    seat = exists().where(
        BOOKING.c.request_id == REQUEST.c.id,
        BOOKING.c.slot_id == REQUEST.c.slot_id,
        BOOKING.c.start == REQUEST.c.start,
        and_(LIVE, BOOKING.c.kind == _KIND),
    )
    query = select(REQUEST.c.id).where(REQUEST.c.state.in_(SEATED), ~seat).order_by(REQUEST.c.entered_at)
    return [f"la demande {row.id} est dite placée et n'a pas sa place" for row in await rows(look, query)]


async def seat_that_nobody_told(look: Look) -> list[str]:
    """Every booked seat is that of a request that the dispatcher says is placed. True a moment after it is taken."""
    told = exists().where(
        REQUEST.c.id == BOOKING.c.request_id,
        REQUEST.c.slot_id == BOOKING.c.slot_id,
        REQUEST.c.start == BOOKING.c.start,
        or_(
            REQUEST.c.state.in_((*PLACED, State.FULFILLED, State.NO_SHOW)),
            and_(REQUEST.c.state == State.PROMISED, BOOKING.c.kind == "guarantee"),
        ),
    )
    query = select(BOOKING.c.request_id).where(LIVE, BOOKING.c.kind != "hold", ~told).order_by(BOOKING.c.seq)
    return [f"la demande {row.request_id} a une place que personne ne lui a dite" for row in await rows(look, query)]
