"""Where does a message go that carries no number of its own? A practitioner's own number, kept by availability."""

from functools import partial

from availability.store import practitioner
from notifications.store import MessageRow
from schemas.sealed import Sealed
from services.house import House
from services.sender import Sender


def sender_of(house: House) -> Sender:
    """The sender of this house, which knows where its members are reached."""
    return Sender(
        house.mailbox,
        house.vault,
        house.clock,
        house.channels,
        house.territories,
        address=partial(number_of, house),
        budget=house.settings.sms_budget_a_day,
    )


async def number_of(house: House, message: MessageRow) -> Sealed[str] | None:
    """The number of the practitioner it is for, for an SMS or a call; None where there is none."""
    if message.recipient != "practitioner" or message.channel not in ("sms", "voice"):
        return None
    async with house.database.read() as db:
        found = await practitioner(db, message.recipient_id)
    return found.phone if found else None
