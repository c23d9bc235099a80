"""How does what a provider says come in? Sealed, written down, matched, committed; only then is the provider told."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from dispatcher import roster
from notifications import questions, receipts, strangers
from notifications.outcome import Channel, Heard, terms_of
from schemas.event import Event
from schemas.sealed import Vault
from services.clock import Clock
from services.ids import own_order
from services.lines import carriers
from services.mailbox import Mailbox


async def take_in(
    mailbox: Mailbox,
    vault: Vault,
    clock: Clock,
    channels: Mapping[str, Channel],
    territories: Iterable[str],
    provider: str,
    heard: Sequence[Heard],
) -> None:
    """Returns when it is committed, whatever it was about."""
    order, known = own_order(), carriers(channels)
    rows = await receipts.written(provider, heard, vault, f"{clock.now():%Y-%m-%dT%H:%M}")
    replies = [row.id for row in rows if row.kind == "reply"]

    async def home(db: AsyncConnection) -> str | None:
        """Whose humans read what strangers write: the provider says it; else who wrote by it last."""
        named = terms_of(channels[provider]).territory if provider in channels else None
        return named or await strangers.last_written_to(db, provider) or next(iter(territories), None)

    async def write_down(db: AsyncConnection, now: datetime) -> list[Event]:
        said = await receipts.hear(order, provider, rows, known, db, now)
        said += await questions.said(replies, db, now)
        unknown = await strangers.unknown(db, replies) if replies else ()
        if unknown and (territory := await home(db)):
            person = await roster.on_call(db, territory)
            said += await strangers.wrote(order, unknown, territory, person, db, now)
        return said

    await mailbox.order(order, write_down)
