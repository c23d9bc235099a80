"""What must happen without anybody asking? Sweeps, woken by APScheduler; deadlines are in the database."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from sqlalchemy.ext.asyncio import AsyncConnection

from availability.handlers import expire_holds
from dispatcher.matching.seats import OpenSeats
from dispatcher.wakes import mend_timers, on_timers
from schemas.event import Event, Order
from services.audit.sealer import Sealer
from services.bus.relay import Relay
from services.clock import JUMP, Clock
from services.ids import own_order
from services.mailbox import Mailbox
from services.sender import Sender
from services.storage.beats import SWEEP, keep_beat
from services.watch.alarms import clear_alarm, raise_alarm

log = logging.getLogger("relais.ticker")

EVERY = 1.0
"""Seconds between two looks at the timers: a promise is kept within this."""

BEAT_EVERY = 5.0
"""Seconds between two signs of life of the timers' sweep (services/watch/watchdog.py reads them)."""

STEP = timedelta(seconds=1)
"""A sweep planned further than this from where it belongs was planned by another hour: it is woken."""

Timed = tuple[str, Callable[[], Awaitable[object]], float]
"""A sweep of its own: its name, what it does, every how many seconds."""

Sweep = Callable[[Order, AsyncConnection, datetime], Awaitable[list[Event]]]


class Ticker:
    """Drives the sweeps. One that fails is logged and comes again; one may run twice without a second effect."""

    def __init__(
        self,
        mailbox: Mailbox,
        clock: Clock,
        seats: OpenSeats,
        relay: Relay,
        sender: Sender,
        sealer: Sealer,
        more: Sequence[Timed] = (),
    ) -> None:
        self._mailbox = mailbox
        self._clock = clock
        self._seats = seats
        self._relay = relay
        self._sender = sender
        self._sealer = sealer
        self._more = more
        self._beaten = float("-inf")
        self._told: bool | None = None
        self._keeping_time: asyncio.Task[None] | None = None
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
            *self._more,
        ):
            self._scheduler.add_job(self._guarded(name, act), "interval", seconds=seconds, id=name)
        self._scheduler.start()
        self._keeping_time = asyncio.get_running_loop().create_task(self._keep_time())

    def stop(self) -> None:
        if self._keeping_time is not None:
            self._keeping_time.cancel()
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
        beat = time.monotonic() - self._beaten >= BEAT_EVERY

        async def sweep(order: Order, db: AsyncConnection, now: datetime) -> list[Event]:
            said = await on_timers(order, db, now, seats=self._seats)
            if beat:
                await keep_beat(db, SWEEP, f"{len(said)} facts")
            return said

        await self._sweep(sweep)
        if beat:
            self._beaten = time.monotonic()

    async def _holds(self) -> None:
        await self._sweep(expire_holds)

    async def _mend(self) -> None:
        await self._sweep(mend_timers)
        self._seats.forget_before(self._clock.now() - timedelta(hours=1))

    async def _keep_time(self) -> None:
        """Look at the wall clock, on the monotonic one, for ever."""
        watch = self._guarded("clock", self._watch_clock)
        while True:
            await asyncio.sleep(EVERY)
            await watch()

    async def _watch_clock(self) -> None:
        """Say that the wall clock jumped, and wake the scheduler where it planned by an hour that is no more.

        APScheduler plans by the wall clock: set back by three hours, it would sleep for three hours.
        """
        self._wake_sleepers(datetime.now(UTC))
        strayed = self._clock.jump()
        wrong = abs(strayed) > JUMP
        if wrong and not self._told:
            log.error("the wall clock jumped by %d s; deadlines follow the monotonic clock", strayed.total_seconds())
            await raise_alarm(self._mailbox, "clock_jump", "clock", _words_of_jump(strayed))
        elif not wrong and self._told is not False:
            await clear_alarm(self._mailbox, "clock_jump", "clock")  # at a start, too: it trusts the hour it finds
        self._told = wrong

    def _wake_sleepers(self, now: datetime) -> None:
        """A sweep planned later than its interval from now, or left in the past, comes at once.

        Judged by what is planned, not by a jump that was seen: a clock may be right again before anybody looks.
        """
        for job in self._scheduler.get_jobs():
            if not now - STEP <= job.next_run_time <= now + job.trigger.interval + STEP:
                with contextlib.suppress(LookupError):
                    job.modify(next_run_time=now)

    async def _sweep(self, sweep: Sweep) -> None:
        order = own_order()
        await self._mailbox.order(order, lambda db, now: sweep(order, db, now))


def _words_of_jump(strayed: timedelta) -> str:
    return (
        f"l'heure de la machine s'écarte de {strayed.total_seconds():+.0f} s de celle de Relais : les échéances suivent"
        " l'horloge monotone. Vérifiez l'heure (chrony, systemd-timesyncd), puis redémarrez Relais."
    )
