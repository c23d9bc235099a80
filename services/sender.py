"""How do messages leave? Token first, then the most urgent one is claimed, committed, sent; its outcome is written.

One loop a channel chooses among its providers; the outcomes of all of them are written down together.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from notifications import receipts, sending
from notifications.attempts import Claimed
from notifications.outcome import Ambiguous, Channel, Letter, NotSent, Outcome, Rejected
from notifications.quiet import next_leave
from notifications.sending import end_graces, expired, give_up_lost, record, take
from notifications.store import MessageRow
from notifications.texts import DISCREET
from notifications.traffic import day_begins, segments_since
from schemas.event import Event, Order, derived_id
from schemas.message import MessageDue
from schemas.sealed import Erased, Sealed, Vault
from schemas.territory import Territory
from schemas.values import system_actor
from services.clock import Clock
from services.lines import Lines, carriers, seconds
from services.mailbox import Mailbox
from services.reference.zones import is_holiday
from services.storage.away import is_away
from services.taking_in import take_in
from services.traffic import watch_budget

log = logging.getLogger("relais.sender")

BATCH = 200
Addresses = Callable[[Sequence[MessageRow]], Awaitable[Mapping[str, Sealed[str]]]]
"""Where messages go that carry no number of their own (professionals'), by message; all of them asked for at once."""
LONGEST_NAP = 1.0
"""Seconds without looking: finds what another process wrote, and what a crash left."""
SHORTEST_NAP = 0.05
"""Seconds between two looks back, however fast a demonstration runs."""
CONNECTS_WITHIN = 5.0
"""Seconds after the start in which a provider that is not connected yet is not troubled."""


class Sender:
    """Woken by `MessageDue`, looks anyway every second. Several may run: a message is claimed by one."""

    def __init__(
        self,
        mailbox: Mailbox,
        vault: Vault,
        clock: Clock,
        channels: Mapping[str, Channel],
        territories: Mapping[str, Territory] | None = None,
        *,
        addresses: Addresses | None = None,
        budget: int | None = None,
    ) -> None:
        self._mailbox = mailbox
        self._vault = vault
        self._clock = clock
        self._channels = channels
        self._territories = territories or {}
        self._addresses = addresses
        self._budget = budget
        self._spent = 0
        self._begun = float("-inf")
        self._lines = Lines(channels)
        self._bells: dict[str, asyncio.Event] = {}
        self._next: datetime | None = None
        self._fates: list[tuple[Claimed, Outcome]] = []
        self._written = asyncio.Event()
        self._tasks: set[asyncio.Task[Any]] = set()
        mailbox.on_commit(self.hear)

    def hear(self, facts: Sequence[Event]) -> None:
        for fact in facts:
            if isinstance(fact, MessageDue):
                first = min(message.send_after for message in fact.messages)
                self._next = first if self._next is None else min(self._next, first)
                self._ring()

    async def run(self) -> None:
        """Send what is due, for ever. A failure of the database is logged and tried again."""
        self._begun = seconds()
        ways = {channel.way for channel in self._channels.values()}
        work: list[Coroutine[Any, Any, None]] = [self._for_ever(partial(self._serve, way)) for way in sorted(ways)]
        work += [self._for_ever(self._write_fates), self._for_ever(self._look_back)]
        for channel in self._channels.values():
            listen = getattr(channel, "run", None)
            if listen is not None:
                known = self._channels, self._territories
                hear = partial(take_in, self._mailbox, self._vault, self._clock, *known, channel.name)
                work.append(self._for_ever(partial(listen, hear)))
        async with asyncio.TaskGroup() as group:
            for one in work:
                group.create_task(one)

    async def send_due(self) -> int:
        """One turn of every provider, to its end: how many were claimed."""
        fates: list[tuple[Claimed, Outcome]] = []
        for name in list(self._channels):
            claimed = await self._claim(name)
            where = await self._where(claimed)
            fates += await asyncio.gather(*(self._hand_over(one, where) for one in claimed))
        if fates:
            await self._write_down(fates)
        return len(fates)

    async def settle_lost(self) -> None:
        """Make visible what a dead sender left between claim and outcome."""
        order = _order()
        await self._mailbox.order(order, lambda db, now: give_up_lost(order, carriers(self._channels), db, now))

    # --- loops ------------------------------------------------------------------------------------------

    async def _for_ever(self, act: Any) -> None:
        while True:
            try:
                await act()
            except Exception as failed:
                log.error("sending paused: %s", type(failed).__name__)
                await asyncio.sleep(LONGEST_NAP)

    async def _serve(self, way: str) -> None:
        """The next messages of a channel, by the provider whose turn it is; a nap when there is nothing to do."""
        bell = self._bells.setdefault(way, asyncio.Event())
        bell.clear()
        connecting = seconds() < self._begun + CONNECTS_WITHIN
        for name in self._lines.turn(way, self._clock.now()):
            if connecting and not self._lines.ready(name):
                continue
            claimed = await self._claim(name)
            if claimed:
                task = asyncio.get_running_loop().create_task(self._send(name, claimed))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
                await asyncio.sleep(0)
                return
        await self._nap(way, bell)

    async def _send(self, name: str, claimed: Sequence[Claimed]) -> None:
        """Hand these over, all at once; each outcome is passed on as it comes."""
        try:
            where = await self._where(claimed)
        except Exception as away:  # nothing has left
            self._fates += [(one, NotSent(type(away).__name__)) for one in claimed]
            self._written.set()
            return
        line = self._lines.of(name)
        line.under_way += len(claimed)

        async def one(message: Claimed) -> None:
            fate = await self._hand_over(message, where)
            line.under_way -= 1
            self._fates.append(fate)
            self._written.set()

        await asyncio.gather(*(one(message) for message in claimed))
        self._ring()

    async def _write_fates(self) -> None:
        await self._written.wait()
        self._written.clear()
        while self._fates:
            fates, self._fates = self._fates, []
            await self._write_down(fates)
            if any(not isinstance(outcome, Rejected | Ambiguous) for _, outcome in fates):
                self._ring()

    async def _look_back(self) -> None:
        """Every second: what a dead sender left, receipts that came early, graces that are over."""
        await asyncio.sleep(max(LONGEST_NAP / self._clock.speed, SHORTEST_NAP))
        known, listening, order = carriers(self._channels), self._lines.listening(sending.LISTEN), _order()

        async def look(db: AsyncConnection, now: datetime) -> list[Event]:
            said = await give_up_lost(order, known, db, now)
            for name in known:
                said += await receipts.match_waiting(order, name, known, db, now)
            if self._budget is not None:
                self._spent = await segments_since(db, day_begins(now, 1)[0])
            return said + await end_graces(order, listening, known, db, now)

        await self._mailbox.order(order, look)
        if self._budget is not None:
            await watch_budget(self._mailbox, self._spent, self._budget)

    # --- one message ------------------------------------------------------------------------------------

    async def _claim(self, name: str) -> list[Claimed]:
        line = self._lines.of(name)
        tokens = line.tokens(BATCH)
        if tokens[0] < 1:
            return []
        claimed: list[Claimed] = []
        order, known = _order(), carriers(self._channels)

        async def claim(db: AsyncConnection, now: datetime) -> list[Event]:
            claimed[:], said = await take(order, name, tokens, known, self._not_now, db, now)
            return said

        await self._mailbox.order(order, claim)
        urgent = sum(one.message.lane == 0 for one in claimed)
        line.pace.spend(urgent, len(claimed) - urgent)
        line.served = line.served * 0.99 + len(claimed)
        return claimed

    async def _where(self, claimed: Sequence[Claimed]) -> Mapping[str, Sealed[str]]:
        """Where those go that carry no number of their own, by message."""
        unnamed = [one.message for one in claimed if one.message.to is None and one.message.recipient != "patient"]
        return await self._addresses(unnamed) if unnamed and self._addresses else {}

    async def _hand_over(self, one: Claimed, where: Mapping[str, Sealed[str]]) -> tuple[Claimed, Outcome]:
        """What became of it, with where it went when that had to be looked up."""
        message = one.message
        if expired(message, self._clock.now()):
            return one, NotSent("expired", final=True)
        channel = self._channels.get(one.provider)
        if channel is None:
            return one, NotSent(f"no provider {one.provider}")
        try:
            text = await self._vault.open(message.body)
            sealed = message.to or where.get(message.message_id)
            to = await self._vault.open(sealed) if sealed else None
        except Erased:
            return one, NotSent("erased", final=True)
        if to and message.to is None and message.channel != "push":
            one = replace(one, digest=self._vault.digest(to))
        try:
            outcome = await channel.send(self._letter(one, to, text))
        except Exception as failed:  # a channel must not raise; if it does, the bytes may have left
            log.error("provider %s raised %s", one.provider, type(failed).__name__)
            outcome = Ambiguous(type(failed).__name__)
        self._lines.of(one.provider).note(outcome, self._clock.now())
        return one, outcome

    def _letter(self, one: Claimed, to: str | None, text: str) -> Letter:
        message = one.message
        territory = self._territories.get(message.territory)
        sender = territory.sender if territory and not message.discreet else DISCREET
        return Letter(
            message.message_id, message.kind, message.recipient_id, to, text, one.reference, sender, message.lane,
            message.valid_until, max(1, int((message.valid_until - self._clock.now()).total_seconds())),
        )  # fmt: skip

    async def _write_down(self, fates: Sequence[tuple[Claimed, Outcome]]) -> None:
        """What became of them, again and again while the database is away: what has left must not be forgotten."""
        order, known = _order(), carriers(self._channels)
        while True:
            try:
                await self._mailbox.order(order, lambda db, now: record(order, fates, known, db, now))
                return
            except Exception as failed:
                if not is_away(failed):
                    raise
                log.warning("%d outcomes wait for the database: %s", len(fates), type(failed).__name__)
                await asyncio.sleep(LONGEST_NAP)

    # --- who, and when ----------------------------------------------------------------------------------

    def _not_now(self, message: MessageRow) -> datetime | None:
        """Quiet hours in the territory, after which a message must still be worth saying; the day's budget."""
        territory = self._territories.get(message.territory)
        if territory is None or message.lane < 2:
            return None
        now = self._clock.now()
        spent = self._budget is not None and self._spent >= self._budget
        wish = day_begins(now, 1)[0] + timedelta(days=1) if spent else now
        at = next_leave(message.lane, wish, territory.tz, lambda day: is_holiday(day, territory.departement))
        return at if at > now and (spent or at < message.valid_until) else None

    def _ring(self) -> None:
        for bell in self._bells.values():
            bell.set()

    async def _nap(self, way: str, bell: asyncio.Event) -> None:
        """Until the next message wants to leave, a new one is written down, or the longest nap is over."""
        nap = LONGEST_NAP
        if self._next is not None:
            nap = min(nap, max(0.0, (self._next - self._clock.now()).total_seconds() / self._clock.speed))
            self._next = None
        nap = min(nap, *self._lines.waits(way), LONGEST_NAP)
        if nap > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(nap):
                    await bell.wait()


def _order() -> Order:
    return Order(id=derived_id("sender"), territory="operations", actor=system_actor("operations"))
