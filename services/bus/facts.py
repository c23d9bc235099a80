"""Which facts are passing right now? One ephemeral ordered reader per process."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext, api

from schemas.event import FACTS, Event, fact_of
from schemas.practitioner import PractitionerDescribed
from schemas.scarcity import ScarcityPriced
from services.bus.streams import STREAM
from services.clock import Clock

log = logging.getLogger("relais.facts")

QUEUE = 1000
"""Facts a watcher may lag behind before it is cut off: it reconnects and reads the present state."""

SLOT_NEWS = tuple(
    sorted(
        f"care.*.{subject}"
        for subject, fact in FACTS.items()
        if "state" in fact.model_fields or fact in (PractitionerDescribed, ScarcityPriced)
    )
)
"""What says how a slot or a practitioner stands, or what seats are worth: all that the index of seats hears. While
nobody watches a screen, nothing else is sent to us; a viewer may then hear again what passed since the last of them."""


class Facts:
    """`listen()` gives a queue of (stream sequence, fact) from now on; `watch` is for the index of seats."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._queues: set[asyncio.Queue[tuple[int, Event] | None]] = set()
        self._watchers: list[Callable[[Event], None]] = []
        self._next = 1
        self._nats: Client | None = None
        self._subscription: JetStreamContext.PushSubscription | None = None
        self._followed: tuple[str, ...] = ()
        self._following: set[asyncio.Future[None]] = set()
        self._turn = asyncio.Lock()
        self.since: datetime | None = None

    @property
    def connected(self) -> bool:
        return self._nats is not None and self._nats.is_connected

    def jetstream(self) -> JetStreamContext | None:
        """The way to ask the server about the stream; None while it is away."""
        return self._nats.jetstream() if self._nats is not None and self._nats.is_connected else None

    def watch(self, watcher: Callable[[Event], None]) -> None:
        """`watcher` is called with every fact that says how a slot stands, in stream order. It must not block. One
        that watches already is not called twice: who joins the bus again need not know."""
        if watcher not in self._watchers:
            self._watchers.append(watcher)

    @asynccontextmanager
    async def listen(self) -> AsyncIterator[asyncio.Queue[tuple[int, Event] | None]]:
        """A queue of one's own. None in it = you were too slow, start again."""
        queue: asyncio.Queue[tuple[int, Event] | None] = asyncio.Queue(QUEUE)
        self._queues.add(queue)
        try:
            if self.connected:  # else the reconnect follows: who watches a screen need not wait for it
                await self._follow_on()
            yield queue
        finally:
            self._queues.discard(queue)
            self._follow_on()

    async def start(self, nats: Client, first: int) -> None:
        """Follow the stream from sequence `first` on."""
        self._nats, self._next = nats, max(first, 1)
        await self.resume()

    async def resume(self) -> None:
        """Subscribe again after the last fact heard. To be called at each reconnect: waiting takes 14 s."""
        self._followed = ()
        await self._follow()

    def _follow_on(self) -> asyncio.Future[None]:
        """See to what is heard, to the end, also when the viewer who asked has gone."""
        following = asyncio.ensure_future(self._follow_if_it_can())
        self._following.add(following)
        following.add_done_callback(self._following.discard)
        return asyncio.shield(following)

    async def _follow_if_it_can(self) -> None:
        try:
            await self._follow()
        except Exception as away:  # the next reconnect follows again
            log.warning("not following: %s", type(away).__name__)

    async def _follow(self) -> None:
        """Hear what somebody wants to hear: everything while there are viewers, else what says how a slot stands."""
        async with self._turn:
            wanted = ("care.>",) if self._queues else SLOT_NEWS
            if self._nats is None or self._followed == wanted:
                return
            self._followed = ()
            await self._hang_up()
            self._subscription = await self._nats.jetstream().subscribe(
                "care.>",
                stream=STREAM,
                cb=self._hear,
                ordered_consumer=True,
                config=api.ConsumerConfig(
                    deliver_policy=api.DeliverPolicy.BY_START_SEQUENCE,
                    opt_start_seq=self._next,
                    filter_subjects=list(wanted),
                    inactive_threshold=60,
                ),
            )
            self._followed = wanted
            self.since = self._clock.now()

    async def _hang_up(self) -> None:
        with contextlib.suppress(Exception):
            if self._subscription is not None:
                await self._subscription.unsubscribe()

    async def stop(self) -> None:
        await self._hang_up()
        self._nats = None
        for queue in list(self._queues):
            self._cut(queue)

    async def _hear(self, message: Msg) -> None:
        sequence = message.metadata.sequence.stream
        self._next = max(self._next, sequence + 1)
        fact = fact_of(message.subject)
        if fact is None:
            return
        try:
            event = fact.model_validate_json(message.data)
        except ValueError:
            return  # its readers set it aside, with the reason
        for watcher in self._watchers:
            watcher(event)
        for queue in list(self._queues):
            try:
                queue.put_nowait((sequence, event))
            except asyncio.QueueFull:
                self._cut(queue)

    def _cut(self, queue: asyncio.Queue[tuple[int, Event] | None]) -> None:
        self._queues.discard(queue)
        while queue.full():
            queue.get_nowait()
        queue.put_nowait(None)
