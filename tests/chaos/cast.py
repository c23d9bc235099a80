"""Which processes run in production, and how are they started here? Web, a worker for each room, clock, servers."""

import asyncio
import contextlib
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import nats
from nats.aio.client import Client

from services.bus.server import find_server
from services.ports import free_port
from tests.chaos.player import Player, clean_environment
from tests.servers import not_root, postgres_programs

HOUSE = Path(__file__).parents[2]
WORKERS = ("dispatcher", "availability", "notifications", "clock")
OURS = ("web", *WORKERS)
USERS = (*OURS, "operator")
GIVE_UP = 90.0
"""Seconds until something that should start is said not to."""

DURABLE = ("fsync=on", "synchronous_commit=on", "full_page_writes=on")
"""What production has and the other tests switch off."""
POSTGRES = (
    "listen_addresses=",
    "max_connections=250",
    "shared_buffers=32MB",
    "min_wal_size=32MB",
    "max_wal_size=96MB",
)


class Cast:
    """One process for each room on NATS and PostgreSQL, all supervised, in a folder of their own.

    `store` and `data` are where NATS and PostgreSQL write (default: in the folder); `sync_interval` and
    `postgres` (settings) are production's unless a run wants to show what weaker ones lose.
    """

    def __init__(
        self,
        folder: Path,
        *,
        store: Path | None = None,
        data: Path | None = None,
        sync_interval: str = "always",
        postgres: Sequence[str] = DURABLE,
    ) -> None:
        self.folder = folder
        self._data = data or folder / "postgres"
        self._socket = folder / "socket"
        self._secrets = {user: secrets.token_hex(12) for user in USERS}
        self._nats_port, self._monitor, self._web_port = free_port(), free_port(), free_port()
        for made in (folder, self._socket, store or folder / "nats", self._data):
            made.mkdir(parents=True, exist_ok=True)
        self._programs = postgres_programs()
        self._someone = not_root(self._socket, self._data)
        configuration = self._nats_configuration(store or folder / "nats", sync_interval)
        self.players: dict[str, Player] = {
            "postgres": self._postgres([*POSTGRES, *postgres]),
            "nats": self._player("nats", [find_server(), "-c", str(configuration)], self._nats_environment()),
            "web": self._relais("web", "web", "--port", str(self._web_port)),
            **{room: self._relais(room, "worker", room) for room in WORKERS},
        }

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._web_port}"

    def database_url(self, name: str = "relais") -> str:
        return f"postgresql+asyncpg://relais@/{name}?host={self._socket}"

    def nats_url(self, user: str) -> str:
        return f"nats://{user}:{self._secrets[user]}@127.0.0.1:{self._nats_port}"

    async def start(self) -> None:
        """Everything, in the order of what needs what. Returns when the web answers."""
        await asyncio.gather(self.start_servers(), asyncio.to_thread(_compile))
        for name in OURS:
            self.players[name].start()
        await self.answers()

    async def start_servers(self) -> None:
        if not (self._data / "PG_VERSION").exists():
            await asyncio.to_thread(self._make_cluster)
        self.players["postgres"].start()
        self.players["nats"].start()
        await self._make_databases()

    async def stop(self) -> None:
        """Nothing of it is left, however it stands."""
        await asyncio.gather(*(self.players[name].retire() for name in (*OURS, "nats")))
        await self.players["postgres"].retire(signal.SIGQUIT)

    async def power_off(self) -> None:
        """Everything dies at once, without a last word."""
        await asyncio.gather(*(player.retire(signal.SIGKILL) for player in self.players.values()))

    async def kill(self, name: str) -> datetime:
        """`kill -9`; for PostgreSQL what `pg_ctl stop -m immediate` does. When it was dead."""
        return await self.players[name].kill(signal.SIGQUIT if name == "postgres" else signal.SIGKILL)

    async def answers(self) -> None:
        """Wait until the web answers."""
        async with httpx.AsyncClient(base_url=self.url) as client:
            until = time.monotonic() + GIVE_UP
            while time.monotonic() < until:
                with contextlib.suppress(httpx.TransportError):
                    if (await client.get("/health")).is_success:
                        return
                await asyncio.sleep(0.1)
        raise self._silence("web")

    def _silence(self, name: str) -> RuntimeError:
        words = (f"--- {name} ({player.starts} starts)\n{player.last_words()}" for name, player in self.players.items())
        return RuntimeError(f"{name} did not answer\n" + "\n".join(words))

    @asynccontextmanager
    async def operator(self) -> AsyncIterator[Client]:
        """A connection to NATS as the operator, who may do everything."""
        client = await nats.connect(self.nats_url("operator"), max_reconnect_attempts=-1, error_cb=_silent)
        try:
            yield client
        finally:
            await client.close()

    def _relais(self, name: str, *words: str) -> Player:
        environment = clean_environment() | {
            "RELAIS_DATABASE_URL": self.database_url(),
            "RELAIS_KEYRING_URL": self.database_url("keyring"),
            "RELAIS_NATS_URL": self.nats_url(name),
            "RELAIS_MASTER_KEY": "5e" * 32,
            "RELAIS_PUBLIC_URL": self.url,
            "RELAIS_CHANNEL": "console",
            "RELAIS_DATA_DIR": str(self.folder / "var"),
            "PYTHONPATH": str(HOUSE),
        }
        return self._player(name, [sys.executable, "-m", "tests.chaos.nearby", *words], environment)

    def _player(self, name: str, command: Sequence[str], environment: dict[str, str], **more: Any) -> Player:
        return Player(name, command, environment, self.folder / f"{name}.log", **more)

    def _postgres(self, settings: Sequence[str]) -> Player:
        assert self._programs is not None, "no PostgreSQL"
        words = [word for setting in settings for word in ("-c", setting)]
        command = [str(self._programs / "postgres"), "-D", str(self._data), "-k", str(self._socket), *words]
        return self._player("postgres", command, clean_environment(), someone=self._someone)

    def _make_cluster(self) -> None:
        assert self._programs is not None, "no PostgreSQL"
        command = [self._programs / "initdb", "-D", self._data, "-U", "relais", "-A", "trust", "-E", "UTF8",
                   "--locale=C", "-N", "--wal-segsize=1"]  # fmt: skip
        done = subprocess.run(
            list(map(str, command)), cwd="/", capture_output=True, text=True, check=False, **self._someone
        )
        if done.returncode:
            raise RuntimeError(f"initdb failed: {done.stderr[-2000:]}")

    async def _make_databases(self) -> None:
        until = time.monotonic() + GIVE_UP
        while True:
            try:
                server: Any = await asyncpg.connect(host=str(self._socket), user="relais", database="postgres")
                break
            except (OSError, asyncpg.PostgresError) as away:
                if time.monotonic() > until:
                    raise self._silence("postgres") from away
                await asyncio.sleep(0.1)
        try:
            known = {row[0] for row in await server.fetch("SELECT datname FROM pg_database")}
            for name in {"relais", "keyring"} - known:
                await server.execute(f"CREATE DATABASE {name}")
        finally:
            await server.close()

    def _nats_configuration(self, store: Path, sync_interval: str) -> Path:
        """The configuration that is shipped; only its ports, its folder and what a run wants weaker are another's."""
        text = (HOUSE / "deploy" / "nats" / "nats-server.conf").read_text("utf-8")
        for shipped, here in (
            (":4222", f":{self._nats_port}"),
            (":8222", f":{self._monitor}"),
            ("/var/lib/nats", str(store)),
            ("sync_interval: always", f"sync_interval: {sync_interval}"),
        ):
            assert shipped in text, shipped
            text = text.replace(shipped, here)
        path = self.folder / "nats-server.conf"
        path.write_text(text, "utf-8")
        return path

    def _nats_environment(self) -> dict[str, str]:
        return dict(os.environ) | {f"NATS_{user.upper()}_PASSWORD": word for user, word in self._secrets.items()}


def _compile() -> None:
    """Compile the code once, before five processes do it at the same time."""
    command = [sys.executable, "-c", "import tests.chaos.nearby, services.up, services.web.app"]
    subprocess.run(command, cwd=HOUSE, env=clean_environment(), check=True)


async def _silent(error: Exception) -> None:
    """The server is killed on purpose."""
