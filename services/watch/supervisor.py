"""Who brings a process of Relais back that died, or that lives and does nothing? One parent of them all."""

import asyncio
import contextlib
import logging
import pickle
import signal
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from services.settings import Settings

log = logging.getLogger("relais.supervisor")

COMMAND = (sys.executable, "-c", "from services.cli.main import app; app()", "part")
SILENCE = 15.0
"""Seconds without a sign of life after which a part that was ready is ended and started again."""
STARTS_WITHIN = 180.0
"""The same for a part that starts: filling an empty Relais keeps a slow machine busy."""
ENDS_WITHIN = 15.0
"""Seconds a part has to stop cleanly before it is killed."""
LOOK = 0.5
LONGEST_PAUSE = 30.0
STEADY = 60.0
"""A part that lived this long has earned a restart without a pause."""


def pause_before(restart: int) -> float:
    """Seconds to wait before the nth restart in a row: at once, then longer each time."""
    return 0.0 if restart <= 1 else min(LONGEST_PAUSE, 0.5 * 2.0 ** (restart - 1))


class CannotStart(RuntimeError):
    """A part ended before it was ready for the first time. It has said why."""


@dataclass(frozen=True, slots=True)
class Word:
    """What a part says while it starts (`step`, `detail`), or what is said of it (`ended`, `again`)."""

    part: str
    kind: str
    text: str


Hear = Callable[[Word], None]


class Child:
    """One part: started, listened to, ended when it falls silent, started again until it is told to stop."""

    def __init__(self, settings: Settings, part: str, hear: Hear, *, silence: float, keep: Sequence[int]) -> None:
        self.part = part
        self.ready = asyncio.Event()
        self._settings = settings
        self._hear = hear
        self._silence = silence
        self._keep = tuple(keep)
        self._process: Process | None = None
        self._stopping = False
        self._fell = 0.0

    async def live(self) -> None:
        """Returns when it was told to stop. Raises CannotStart when it never became ready."""
        restart = 0
        while True:
            began = time.monotonic()
            how = await self._once()
            if self._stopping:
                return
            if not self.ready.is_set():
                raise CannotStart(self.part)
            self._fell = time.monotonic()
            restart = 1 if self._fell - began > STEADY else restart + 1
            self._say("ended", how)
            await asyncio.sleep(pause_before(restart))

    async def stop(self) -> None:
        """Let it end cleanly; what does not end in time is killed."""
        self._stopping = True
        process = self._process
        if process is None or process.returncode is not None:
            return
        _send(process, signal.SIGTERM)
        try:
            async with asyncio.timeout(ENDS_WITHIN):
                await process.wait()
        except TimeoutError:
            log.error("%s did not stop within %d s: killed", self.part, ENDS_WITHIN)
            _send(process, signal.SIGKILL)
            await process.wait()

    def kill(self) -> None:
        """At once."""
        self._stopping = True
        if self._process is not None:
            _send(self._process, signal.SIGKILL)

    async def _once(self) -> str:
        """From its start to its end: how it ended, in words."""
        process = await asyncio.create_subprocess_exec(
            *COMMAND, self.part, *(["--verbose"] if log.isEnabledFor(logging.DEBUG) else []),
            stdin=PIPE, stdout=PIPE, pass_fds=self._keep,
            start_new_session=True,  # Ctrl-C is for the supervisor, which ends all in order
        )  # fmt: skip
        self._process = process
        assert process.stdin is not None
        try:
            process.stdin.write(pickle.dumps(self._settings))
            frozen = await self._listen(process)
            return frozen or _how(await process.wait())
        finally:
            if process.returncode is None:
                _send(process, signal.SIGKILL)
                await process.wait()
            process.stdin.close()

    async def _listen(self, process: Process) -> str:
        """Hear it out. Words when it fell silent and was killed; empty when it ended by itself.

        The looks without a word are counted, not the time: after a sleep of the whole machine nobody is to blame.
        """
        assert process.stdout is not None
        patience, quiet = STARTS_WITHIN, 0.0
        while quiet < patience:
            try:
                async with asyncio.timeout(LOOK):
                    line = await process.stdout.readline()
            except TimeoutError:
                quiet += LOOK
                continue
            if not line:
                return ""
            quiet = 0.0
            kind, _, text = line.decode("utf-8", "replace").rstrip("\n").partition(" ")
            if kind == "ready":
                patience = self._silence
                if self.ready.is_set():
                    self._say("again", f"{time.monotonic() - self._fell:.1f}")
                self.ready.set()
            elif kind != "beat":
                self._say(kind, text)
        _send(process, signal.SIGKILL)
        return f"figé depuis {quiet:.0f} s"

    def _say(self, kind: str, text: str) -> None:
        self._hear(Word(self.part, kind, text))


def _send(process: Process, what: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(what)


def _how(code: int) -> str:
    if code >= 0:
        return f"code {code}"
    with contextlib.suppress(ValueError):
        return signal.Signals(-code).name
    return f"signal {-code}"
