"""How do messages leave? Claim in a transaction, send outside any, write the outcome in another."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from notifications import store
from notifications.channels.outcome import Ambiguous, Channel, Letter, NotSent, Outcome
from notifications.sending import expired, give_up_lost, record
from notifications.store import MessageRow
from schemas.event import Event, Order, derived_id
from schemas.message import MessageDue
from schemas.sealed import Erased, Vault
from schemas.values import system_actor
from services.clock import Clock
from services.mailbox import Mailbox
from services.storage.away import is_away

log = logging.getLogger("relais.sender")

BATCH = 200
LONGEST_NAP = 1.0
"""Seconds without looking: finds what another process wrote, and what a crash left."""


class Sender:
    """Woken by `MessageDue`, looks anyway every second. Several may run: a message is claimed by one."""

    def __init__(self, mailbox: Mailbox, vault: Vault, clock: Clock, channels: Mapping[str, Channel]) -> None:
        self._mailbox = mailbox
        self._vault = vault
        self._clock = clock
        self._channels = channels
        self._bell = asyncio.Event()
        self._next: datetime | None = None
        mailbox.on_commit(self.hear)

    def hear(self, facts: Sequence[Event]) -> None:
        for fact in facts:
            if isinstance(fact, MessageDue):
                first = min(message.send_after for message in fact.messages)
                self._next = first if self._next is None else min(self._next, first)
                self._bell.set()

    async def run(self) -> None:
        """Send what is due, for ever. A failure of the database is logged and tried again."""
        while True:
            try:
                while await self.send_due() == BATCH:
                    pass
                await self._nap()
            except Exception as failed:
                log.error("sending paused: %s", type(failed).__name__)
                await asyncio.sleep(LONGEST_NAP)

    async def send_due(self) -> int:
        """Send up to BATCH messages whose time has come; how many were claimed."""
        claimed: list[MessageRow] = []

        async def claim(db: AsyncConnection, now: datetime) -> list[Event]:
            claimed[:] = await store.claim(db, now, BATCH)
            return []

        await self._mailbox.order(_order(), claim)
        if claimed:
            outcomes = await asyncio.gather(*(self._hand_over(message) for message in claimed))
            fates = list(zip(claimed, outcomes, strict=True))
            await self._write_down(fates)
        return len(claimed)

    async def _write_down(self, fates: Sequence[tuple[MessageRow, Outcome]]) -> None:
        """What became of them, again and again while the database is away: what has left must not be forgotten."""
        order = _order()
        while True:
            try:
                await self._mailbox.order(order, lambda db, now: record(order, fates, db, now))
                return
            except Exception as failed:
                if not is_away(failed):
                    raise
                log.warning("%d outcomes wait for the database: %s", len(fates), type(failed).__name__)
                await asyncio.sleep(LONGEST_NAP)

    async def settle_lost(self) -> None:
        """Make visible what a dead sender left between claim and outcome."""
        order = _order()
        await self._mailbox.order(order, lambda db, now: give_up_lost(order, db, now))

    async def _hand_over(self, message: MessageRow) -> Outcome:
        if expired(message, self._clock.now()):
            return NotSent("expired")
        channel = self._channels.get(message.channel)
        if channel is None:
            return NotSent(f"no channel {message.channel}")
        try:
            text = await self._vault.open(message.body)
            to = await self._vault.open(message.to) if message.to else None
        except Erased:
            return NotSent("erased")
        try:
            return await channel.send(Letter(message.message_id, message.kind, message.recipient_id, to, text))
        except Exception as failed:  # a channel must not raise; if it does, the bytes may have left
            log.error("channel %s raised %s", message.channel, type(failed).__name__)
            return Ambiguous(type(failed).__name__)

    async def _nap(self) -> None:
        """Until the next message wants to leave, a new one is written down, or the longest nap is over."""
        nap = LONGEST_NAP
        if self._next is not None:
            nap = min(nap, max(0.0, (self._next - self._clock.now()).total_seconds() / self._clock.speed))
            self._next = None
        self._bell.clear()
        if nap > 0:
            try:
                await asyncio.wait_for(self._bell.wait(), nap)
            except TimeoutError:
                return


def _order() -> Order:
    return Order(id=derived_id("sender"), territory="operations", actor=system_actor("operations"))
