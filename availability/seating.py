"""How does a time open, and a seat become free again? The steps that orders, facts and expiry share."""

from datetime import datetime
from typing import Any, Literal

from availability.agenda import SeatRow, SlotRow, state_of
from availability.store import Desk
from schemas.event import Cause, Event
from schemas.slot import HoldReleased, SeatFreed, SlotOpened


def say_opened(cause: Cause, slot: SlotRow, now: datetime) -> SlotOpened:
    """The slot as it is now, for those who have not heard of it."""
    return SlotOpened.after(
        cause,
        now,
        key=slot.slot_id,
        territory=slot.territory,
        slot_id=slot.slot_id,
        practitioner_id=slot.practitioner_id,
        profession=slot.profession,
        place=slot.place,
        start=slot.start,
        minutes=slot.minutes,
        capacity=slot.capacity,
        modes=slot.modes,
        state=state_of(slot),
        **dict(slot.audience),
    )


async def free_seat(
    cause: Cause, seat: SeatRow, why: Literal["given_back", "expired"], desk: Desk, now: datetime
) -> list[Event]:
    """End the active seat and say what is left of its slot: HoldReleased for a hold, SeatFreed for a booking.

    Nothing when the seat is no longer as it was seen: another process booked or freed it before we had the lock. A time
    that was opened for this patient alone closes: nobody agreed to another one; so does one that is gone where it came
    from, with its last patient.
    """
    slot = await desk.slot(seat.slot_id)
    if slot is None or seat not in slot.seats:
        return []
    left = await desk.leave(slot, seat, "released")
    over = slot.once or (slot.gone and not left.seats)
    state = state_of(await desk.close(left) if over else left)
    of_it: dict[str, Any] = {"slot_id": seat.slot_id, "request_id": seat.request_id, "state": state}
    if seat.kind == "hold":
        return [HoldReleased.after(cause, now, key=f"{seat.request_id}:{seat.slot_id}", why=why, **of_it)]
    return [SeatFreed.after(cause, now, key=seat.request_id, **of_it)]
