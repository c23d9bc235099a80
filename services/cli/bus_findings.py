"""Is NATS as it must be, and does every reader read?"""

import asyncio
from typing import Any, cast
from urllib.parse import urlsplit

import nats
from nats.aio.client import Client
from nats.errors import Error as NatsError

from availability import handlers as availability
from dispatcher import handlers as dispatcher
from dispatcher.matching.seats import OpenSeats
from notifications import handlers as notifications
from schemas.event import durable
from services.bus.readers import Reader, readers, standing_still
from services.bus.server import embedded, writes_synced
from services.cli.finding import Finding
from services.settings import Settings

BETWEEN = 2.0
"""Seconds between two looks at the readers."""

MENDS = {
    "missing": "il est créé au démarrage : redémarrez Relais",
    "full": "il a reçu tout ce qu'il peut tenir sans rien accuser : redémarrez sa pièce, et lisez son journal",
    "dead": "personne ne lit : relancez sa pièce (`relais worker {room}`, ou `relais up`)",
}


async def of_bus(settings: Settings) -> list[Finding]:
    """What is to be said of NATS and its readers. Nothing when there never was one here. Never raises."""
    found = (
        (settings.nats_url, _monitor(settings.nats_url)) if settings.nats_url else embedded(settings.data_dir / "nats")
    )
    if found is None:
        return []
    url, monitor = found
    try:
        client = await nats.connect(
            url, connect_timeout=3, max_reconnect_attempts=1, reconnect_time_wait=0.1, error_cb=_silent
        )
    except (NatsError, OSError) as away:
        return [Finding("NATS", "look", f"ne répond pas ({type(away).__name__})", "relancez Relais, ou nats-server")]
    try:
        return [await _synced(monitor), *await _readers(client)]
    finally:
        await client.close()


def of_readers(before: list[Reader], after: list[Reader], wanted: set[str]) -> list[Finding]:
    """One line for all that read, one for each that does not."""
    wrong = standing_still(before, after, wanted)
    waiting = sum(one.pending for one in after)
    found = [Finding("Lecteurs", "fine", f"{len(after)} lecteurs, {waiting} fait(s) en attente")]
    for name, how in sorted(wrong.items()):
        seen = {"missing": "manque", "full": "est plein", "dead": "ne lit pas"}[how]
        found.append(Finding(f"Lecteur {name}", "wrong", seen, MENDS[how].format(room=name.split("-")[0])))
    return found


def wanted_readers() -> set[str]:
    """The durable readers that the rooms of this release have."""
    nobody = cast(Any, None)  # only the names of the facts are asked
    rooms = {
        "dispatcher": dispatcher.reactions(OpenSeats()),
        "availability": availability.reactions(),
        "notifications": notifications.reactions(nobody),
    }
    return {durable(room, fact) for room, facts in rooms.items() for fact in facts}


async def _readers(client: Client) -> list[Finding]:
    js = client.jetstream(timeout=5)
    try:
        before = await readers(js)
        await asyncio.sleep(BETWEEN)
        return of_readers(before, await readers(js), wanted_readers())
    except (NatsError, OSError) as failed:
        return [Finding("Lecteurs", "wrong", type(failed).__name__, "le flux CARE manque : redémarrez Relais")]


async def _synced(monitor: str) -> Finding:
    """Without sync_always a power cut took a whole stream of acknowledged facts with it."""
    synced = await asyncio.to_thread(writes_synced, monitor)
    if synced is None:
        mend = "ouvrez le port de surveillance sur 127.0.0.1:8222 (deploy/nats/nats-server.conf)"
        return Finding("NATS sur disque", "look", f"{monitor} ne dit rien", mend)
    if not synced:
        mend = "écrivez `sync_interval: always` dans jetstream { } : sans lui une coupure de courant perd le flux"
        return Finding("NATS sur disque", "wrong", "n'écrit pas chaque fait sur le disque", mend)
    return Finding("NATS sur disque", "fine", "chaque fait est sur le disque avant d'être accusé")


def _monitor(url: str) -> str:
    """Where the server's monitor is, when one follows deploy/nats/nats-server.conf."""
    first = url.split(",", maxsplit=1)[0]
    return f"http://{urlsplit(first if '//' in first else f'nats://{first}').hostname}:8222"


async def _silent(error: Exception) -> None:
    """Said once, by the finding."""
