"""How does a seat become free again? The one step that orders, facts and expiry share."""

from dataclasses import replace
from datetime import datetime
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncConnection

from availability import store
from availability.agenda import SeatRow, state_of
from schemas.event import Cause, Event
from schemas.slot import HoldReleased, SeatFreed


async def free_seat(
    cause: Cause, seat: SeatRow, why: Literal["given_back", "expired"], db: AsyncConnection, now: datetime
) -> list[Event]:
    """End the active seat and say what is left of its slot: HoldReleased for a hold, SeatFreed for a booking.

    Nothing when the seat is no longer as it was seen: another process booked or freed it before we had the lock.
    """
    slot = await store.lock_slot(db, seat.slot_id)
    if slot is None or seat not in slot.seats:
        return []
    await store.leave_seat(db, seat.request_id, "released")
    slot = replace(slot, version=await store.next_version(db, seat.slot_id, status=slot.status))
    state = state_of(slot, {row.seat for row in slot.seats if row.request_id != seat.request_id})
    if seat.kind == "hold":
        said: Event = HoldReleased.after(
            cause,
            now,
            key=f"{seat.request_id}:{seat.slot_id}",
            slot_id=seat.slot_id,
            request_id=seat.request_id,
            why=why,
            state=state,
        )
    else:
        said = SeatFreed.after(
            cause, now, key=seat.request_id, slot_id=seat.slot_id, request_id=seat.request_id, state=state
        )
    return [said]
