"""How does what a provider says come in? Sealed, written down, matched, committed; only then is the provider told."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from notifications import questions, receipts
from notifications.outcome import Channel, Heard
from schemas.event import Event
from schemas.sealed import Vault
from services.clock import Clock
from services.ids import own_order
from services.lines import carriers
from services.mailbox import Mailbox


async def take_in(
    mailbox: Mailbox, vault: Vault, clock: Clock, channels: Mapping[str, Channel], provider: str, heard: Sequence[Heard]
) -> None:
    """Returns when it is committed, whatever it was about."""
    order, known = own_order(), carriers(channels)
    rows = await receipts.written(provider, heard, vault, f"{clock.now():%Y-%m-%dT%H:%M}")

    async def write_down(db: AsyncConnection, now: datetime) -> list[Event]:
        said = await receipts.hear(order, provider, rows, known, db, now)
        return said + await questions.said([row.id for row in rows if row.kind == "reply"], db, now)

    await mailbox.order(order, write_down)
