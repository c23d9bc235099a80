"""Where does a message go that carries no number of its own? A practitioner's own, or that of a human on the roster."""

from functools import partial

from availability.store import practitioner
from dispatcher import roster
from notifications import subscriptions
from notifications.store import MessageRow
from schemas.sealed import Sealed
from services.house import House
from services.sender import Sender


def sender_of(house: House) -> Sender:
    """The sender of this house, which knows where its people are reached."""
    return Sender(
        house.mailbox,
        house.vault,
        house.clock,
        house.channels,
        house.territories,
        address=partial(address_of, house),
        budget=house.settings.sms_budget_a_day,
    )


async def address_of(house: House, message: MessageRow) -> Sealed[str] | None:
    """The browser of the person it is for; else the mail address, or the number for an SMS or a call, of a practitioner
    or of a human on the roster, who may be a practitioner too. None where there is none."""
    if message.recipient == "patient":
        return None
    async with house.database.read() as db:
        if message.channel == "push":
            return await subscriptions.latest(db, message.recipient_id)
        named = await roster.people(db, message.territory) if message.recipient == "human" else []
        known = [one for one in named if one.person == message.recipient_id]
        found = [*known, await practitioner(db, message.recipient_id)]
    kept = [one.email if message.channel == "email" else one.phone for one in found if one is not None]
    return next((one for one in kept if one is not None), None)
