"""Where does a message go that carries no number of its own? A practitioner's own, or that of a human on the roster."""

from collections.abc import Sequence
from functools import partial

from availability.store import practitioners
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
        addresses=partial(addresses_of, house),
        budget=house.settings.sms_budget_a_day,
    )


async def addresses_of(house: House, messages: Sequence[MessageRow]) -> dict[str, Sealed[str]]:
    """By message: the browser of the person it is for; else the mail address, or the number for an SMS or a call, of a
    practitioner or of a human on the roster, who may be a practitioner too. Where there is none, none."""
    pushed = {one.recipient_id for one in messages if one.channel == "push"}
    others = [one for one in messages if one.channel != "push"]
    async with house.database.read() as db:
        browsers = await subscriptions.latest(db, pushed) if pushed else {}
        known = await practitioners(db, {one.recipient_id for one in others}) if others else {}
        of_humans = {one.territory for one in others if one.recipient == "human"}
        rosters = {territory: await roster.people(db, territory) for territory in of_humans}
    found = {one.message_id: browsers.get(one.recipient_id) for one in messages if one.channel == "push"}
    for one in others:
        on_call = rosters.get(one.territory, []) if one.recipient == "human" else []
        reached = [*(who for who in on_call if who.person == one.recipient_id), known.get(one.recipient_id)]
        kept = (who.email if one.channel == "email" else who.phone for who in reached if who is not None)
        found[one.message_id] = next((box for box in kept if box is not None), None)
    return {message_id: box for message_id, box in found.items() if box is not None}
