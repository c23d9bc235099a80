"""How does the demonstration get a Relais of its own? `relais up` beside it, in a folder that starts empty."""

import asyncio
import contextlib
import os
import shutil
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from services.demo.stage.doors import Refusal, ServerTime

MARK = "demonstration.txt"
MARK_TEXT = "Ce dossier est vidé à chaque démonstration (relais demo). N'y gardez rien.\n"
LOG = "relais.log"
STARTS_WITHIN = 60.0  # seconds; a cold start writes the tables and the streams
STOPS_WITHIN = 20.0
OWN_SETTINGS = ("DATABASE_URL", "KEYRING_URL", "NATS_URL", "PUBLIC_URL", "CHANNEL", "PORT", "HOST", "DATA_DIR")
COMMAND = "from services.cli.main import app; app()"


class NotStarted(Exception):
    """The demonstration cannot run; the text says what to do, in French."""


def empty_folder(folder: Path) -> bool:
    """Make the folder, or empty the one an earlier demonstration left (True). Raises NotStarted for any other."""
    if folder.exists() and any(folder.iterdir()):
        if not (folder / MARK).is_file():
            raise NotStarted(
                f"Le dossier {folder} contient autre chose qu'une démonstration : rien n'y a été touché. "
                "Indiquez un autre dossier avec --data, ou videz-le vous-même."
            )
        shutil.rmtree(folder)
        emptied = True
    else:
        emptied = False
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARK).write_text(MARK_TEXT, encoding="utf-8")
    return emptied


class OwnServer:
    """`relais up` as a process of its own, on an accelerated clock; stopped cleanly when the block ends."""

    def __init__(self, folder: Path, port: int, speed: float, start: datetime) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.log = folder / LOG
        self._arguments = [
            "up", "--speed", str(speed), "--start", f"{start.astimezone(UTC):%Y-%m-%dT%H:%M:%S}",
            "--data", str(folder), "--port", str(port), "--no-seed",
        ]  # fmt: skip
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        # Settings of another Relais on this machine must not lead the demonstration into its database.
        given = {key: value for key, value in os.environ.items() if key not in _OWN}
        log = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-c", COMMAND, *self._arguments,
                env=given, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        finally:
            os.close(log)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is None or self._process.returncode is not None:
            return
        self._process.send_signal(signal.SIGINT)
        try:
            async with asyncio.timeout(STOPS_WITHIN):
                await self._process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            await self._process.wait()

    async def answer(self, time: ServerTime) -> None:
        """Wait until it answers. Raises NotStarted with the end of its log when it does not."""
        for _ in range(int(STARTS_WITHIN / 0.1)):
            if self._process is None or self._process.returncode is not None:
                break
            with contextlib.suppress(Refusal):
                await time.ask()
                return
            await asyncio.sleep(0.1)
        raise NotStarted(f"Relais n'a pas démarré. Ses derniers mots ({self.log}) :\n{self._last_words()}")

    async def died(self) -> None:
        """Returns only if the server stops by itself: then raises NotStarted."""
        assert self._process is not None
        await self._process.wait()
        raise NotStarted(f"Relais s'est arrêté en route. Ses derniers mots ({self.log}) :\n{self._last_words()}")

    def _last_words(self) -> str:
        with contextlib.suppress(OSError):
            return "\n".join(self.log.read_text("utf-8", "replace").splitlines()[-12:])
        return ""


_OWN = frozenset(f"RELAIS_{name}" for name in OWN_SETTINGS)
