"""What do strangers write, opened for who may read it?"""

from dataclasses import dataclass
from datetime import datetime

from notifications import strangers
from services.house import House

MOST = 20
"""SMS shown at once."""


@dataclass(frozen=True, slots=True)
class Sms:
    """One SMS of an unknown number; `text` is None when it was forgotten, `phone` when it was hidden."""

    id: str
    at: datetime
    text: str | None
    phone: str | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """The oldest, and how many there are in all."""

    sms: tuple[Sms, ...]
    total: int


async def waiting_for(house: House, territory: str, most: int = MOST) -> Waiting:
    """What waits to be read in a territory."""
    async with house.database.read() as db:
        rows, total = await strangers.waiting(db, territory, most)
    texts = await house.vault.open_many([row.body for row in rows])
    phones = await house.vault.open_many([row.number for row in rows])
    opened = zip(rows, texts, phones, strict=True)
    return Waiting(tuple(Sms(row.reply_id, row.at, text, phone) for row, text, phone in opened), total)
