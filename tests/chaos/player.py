"""How is one process kept alive by a supervisor, and how is it made to die?"""

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from time import monotonic
from typing import Any

TOO_SOON = 1.0
"""Seconds: who dies younger than this waits as long before the next start (its server is away, say)."""


class Player:
    """A command that is started again as soon as it ends, until `retire`.

    `hold` keeps it down, `let_go` ends that. `someone` is as whom it runs (subprocess' user and group).
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        said: Path,
        someone: Mapping[str, Any] | None = None,
    ) -> None:
        self.name = name
        self.environment = dict(environment)
        self.starts = 0
        self.said = said
        self._command = list(command)
        self._someone = dict(someone or {})
        self._may_run = asyncio.Event()
        self._process: asyncio.subprocess.Process | None = None
        self._supervisor: asyncio.Task[None] | None = None

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        self._may_run.set()
        self._supervisor = asyncio.create_task(self._keep_alive())

    async def kill(self, how: int = signal.SIGKILL) -> datetime:
        """Make it die, and wait until it is dead: the moment from which nothing of it works any more."""
        process = await self._running()
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(how)
        await process.wait()
        return datetime.now(UTC)

    async def hold(self, how: int = signal.SIGTERM) -> datetime:
        """Make it die and stay away."""
        self._may_run.clear()
        if not self.alive:
            return datetime.now(UTC)
        return await self.kill(how)

    def let_go(self) -> None:
        self._may_run.set()

    async def retire(self, how: int = signal.SIGKILL) -> None:
        """The end: no more starts."""
        if self._supervisor is not None:
            self._supervisor.cancel()
            await asyncio.gather(self._supervisor, return_exceptions=True)
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(how)
            await self._process.wait()

    def last_words(self, lines: int = 15) -> str:
        return "\n".join(self.said.read_text("utf-8", "replace").splitlines()[-lines:]) if self.said.exists() else ""

    async def _keep_alive(self) -> None:
        while True:
            await self._may_run.wait()
            began = monotonic()
            with self.said.open("ab") as said:
                self._process = await asyncio.create_subprocess_exec(
                    *self._command, env=self.environment, stdout=said, stderr=said, stdin=asyncio.subprocess.DEVNULL,
                    start_new_session=True, preexec_fn=_die_with_us, **self._someone,
                )  # fmt: skip
            self.starts += 1
            await self._process.wait()
            if monotonic() - began < TOO_SOON:
                await asyncio.sleep(TOO_SOON)

    async def _running(self) -> asyncio.subprocess.Process:
        while True:
            if self._process is not None and self._process.returncode is None:
                return self._process
            await asyncio.sleep(0.02)


def _die_with_us() -> None:
    """Nothing outlives a test that was killed itself."""
    if sys.platform == "linux":
        death_signal = 1  # PR_SET_PDEATHSIG
        ctypes.CDLL(None).prctl(death_signal, signal.SIGQUIT)


def clean_environment() -> dict[str, str]:
    """Ours, without any setting of Relais or of a server. Code is compiled once, as it is where it is installed."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("RELAIS_", "NATS_", "PG"))}
    if kept.pop("PYTHONDONTWRITEBYTECODE", ""):
        kept["PYTHONPYCACHEPREFIX"] = _bytecode().name
    return kept


@cache
def _bytecode() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="relais-bytecode-")
