"""How does a seat become free again? The one step that orders, facts and expiry share."""

from datetime import datetime
from typing import Any, Literal

from availability.agenda import SeatRow, state_of
from availability.store import Desk
from schemas.event import Cause, Event
from schemas.slot import HoldReleased, SeatFreed


async def free_seat(
    cause: Cause, seat: SeatRow, why: Literal["given_back", "expired"], desk: Desk, now: datetime
) -> list[Event]:
    """End the active seat and say what is left of its slot: HoldReleased for a hold, SeatFreed for a booking.

    Nothing when the seat is no longer as it was seen: another process booked or freed it before we had the lock.
    """
    slot = await desk.slot(seat.slot_id)
    if slot is None or seat not in slot.seats:
        return []
    state = state_of(await desk.leave(slot, seat, "released"))
    of_it: dict[str, Any] = {"slot_id": seat.slot_id, "request_id": seat.request_id, "state": state}
    if seat.kind == "hold":
        return [HoldReleased.after(cause, now, key=f"{seat.request_id}:{seat.slot_id}", why=why, **of_it)]
    return [SeatFreed.after(cause, now, key=seat.request_id, **of_it)]
