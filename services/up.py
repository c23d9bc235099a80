"""What does a person see who starts Relais? Progress, where to click, and a clean end at Ctrl-C."""

import asyncio
import contextlib
import fcntl
import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from services.bus.relay import unpublished
from services.bus.server import NatsMissing
from services.demo.load import load_demonstration
from services.house import House
from services.run import running, serving
from services.settings import Settings

STEPS = {
    "database": "Base de données (SQLite, var/relais.db)",
    "nats-server": "Messagerie (nats-server avec JetStream)",
    "streams": "Flux et lecteurs",
}


class AlreadyUp(RuntimeError):
    """Another Relais uses the same folder; the text says which."""


async def stay_up(settings: Settings, console: Console) -> int:
    """Everything in one process, until Ctrl-C. The exit code: 0, or 1 with what to mend on the console."""
    began = time.monotonic()
    try:
        with only_one(settings.data_dir):
            refuse_taken_port(settings)
            say = _Progress(console)
            async with running(settings, progress=say) as house:
                if settings.seed_demonstration:
                    say("Territoires de démonstration")
                    if await load_demonstration(house, progress=say.detail):
                        say("Créneaux en place")
                        await everything_heard(house)
                async with serving(house):
                    _welcome(console, house, time.monotonic() - began)
                    await _until_told()
                    console.print("Arrêt en cours…")
            console.print("Relais est arrêté. Rien n'est perdu : `make run` reprend où vous en étiez.")
    except (AlreadyUp, NatsMissing, OSError, LookupError) as wrong:
        console.print(f"[red]✗[/red] {wrong}")
        return 1
    return 0


async def stay_web(settings: Settings, console: Console) -> int:
    """The web alone."""
    async with running(settings, workers=()) as house, serving(house):
        console.print(f"web : {house.settings.base_url}")
        await _until_told()
    return 0


async def stay_worker(settings: Settings, room: str, console: Console) -> int:
    """One room (or the clock) alone."""
    async with running(settings, workers=(room,)):
        console.print(f"worker : {room}")
        await _until_told()
    return 0


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """SQLite serves one Relais: a second one on the same folder is refused, with the first one's process id."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "relais.lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            holder = file.read().strip() or "?"
            raise AlreadyUp(
                f"Relais tourne déjà dans {folder} (processus {holder}) : arrêtez-le, ou choisissez --data AUTRE."
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def refuse_taken_port(settings: Settings) -> None:
    """Say it before anything starts. Raises OSError with words of action."""
    with contextlib.closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError:
            raise OSError(
                f"le port {settings.port} est déjà pris : choisissez-en un autre, par exemple "
                f"`relais up --port {settings.port + 1}`."
            ) from None


async def everything_heard(house: House) -> None:
    """Wait until what was committed has been published: from then on proposals are complete."""
    while True:
        async with house.database.read() as db:
            if not await unpublished(db):
                return
        await asyncio.sleep(0.1)


async def _until_told() -> None:
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, told.set)
    await told.wait()


class _Progress:
    """One line a step, with a detail below it on long work."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def __call__(self, step: str) -> None:
        self._console.print(f"  · {STEPS.get(step, step)}")

    def detail(self, text: str) -> None:
        self._console.print(f"      {text}", style="dim")


def _welcome(console: Console, house: House, seconds: float) -> None:
    url = house.settings.base_url
    console.print(f"\n[green]✓[/green] Relais est prêt en {seconds:.1f} s : [bold]{url}[/bold]\n")
    console.print("  À essayer :")
    console.print(f"  1. {url}/ → « Régulation, Tarn Ouest » : saisissez une demande (Graulhet, 06 39 98 12 34)")
    console.print(f"  2. {url}/messages → le SMS du patient et son lien")
    console.print(f"  3. {url}/ → un praticien : publier un créneau, en annuler un")
    console.print("  4. dans un autre terminal : .venv/bin/relais events tail  ·  .venv/bin/relais doctor")
    console.print("  5. une journée entière en accéléré : .venv/bin/relais demo tarn-ouest --speed 120")
    console.print("\n  Ctrl-C arrête tout proprement.\n", style="dim")
