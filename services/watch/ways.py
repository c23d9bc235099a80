"""By which ways does the watchdog's alarm reach a person? Every one there is: the database may be what is down."""

import asyncio
import logging
import shlex
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import asynccontextmanager

from services.settings import Settings
from services.storage.database import Database

log = logging.getLogger("relais.watchdog")

KINDS = {
    "no_sweep": "Relais ne suit plus les échéances des demandes depuis {since:.0f} s : surveillez les demandes ouvertes"
    " et appelez l'exploitation. À faire : `relais doctor`, puis relancer Relais (ou `relais worker clock`).",
    "database_away": "La base de données de Relais ne répond plus depuis {since:.0f} s : aucune demande ne peut être"
    " saisie. À faire : vérifier le serveur de base de données et le disque, puis `relais doctor`.",
    "bus_away": "NATS ne répond plus à Relais depuis {since:.0f} s : les demandes entrent, mais aucune place n'est"
    " proposée. À faire : relancer nats-server, puis `relais doctor`.",
    "reader_stands": "Une pièce de Relais ne lit plus ce qui lui est adressé depuis {since:.0f} s : des demandes ou des"
    " messages n'avancent plus. À faire : `relais doctor` dit laquelle, puis la relancer (`relais worker PIÈCE`).",
}
"""What each alarm says, and what is to be done. No personal data: it leaves by ways that nobody seals."""

COMMAND_WITHIN = 30.0

Tell = Callable[[str], None]
Keep = Callable[[str, str | None], Awaitable[None]]
"""Write an alarm of this kind into the database, with its words, or (None) that it is over."""


class Ways:
    """The log, the console, a program of the operator's, and, as soon as it answers, the database."""

    def __init__(self, tell: Tell, command: str | None, keep: Keep) -> None:
        self._tell = tell
        self._command = command
        self._keep = keep
        self._open: set[str] = set()
        self._unended = set(KINDS)
        """Alarms that may stand in the database: an earlier watchdog's, too."""
        self._unkept: dict[str, str | None] = {}
        self._running: set[asyncio.Task[None]] = set()

    async def follow(self, silent: Mapping[str, float], well: Collection[str], database: bool) -> None:
        """Raise what is new, end what is over."""
        for kind, since in silent.items():
            if kind not in self._open:
                self._raise(kind, KINDS[kind].format(since=since))
        for kind in self._open.intersection(well):
            self._open.discard(kind)
            log.warning("%s: it is over", kind)
            self._tell(f"[green]✓[/green] C'est rétabli ({kind}).")
        for kind in self._unended.intersection(well):
            self._unended.discard(kind)
            self._unkept[kind] = None
        while database and self._unkept:
            kind, words = next(iter(self._unkept.items()))
            async with asyncio.timeout(COMMAND_WITHIN):
                await self._keep(kind, words)  # when that fails, the next look tries again
            del self._unkept[kind]

    def _raise(self, kind: str, words: str) -> None:
        self._open.add(kind)
        self._unended.add(kind)
        self._unkept[kind] = words
        log.critical("%s: %s", kind, words)
        self._tell(f"[red]✗[/red] {words}")
        if self._command:
            task = asyncio.create_task(run_command(self._command, words))
            self._running.add(task)
            task.add_done_callback(self._running.discard)


async def run_command(command: str, words: str) -> None:
    """The operator's program, with the words on its standard input. What goes wrong with it is logged."""
    try:
        process = await asyncio.create_subprocess_exec(*shlex.split(command), stdin=PIPE, stdout=DEVNULL)
        try:
            async with asyncio.timeout(COMMAND_WITHIN):
                await process.communicate(f"{words}\n".encode())
        except TimeoutError:
            process.kill()
            await process.wait()
        if process.returncode:
            log.error("RELAIS_ALARM_COMMAND ended with code %s", process.returncode)
    except (OSError, ValueError) as failed:
        log.error("RELAIS_ALARM_COMMAND could not be run: %s", type(failed).__name__)


@asynccontextmanager
async def ways_of(settings: Settings, tell: Tell, part: str) -> AsyncIterator[tuple[Database, Ways]]:
    """The ways of this installation, and the database that is watched. Who watches beats as `part`."""
    from services.clock import Clock
    from services.mailbox import Mailbox
    from services.watch.alarms import clear_alarm
    from services.watch.pulse import Lag, pulsing
    from services.watch.roll_call import alarm_everybody, desk_of

    database, clock = Database(settings.database), Clock(settings.speed, settings.start)
    mailbox = Mailbox(database, clock)
    committing = asyncio.create_task(mailbox.run())
    desk = desk_of(settings, clock)

    async def keep(kind: str, words: str | None) -> None:
        if words is None:
            await clear_alarm(mailbox, kind, "watchdog")
        else:
            await alarm_everybody(mailbox, desk, kind, words)

    try:
        async with pulsing(mailbox, clock, part, Lag()):
            yield database, Ways(tell, settings.alarm_command, keep)
    finally:
        committing.cancel()
        await asyncio.wait([committing])
        await desk.vault.close()  # type: ignore[attr-defined]  # the keyring
        await database.close()
