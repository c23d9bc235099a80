"""What must happen without anybody asking? Sweeps, woken by APScheduler; deadlines are in the database."""

import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from uuid import uuid4

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from sqlalchemy.ext.asyncio import AsyncConnection

from availability.handlers import expire_holds
from dispatcher.matching.seats import OpenSeats
from dispatcher.wakes import mend_timers, on_timers
from schemas.event import Event, Order
from schemas.values import system_actor
from services.audit.sealer import Sealer
from services.bus.relay import Relay
from services.clock import JUMP, Clock
from services.mailbox import Mailbox
from services.sender import Sender

log = logging.getLogger("relais.ticker")

EVERY = 1.0
"""Seconds between two looks at the timers: a promise is kept within this."""

Sweep = Callable[[Order, AsyncConnection, datetime], Awaitable[list[Event]]]


class Ticker:
    """Drives the sweeps. One that fails is logged and comes again; one may run twice without a second effect."""

    def __init__(
        self, mailbox: Mailbox, clock: Clock, seats: OpenSeats, relay: Relay, sender: Sender, sealer: Sealer
    ) -> None:
        self._mailbox = mailbox
        self._clock = clock
        self._seats = seats
        self._relay = relay
        self._sender = sender
        self._sealer = sealer
        self.last_sweep: datetime | None = None
        # Only ticks live here: 3.x drops late one-shots and a shared job store runs them twice.
        self._scheduler = AsyncIOScheduler(
            timezone="UTC", job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        )

    def start(self) -> None:
        every = max(EVERY / self._clock.speed, 0.05)
        for name, act, seconds in (
            ("timers", self._timers, every),
            ("holds", self._holds, every),
            ("outbox", self._relay.sweep, EVERY),
            ("audit", self._sealer.sweep, 2.0),
            ("lost messages", self._sender.settle_lost, 30.0),
            ("mend", self._mend, 30.0),
            ("clock", self._watch_clock, 10.0),
        ):
            self._scheduler.add_job(self._guarded(name, act), "interval", seconds=seconds, id=name)
        self._scheduler.start()

    def stop(self) -> None:
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    def _guarded(self, name: str, act: Callable[[], Awaitable[object]]) -> Callable[[], Awaitable[None]]:
        async def run() -> None:
            try:
                await act()
            except Exception as failed:
                log.error("sweep of %s failed: %s", name, type(failed).__name__)

        return run

    async def _timers(self) -> None:
        await self._sweep(lambda order, db, now: on_timers(order, db, now, seats=self._seats))
        self.last_sweep = self._clock.now()

    async def _holds(self) -> None:
        await self._sweep(expire_holds)

    async def _mend(self) -> None:
        await self._sweep(mend_timers)
        self._seats.forget_before(self._clock.now() - timedelta(hours=1))

    async def _watch_clock(self) -> None:
        jump = self._clock.jump()
        if abs(jump) > JUMP:
            log.error("the wall clock jumped by %d s; deadlines follow the monotonic clock", jump.total_seconds())

    async def _sweep(self, sweep: Sweep) -> None:
        order = Order(id=uuid4().hex, territory="operations", actor=system_actor("operations"))
        await self._mailbox.order(order, lambda db, now: sweep(order, db, now))
