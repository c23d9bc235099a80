"""What does a person see who starts Relais? Progress, where to click, what came back, and a clean end at Ctrl-C."""

import asyncio
import fcntl
import importlib
import logging
import os
import signal
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console

from services.bus.server import EmbeddedNats, NatsMissing
from services.ports import take_port
from services.settings import Settings
from services.watch.supervisor import ENDS_WITHIN, SILENCE, CannotStart, Child, Word

log = logging.getLogger("relais")

APART = ("dispatcher", "availability", "notifications", "clock", "web")
"""The processes on PostgreSQL, in the order of their start. SQLite serves one: everything in it."""


ALARM_AFTER = 90.0
"""Seconds without a sweep after which the watchdog alarms: a promise is kept within 60."""


class AlreadyUp(RuntimeError):
    """Another Relais uses the same folder; the text says which."""


async def stay_up(
    settings: Settings, console: Console, *, silence: float = SILENCE, alarm_after: float = ALARM_AFTER
) -> int:
    """Everything, kept alive, until Ctrl-C. The exit code: 0, or 1 with what to mend on the console.

    A part that says nothing for `silence` seconds is started again; when nothing is done for `alarm_after` seconds,
    people are told.
    """
    try:
        async with only_one(settings.data_dir) as lock:
            take_port(settings.host, settings.port).close()  # said before anything starts
            if settings.database.startswith("postgresql"):
                await _wait_for_database(settings, console)
            await _Up(settings, console, silence, alarm_after, lock).run()
    except CannotStart:
        return 1  # the part has said why
    except (AlreadyUp, NatsMissing, OSError, LookupError) as wrong:
        console.print(f"[red]✗[/red] {wrong}")
        return 1
    console.print("Relais est arrêté. Rien n'est perdu : `make run` reprend où vous en étiez.")
    return 0


class _Up:
    """The supervisor at work: nats-server and the parts start side by side, and end in order."""

    def __init__(self, settings: Settings, console: Console, silence: float, alarm_after: float, lock: int) -> None:
        apart = settings.database.startswith("postgresql")
        self._server = None if settings.nats_url else EmbeddedNats(settings.data_dir / "nats")
        self._settings = replace(settings, nats_url=self._server.address()) if self._server else settings
        self._children = [
            Child(self._settings, part, self._hear, silence=silence, keep=[lock])
            for part in (APART if apart else ("all",))
        ]
        self._console = console
        self._alarm_after = alarm_after
        self._told = asyncio.Event()
        self._welcomed = False

    async def run(self) -> None:
        """Until somebody says that it is enough, or something cannot start (which is raised)."""
        began = time.monotonic()
        for name in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(name, self._tell)
        tasks = [_task(child.live()) for child in self._children]
        told, started = _task(self._told.wait()), _task(self._start())
        try:
            await _first_of(told, started, *tasks)
            if not self._told.is_set():
                self._welcome(time.monotonic() - began)
                tasks.append(_task(self._watch()))
                if self._server is not None:
                    tasks.append(_task(self._server.watch()))
                await _first_of(told, *tasks)
            self._console.print("Arrêt en cours…")
        finally:
            await self._end([told, started, *tasks])

    async def _start(self) -> None:
        if self._server is not None:
            self._console.print("  · Messagerie (nats-server avec JetStream)")
            await self._server.start()
        for child in self._children:
            await child.ready.wait()

    async def _watch(self) -> None:
        """The second process that looks whether the first does its work. Loaded when everything runs already."""
        while True:
            try:
                watchdog = await asyncio.to_thread(importlib.import_module, "services.watch.watchdog")
                async with watchdog.watching(self._settings, self._console.print, self._alarm_after, "up"):
                    await asyncio.Event().wait()
            except Exception as failed:  # what it watches goes on without it
                log.critical("there is no watchdog: %s; trying again", type(failed).__name__)
                await asyncio.sleep(self._alarm_after)

    async def _end(self, tasks: list[asyncio.Task[Any]]) -> None:
        """The parts, the last started first; then the server, which hears their last words."""
        for child in reversed(self._children):
            await child.stop()
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        if self._server is not None:
            await self._server.stop()

    def _tell(self) -> None:
        """Ctrl-C: stop cleanly. Once more: at once."""
        if self._told.is_set():
            for child in self._children:
                child.kill()
        self._told.set()

    def _hear(self, word: Word) -> None:
        """What a part says while everything starts; later, only what went wrong and is well again."""
        name = "Relais" if word.part == "all" else f"Relais ({word.part})"
        if word.kind == "ended":
            self._console.print(f"[red]✗[/red] {name} s'est arrêté ({word.text}) : il redémarre.")
        elif word.kind == "again":
            self._console.print(f"[green]✓[/green] {name} répond de nouveau, après {word.text} s.")
        elif self._welcomed or word.part not in ("all", "web"):
            return
        elif word.kind == "step":
            self._console.print(f"  · {self._step(word.text)}")
        elif word.kind == "detail":
            self._console.print(f"      {word.text}", style="dim")

    def _step(self, step: str) -> str:
        sqlite = self._settings.database.startswith("sqlite")
        database = f"SQLite, {self._settings.data_dir}/relais.db" if sqlite else "PostgreSQL"
        return {"database": f"Base de données ({database})", "streams": "Flux et lecteurs"}.get(step, step)

    def _welcome(self, seconds: float) -> None:
        self._welcomed = True
        url = self._settings.base_url
        self._console.print(f"\n[green]✓[/green] Relais est prêt en {seconds:.1f} s : [bold]{url}[/bold]\n")
        self._console.print("  À essayer :")
        for number, line in enumerate(TO_TRY, 1):
            self._console.print(f"  {number}. {line.format(url=url)}")
        self._console.print("\n  Ctrl-C arrête tout proprement.\n", style="dim")


TO_TRY = (
    "{url}/ → « Camille R., régulation » : saisissez une demande (Graulhet, 06 39 98 12 34)",
    "{url}/messages → le SMS du patient et son lien",
    "{url}/ → un praticien : publier un créneau, en annuler un",
    "dans un autre terminal : .venv/bin/relais events tail  ·  .venv/bin/relais doctor",
    "une journée entière en accéléré : .venv/bin/relais demo tarn-ouest --speed 120",
)


@asynccontextmanager
async def only_one(folder: Path) -> AsyncIterator[int]:
    """SQLite serves one Relais: a second one on the same folder is refused, with the first one's process id.

    The lock is the file's, for every process that holds the descriptor given here: when a supervisor was killed, its
    parts still hold it while they stop, and that is waited for.
    """
    folder.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240 - nothing else runs yet
    with (folder / "relais.lock").open("a+") as file:
        looks = int(ENDS_WITHIN / 0.1)
        while not _locked(file.fileno()):
            file.seek(0)
            holder = file.read().strip() or "?"
            looks -= 1
            if _alive(holder) or not looks:
                raise AlreadyUp(
                    f"Relais tourne déjà dans {folder} (processus {holder}) : arrêtez-le, ou choisissez --data AUTRE."
                )
            await asyncio.sleep(0.1)
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield file.fileno()


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _alive(holder: str) -> bool:
    try:
        os.kill(int(holder), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True


async def _wait_for_database(settings: Settings, console: Console) -> None:
    """Once for all parts. Raises DatabaseAway with words of action."""
    from services.storage.away import until_it_answers
    from services.storage.database import Database

    server = Database(settings.database)
    try:
        await until_it_answers(server, lambda words: console.print(f"  · Base de données : {words}", markup=False))
    finally:
        await server.close()


async def _first_of(*tasks: asyncio.Task[Any]) -> None:
    """Wait for one of them. Raises what it raised."""
    done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in done:
        task.result()


def _task(work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
    return asyncio.get_running_loop().create_task(work)
