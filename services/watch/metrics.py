"""How does Relais stand, in figures? Asked for at each scrape; nothing is counted while messages are dealt with.

The process that answers reports what the database and JetStream know of all. No label holds personal data.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

from nats.errors import Error as NatsError
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.process_collector import ProcessCollector
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from availability import upstream
from availability.upstream import FeedRow
from dispatcher import store as dispatcher
from notifications import store as notifications
from services.bus.readers import idle, readers
from services.bus.relay import oldest_unpublished, unpublished
from services.house import House
from services.storage.beats import SWEEP, beats
from services.storage.ledger import ALARM, ASIDE

log = logging.getLogger("relais.metrics")

WITHIN = 3.0
"""Seconds to wait for NATS: a scrape must not hang on it."""

READER_FIGURES = (
    ("pending", "Facts that wait for the reader."),
    ("unacknowledged", "Facts delivered to the reader and not acknowledged yet."),
    ("redelivered", "Facts in the reader's hand for the second time or more."),
)
_ASIDES = select(func.count()).select_from(ASIDE)
_ALARMS = select(ALARM.c.kind, func.count()).where(ALARM.c.cleared_at.is_(None)).group_by(ALARM.c.kind)


async def exposition(house: House) -> bytes:
    """All figures as Prometheus text. What cannot be asked now is missing, and an `_up` figure says so."""
    return generate_latest(_registry([*await _of_database(house), *await _of_bus(house), *_of_process(house)]))


async def _of_database(house: House) -> list[Metric]:
    try:
        async with house.database.read() as db:
            return [_gauge("database_up", "Whether the database answers.", 1), *await _counted(db, house.clock.now())]
    except (SQLAlchemyError, OSError) as away:
        log.error("the database does not answer: %s", type(away).__name__)
        return [_gauge("database_up", "Whether the database answers.", 0)]


async def _counted(db: AsyncConnection, now: datetime) -> list[Metric]:
    oldest = await oldest_unpublished(db)
    messages = await notifications.counts(db)
    alarms = [((kind,), float(count)) for kind, count in await db.execute(_ALARMS)]
    asides = (await db.execute(_ASIDES)).scalar_one()
    return [
        _table("requests", "Open requests.", ("state",), [((s,), n) for s, n in (await dispatcher.counts(db)).items()]),
        _gauge("outbox_waiting", "Facts that wait for NATS.", await unpublished(db)),
        _gauge("outbox_oldest_seconds", "Age of the oldest of them.", _since(oldest, now)),
        _table("messages", "Messages not settled.", ("state", "lane"), [((s, str(ln)), n) for s, ln, n in messages]),
        _gauge("aside", "Messages set aside that nobody has dealt with.", asides),
        _table("alarms", "Open alarms.", ("kind",), alarms),
        *_of_feeds(await upstream.feeds(db), now),
        *await _heard(db),
    ]


def _of_feeds(linked: Sequence[FeedRow], now: datetime) -> list[Metric]:
    states = Counter("failing" if one.error else "read" if one.succeeded_at else "new" for one in linked)
    rows = [((state,), float(states[state])) for state in ("read", "failing", "new")]
    oldest = min((one.succeeded_at or one.made_at for one in linked if one.due_at is not None), default=None)
    return [
        _table("feeds", "Linked agendas.", ("state",), rows),
        _gauge("feed_oldest_success_seconds", "Since the linked agenda read longest ago.", _since(oldest, now)),
    ]


async def _heard(db: AsyncConnection) -> list[Metric]:
    """Beats are of the machine's own clock, also in a demonstration."""
    now = datetime.now(UTC)
    found = {beat.name: _since(beat.at, now) for beat in await beats(db)}
    sweep = found.pop(SWEEP, None)
    last = [] if sweep is None else [_gauge("sweep_age_seconds", "Since the last sweep of the timers.", sweep)]
    ages = [((name,), age) for name, age in found.items()]
    return [*last, _table("process_beat_age_seconds", "Since the last sign of life.", ("process",), ages)]


async def _of_bus(house: House) -> list[Metric]:
    js, found = house.facts.jetstream(), None
    if js is not None:
        try:
            async with asyncio.timeout(WITHIN):
                found = await readers(js)
        except (NatsError, OSError) as away:
            log.warning("NATS does not answer: %s", type(away).__name__)
    metrics = [_gauge("bus_up", "Whether NATS answers.", 0 if found is None else 1)]
    now = datetime.now(UTC)
    for name, words in READER_FIGURES:
        rows = [((one.name,), float(getattr(one, name))) for one in found or ()]
        metrics.append(_table(f"reader_{name}", words, ("reader",), rows))
    quiet = [((one.name,), age) for one in found or () if (age := idle(one, now)) is not None]
    return [*metrics, _table("reader_idle_seconds", "Since the reader's last activity.", ("reader",), quiet)]


def _of_process(house: House) -> list[Metric]:
    """Of the web process itself: memory, processor time, files, and how late its event loop was."""
    late = _gauge("event_loop_lag_seconds", "How late the event loop was, at worst, in a minute.", house.lag.worst())
    return [late, *ProcessCollector(registry=None).collect()]


def _gauge(name: str, words: str, value: float) -> Metric:
    return GaugeMetricFamily(f"relais_{name}", words, value=value)


def _table(name: str, words: str, labels: tuple[str, ...], rows: Iterable[tuple[tuple[str, ...], float]]) -> Metric:
    metric = GaugeMetricFamily(f"relais_{name}", words, labels=labels)
    for values, value in rows:
        metric.add_metric(values, value)
    return metric


def _since(moment: datetime | None, now: datetime) -> float:
    return 0.0 if moment is None else max(0.0, (now - moment).total_seconds())


class _Found:
    """What was found, in the shape a registry wants."""

    def __init__(self, metrics: list[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        yield from self._metrics


def _registry(metrics: list[Metric]) -> CollectorRegistry:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Found(metrics))
    return registry
