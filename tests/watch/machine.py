"""What runs when somebody starts Relais? `relais up` as a process, and the processes below it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.ports import free_port

PATIENCE = 90.0
"""Seconds until a test gives up waiting; nothing is asserted about how long something took."""

UP = """
import asyncio, sys
from rich.console import Console
from services.logs import set_up_logs
from services.settings import read_settings
from services.up import stay_up
set_up_logs()
settings = read_settings(seed_demonstration=False, speed=%r)
sys.exit(asyncio.run(stay_up(settings, Console(stderr=True, soft_wrap=True), **%r)))
"""


class Machine:
    """A folder, a port, `relais up` in it; `limits` are the supervisor's, shortened."""

    def __init__(
        self, folder: Path, environment: Mapping[str, str] | None = None, speed: float = 1.0, **limits: float
    ) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        kept = {name: value for name, value in os.environ.items() if not name.startswith("RELAIS_")}
        given = {"RELAIS_PORT": str(self.port), "RELAIS_DATA_DIR": str(folder / "var")}
        self.environment = kept | given | dict(environment or {})
        self.words = folder / "words.txt"
        self._code = UP % (speed, limits)
        self._up: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._up is not None
        return self._up.pid

    def start(self) -> None:
        with self.words.open("ab") as words:
            self._up = subprocess.Popen([sys.executable, "-c", self._code], env=self.environment, stderr=words)
        self.until(self.answers, "relais up did not answer")

    def answers(self) -> bool:
        assert self._up is not None
        if self._up.poll() is not None:
            pytest.fail(f"relais up ended: {self.said()}")
        try:
            return httpx.get(f"{self.url}/health", timeout=2).is_success
        except httpx.TransportError:
            return False

    def enter(self, hours: int = 24) -> str:
        """A request, through the door; its id."""
        with self._regulator() as client:
            body = {"phone": "0639981234", "last_name": "Essai", "commune": "graulhet", "hours": hours}
            answer = client.post("/api/requests", json=body, headers={"Idempotency-Key": uuid4().hex})
            assert answer.is_success, answer.text
            return str(answer.json()["id"])

    def state_of(self, request_id: str) -> str:
        return str(self.request(request_id)["state"])

    def request(self, request_id: str) -> Any:
        """The request as the regulation sees it, with its history."""
        with self._regulator() as client:
            return client.get(f"/api/requests/{request_id}").json()

    @contextmanager
    def _regulator(self) -> Iterator[httpx.Client]:
        with httpx.Client(base_url=self.url, timeout=30) as client:
            client.post("/api/session", json={"account": "reg-tarn-ouest"})
            yield client

    def until(self, so: Callable[[], Any], otherwise: str) -> float:
        """Wait until it is so; how many seconds that took."""
        began = time.monotonic()
        while not so():
            if time.monotonic() - began > PATIENCE:
                pytest.fail(f"{otherwise}: {self.said()}")
            time.sleep(0.1)
        return time.monotonic() - began

    def said(self) -> str:
        return self.words.read_text("utf-8", "replace")

    def processes(self) -> dict[int, str]:
        """The processes started by this one, by id: `nats-server`, or the part's name."""
        listed = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return {int(pid): _name(int(pid)) for pid in listed}

    def process(self, name: str) -> int:
        return next(pid for pid, its in self.processes().items() if its == name)

    def stop(self, how: int = signal.SIGTERM) -> int:
        """Its exit code."""
        assert self._up is not None
        self._up.send_signal(how)
        return self._up.wait(timeout=PATIENCE)

    def end(self) -> None:
        """Whatever happened: nothing of it is left."""
        if self._up is not None and self._up.poll() is None:
            below = self.processes()
            self._up.kill()
            self._up.wait()
            for pid in below:
                kill(pid, signal.SIGKILL)


def kill(pid: int, how: int) -> None:
    try:
        os.kill(pid, how)
    except ProcessLookupError:
        return


def lives(pid: int) -> bool:
    """A zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def _name(pid: int) -> str:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace").split("\0")
    except (FileNotFoundError, ProcessLookupError):
        return ""
    if "nats-server" in words[0]:
        return "nats-server"
    return words[words.index("part") + 1] if "part" in words else ""
