"""Which providers carry a patient's message in these tests, and where does it stand?"""

from datetime import datetime, timedelta
from typing import Any

from notifications.outcome import Ambiguous
from notifications.sending import Carrier
from tests.notifications.room import Notifications

NUMBER = "+33639980001"
SILENCE = Ambiguous("no answer in time")
BOTH = {"a": Carrier("sms", receipts=True), "b": Carrier("sms", receipts=True)}
VOICE = {**BOTH, "v": Carrier("voice", receipts=False)}


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


async def booked(room: Notifications, carriers: Any = BOTH, **patient: Any) -> Any:
    """A patient's message, in the hand of provider a."""
    room.carriers = carriers
    room.ways = tuple(dict.fromkeys(one.way for one in carriers.values()))
    await room.hear(room.booked())
    return next(one for one in await room.claim(provider="a") if one.message.recipient == "patient")


async def state(room: Notifications) -> tuple[str, str, datetime | None]:
    """Of the patient's message: its state, its channel, when it was sent."""
    (row,) = [row for row in (await room.messages()).values() if row.recipient == "patient"]
    return row.state, row.channel, row.sent_at


async def taken(room: Notifications, now: datetime, provider: str) -> list[str]:
    return [one.message.kind for one in await room.claim(now, provider) if one.message.recipient == "patient"]
