"""How is a process put together and taken apart? Start in order, stop in reverse, whatever happens in between."""

import asyncio
import gc
import logging
import shutil
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext, suppress
from functools import partial
from typing import Any

import uvicorn
from faststream.nats import NatsBroker
from nats.aio.client import Client
from nats.errors import Error as NatsError

from availability import handlers as availability
from dispatcher import handlers as dispatcher
from dispatcher.rounds import EVERY
from notifications import handlers as notifications
from schemas.event import durable
from services import agendas, newcomers, rounds, scarcity
from services.addresses import sender_of
from services.audit.sealer import Sealer
from services.build import build_house
from services.bus.relay import Relay
from services.bus.server import EmbeddedNats, embedded
from services.bus.streams import prepare_readers, prepare_stream
from services.bus.upkeep import LOOK, Upkeep
from services.bus.worker import Reactions, connect, make_broker, subscribe
from services.feeds import polling
from services.house import House
from services.picture import fill_seats, learn_slots
from services.ports import take_port
from services.providers import close_channels
from services.reference.communes import load_communes
from services.retention import Retention
from services.settings import Settings
from services.storage.aside import Readers, describe
from services.ticker import Ticker, Timed

log = logging.getLogger("relais")

ROOMS = ("dispatcher", "availability", "notifications")
CLOCK = "clock"  # the worker that runs the sweeps
ALL = (*ROOMS, CLOCK)

BUS_WITHIN = 5.0
"""Seconds the web waits for NATS before it serves people without it."""


@asynccontextmanager
async def running(
    settings: Settings, workers: Sequence[str] = ALL, progress: Callable[[str], None] = lambda text: None
) -> AsyncIterator[House]:
    """A house in which these workers run, on the embedded NATS unless `settings.nats_url` says otherwise.

    Leaving the block stops everything cleanly: what was committed travels, what was not is not half done.
    """
    async with AsyncExitStack() as stack:
        progress("database")
        house = await build_house(settings)
        stack.push_async_callback(house.database.close)
        stack.push_async_callback(house.vault.close)
        stack.callback(_spawn(house.mailbox.run()).cancel)
        url = settings.nats_url
        if url is None:
            progress("nats-server")
            url = await _start_nats(settings, stack)
        progress("streams")
        if not workers:
            await _join_when_it_is_there(house, url, stack)
            tune_the_interpreter()
            yield house
            return
        relay, client = await stack.enter_async_context(_on_the_bus(house, url, workers))
        sender = sender_of(house)
        stack.push_async_callback(close_channels, house.channels)
        if "notifications" in workers:
            stack.callback(_spawn(sender.run()).cancel)
        if CLOCK in workers:
            sealer = Sealer(house.database, house.mailbox, house.clock, house.audit_key)
            upkeep = upkeep_of(house, client)
            more: list[Timed] = [
                ("stream", upkeep.sweep, 60.0),
                ("readers", upkeep.look_at_readers, LOOK),
                ("retention", Retention(house).sweep, 60.0),
                ("newcomers", partial(newcomers.describe, house), newcomers.EVERY),
                ("agendas", partial(agendas.look, house), agendas.EVERY / settings.speed),
                ("feeds", polling.Polling(house).sweep, polling.EVERY),
                ("rounds", partial(rounds.look, house), EVERY.total_seconds() / settings.speed),
                ("scarcity", partial(scarcity.look, house), scarcity.LOOK.total_seconds() / settings.speed),
            ]
            ticker = Ticker(house.mailbox, house.clock, house.seats, relay, sender, sealer, more)
            ticker.start()
            stack.callback(ticker.stop)
        tune_the_interpreter()
        yield house


@asynccontextmanager
async def serving(house: House) -> AsyncIterator[None]:
    """The web of this house, on its loopback address. Raises OSError with words of action when the port is taken."""
    from services.web.app import create_app

    load_communes()  # now, not when the first person asks
    config = uvicorn.Config(
        create_app(house),
        host=house.settings.host,
        port=house.settings.port,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=3,
    )
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]  # Ctrl-C is the command line's
    server.capture_signals = nullcontext  # type: ignore[method-assign, assignment]
    task = _spawn(server.serve(sockets=[take_port(house.settings.host, house.settings.port)]))
    while not server.started and not task.done():  # noqa: ASYNC110 - uvicorn offers nothing to wait on
        await asyncio.sleep(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        await task


def tune_the_interpreter() -> None:
    """What is here at start (35 000 communes, the code) stays: the garbage collector need not walk it again and again.

    Half of the time of a message went there; messages leave next to no cycles, so it may look less often, too. And a
    thread that comes back from the disk gets its turn after 0.5 ms instead of 5: a whole group waits for it.
    """
    sys.setswitchinterval(0.0005)
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def room_reactions(house: House) -> Mapping[str, Reactions]:
    """What each room reacts to, with the tools it asked for."""
    return {
        "dispatcher": dispatcher.reactions(house.seats),
        "availability": availability.reactions(),
        "notifications": notifications.reactions(house.desk()),
    }


def readers(house: House) -> Readers:
    """Every reader by its durable name: what it reads, and its reaction."""
    return {
        durable(room, fact): (fact, reaction)
        for room, reactions in room_reactions(house).items()
        for fact, reaction in reactions.items()
    }


def upkeep_of(house: House, client: Client) -> Upkeep:
    """Who looks after the stream."""
    js = client.jetstream(timeout=10)
    return Upkeep(js, house.database, house.mailbox, house.clock, readers(house))


def _stream_limit(settings: Settings) -> int | None:
    """Beside other people's files on one disk the stream stops at 1 GB, or half of what is free, and says so; a server
    that somebody set up has the limits he gave it."""
    own = embedded(settings.data_dir / "nats")
    somebodys = settings.nats_url is not None and (own is None or own[0] != settings.nats_url)
    if settings.stream_max_bytes is not None or somebodys:
        return settings.stream_max_bytes
    return min(2**30, shutil.disk_usage(settings.data_dir).free // 2)


async def _start_nats(settings: Settings, stack: AsyncExitStack) -> str:
    """The address of a nats-server of our own, which is watched, and stopped with us."""
    server = EmbeddedNats(settings.data_dir / "nats")
    url = await server.start()
    stack.push_async_callback(server.stop)
    stack.callback(_spawn(server.watch()).cancel)
    return url


@asynccontextmanager
async def _on_the_bus(house: House, url: str, workers: Sequence[str]) -> AsyncIterator[tuple[Relay, Client]]:
    """Publishing what is committed, following the slots, hearing what these workers react to."""
    async with AsyncExitStack() as stack:
        broker = make_broker(url, reconnected_cb=house.facts.resume)
        client = await connect(broker)
        stack.push_async_callback(_close, client)
        await _prepare(house, broker, client, workers)
        relay = Relay(client, house.database, house.mailbox, house.clock)
        stack.callback(_spawn(relay.run()).cancel)
        if not workers or {"dispatcher", CLOCK} & set(workers):  # the other rooms never look for a seat
            await learn_slots(house, client)
        stack.push_async_callback(house.facts.stop)
        stack.push_async_callback(_hang_up, broker, client)  # before: a start that fails halfway has subscribed to some
        await broker.start()
        yield relay, client


async def _join_when_it_is_there(house: House, url: str, stack: AsyncExitStack) -> None:
    """Who serves people does not wait for the bus: what they say is committed, and travels when it is back."""
    joined = asyncio.Event()

    async def join() -> None:
        while True:
            try:
                async with _on_the_bus(house, url, ()):
                    joined.set()
                    await asyncio.Event().wait()
            except (NatsError, OSError) as away:
                log.warning("not on the bus yet: %s", type(away).__name__)
                await asyncio.sleep(1)

    joining = _spawn(join())
    stack.push_async_callback(_ended, joining)
    with suppress(TimeoutError):
        async with asyncio.timeout(BUS_WITHIN):
            await joined.wait()
    if not joined.is_set():
        await fill_seats(house)


async def _ended(task: asyncio.Task[Any]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def _prepare(house: House, broker: NatsBroker, client: Client, workers: Sequence[str]) -> None:
    """The stream and the readers as they must be, and the rooms subscribed (not yet started)."""
    js = client.jetstream(timeout=10)
    await upkeep_of(house, client).look_back()
    await prepare_stream(js, _stream_limit(house.settings), house.settings.stream_replicas)
    reactions = room_reactions(house)
    # Every reader is made before anybody publishes: a reader made later would still find everything in the stream,
    # but doctor could not tell a missing reader from one that was never wanted.
    for room in ROOMS:
        await prepare_readers(js, room, reactions[room])
    for room in workers:
        if room in reactions:
            subscribe(broker, room, reactions[room], house.mailbox, house.vault)


async def _hang_up(broker: NatsBroker, client: Client) -> None:
    """Stop listening. A server that is away cannot be told goodbye: the readers' unacknowledged facts come again."""
    try:
        await broker.stop()
    except (RuntimeError, OSError, NatsError) as away:
        log.warning("NATS was away at the end: %s", type(away).__name__)
        await _close(client)


async def _close(client: Client) -> None:
    """A connection that broke cannot be closed well: nats-py raises, or cancels who waits for it."""
    await asyncio.gather(client.close(), return_exceptions=True)


def _spawn(work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
    """A task that says so when it dies, instead of dying in silence."""
    task = asyncio.get_running_loop().create_task(work)

    def ended(done: asyncio.Task[Any]) -> None:
        failed = None if done.cancelled() else done.exception()
        if failed is not None:
            log.critical("a part of Relais stopped: %s", describe(failed))

    task.add_done_callback(ended)
    return task
