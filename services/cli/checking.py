"""Are the promises kept? A line for each invariant, and what is broken in words."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import nats
import nats.errors
from nats.js import JetStreamContext
from nats.js.errors import NotFoundError
from rich.console import Console
from sqlalchemy.exc import SQLAlchemyError

from services.audit.chain import audit_key, public_key
from services.bus.server import embedded_address
from services.bus.streams import STREAM
from services.checks.examine import Verdict, examine
from services.clock import Clock
from services.settings import Settings
from services.storage.database import Database
from services.storage.keyring import master_key

SHOWN = 10
"""Violations of one invariant that are said in words."""

out = Console(highlight=False, soft_wrap=True)
problems = Console(stderr=True, highlight=False, soft_wrap=True)


def check_promises(settings: Settings, grace: float, as_json: bool) -> int:
    """Say how every invariant stands. The exit code: 0 all kept, 1 not all, 2 nothing to ask."""
    file, key = settings.data_dir / "relais.db", settings.data_dir / "master.key"
    if (settings.database_url is None and not file.exists()) or not (settings.master_key or key.exists()):
        where = settings.data_dir
        problems.print(f"[red]✗[/red] Rien à vérifier dans {where} : donnez --data, ou l'environnement de Relais.")
        return 2
    try:
        verdicts = asyncio.run(_examine(settings, grace))
    except (OSError, SQLAlchemyError) as away:
        problems.print(f"[red]✗[/red] La base ne répond pas ({type(away).__name__}) : voyez `relais doctor`.")
        return 2
    if as_json:
        said = [{"invariant": one.name, "state": _state(one), "found": list(one.found)} for one in verdicts]
        sys.stdout.write(json.dumps(said, ensure_ascii=False, indent=2) + "\n")
    else:
        _print(verdicts)
    return 0 if all(one.kept for one in verdicts) else 1


async def _examine(settings: Settings, grace: float) -> list[Verdict]:
    keys = [public_key(audit_key(master_key(settings.data_dir, settings.master_key)))]
    database = Database(settings.database)
    try:
        async with _stream(settings) as js:
            return await examine(database, Clock().now, js, keys, grace)
    finally:
        await database.close()


@asynccontextmanager
async def _stream(settings: Settings) -> AsyncIterator[JetStreamContext | None]:
    """The stream, or None when nobody answers for it."""
    url = settings.nats_url or embedded_address(settings.data_dir / "nats")
    client = None
    try:
        if url is not None:
            client = await nats.connect(url, connect_timeout=3, allow_reconnect=False, error_cb=_silent)
            await client.jetstream().stream_info(STREAM)
    except (OSError, TimeoutError, nats.errors.Error, NotFoundError):
        url = None
    try:
        yield client.jetstream(timeout=10) if client is not None and url is not None else None
    finally:
        if client is not None:
            await client.close()


async def _silent(_: Exception) -> None:
    """What the connection has to say is said by the line of I7."""


def _state(verdict: Verdict) -> str:
    if verdict.found:
        return "broken"
    return "kept" if verdict.seen else "unknown"


def _print(verdicts: Iterable[Verdict]) -> None:
    for one in verdicts:
        mark = {"kept": "[green]✓[/green]", "broken": "[red]✗[/red]", "unknown": "[yellow]?[/yellow]"}[_state(one)]
        words = "" if one.seen else " : NATS ne répond pas, le flux n'a pas été lu (démarrez Relais)"
        out.print(f"{mark} {one.name}  {one.promise}{words}")
        for sentence in one.found[:SHOWN]:
            out.print(f"      · {sentence}", markup=False)
        if len(one.found) > SHOWN:
            out.print(f"      · et {len(one.found) - SHOWN} autre(s) : --json les donne toutes")
