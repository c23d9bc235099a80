"""Which real servers do the tests run against? A PostgreSQL of their own, started once and thrown away.

A server that is missing is a skip at home and a failure where RELAIS_CI=1 (see `missing`).
"""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, NoReturn

import asyncpg
import pytest

from services.storage.database import Database
from services.storage.migrate import migrate

STARTS_WITHIN = 30.0
QUICK = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "autovacuum=off",
    "max_connections=200",
    "shared_buffers=32MB",
    "listen_addresses=",
)
"""Nothing here must survive a power cut. No port either: a socket in a folder of its own meets nobody."""


def missing(what: str) -> NoReturn:
    """End the test: skipped at home, failed where every real service must be present."""
    if os.environ.get("RELAIS_CI") == "1":
        pytest.fail(f"{what} (RELAIS_CI=1: nothing may be skipped)", pytrace=False)
    pytest.skip(what)


def postgres_programs() -> Path | None:
    """The folder with `initdb` and `postgres`: $PG_BIN, else the newest of Debian's."""
    named = os.environ.get("PG_BIN")
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: path.parent.name.zfill(4))
    folders = [Path(named)] if named else debian[::-1]
    return next((folder for folder in folders if (folder / "initdb").exists()), None)


class Postgres:
    """A running server, reached through a socket in `folder`. `fresh` gives an empty database of the house."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._made = 0
        self._empty: list[str] = []

    def url(self, name: str) -> str:
        """What RELAIS_DATABASE_URL would be for this database."""
        return f"postgresql+asyncpg://relais@/{name}?host={self.folder}"

    async def fresh(self) -> str:
        """The URL of a database with all tables and guards and no row. Give it back with `clear`."""
        if self._empty:
            return self.url(self._empty.pop())
        url = await self.blank()
        database = Database(url)
        await migrate(database)
        await database.close()
        return url

    async def blank(self) -> str:
        """The URL of a new database without any table."""
        self._made += 1
        name = f"test_{self._made}"
        async with self._connected("postgres") as connection:
            await connection.execute(f"CREATE DATABASE {name}")
        return self.url(name)

    async def clear(self, url: str) -> None:
        """Empty a database that `fresh` gave, whoever is still connected: making a new one takes a hundred times as
        long."""
        name = url.split("@/", 1)[1].split("?", 1)[0]
        async with self._connected(name) as connection:
            await connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            await connection.execute("SET session_replication_role = replica")  # the audit refuses to be emptied
            rows = await connection.fetch(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE 'alembic_version%'"
            )
            await connection.execute(";".join(f'DELETE FROM "{row[0]}"' for row in rows))
            await connection.execute("SELECT setval(oid, 1, false) FROM pg_class WHERE relkind = 'S'")
        self._empty.append(name)

    @asynccontextmanager
    async def _connected(self, name: str) -> AsyncIterator[Any]:
        connection: Any = await asyncpg.connect(host=str(self.folder), user="relais", database=name)
        try:
            yield connection
        finally:
            await connection.close()


@contextmanager
def postgres() -> Iterator[Postgres]:
    """A server for as long as the block lasts; its files are gone afterwards. Ends the test when there is none."""
    programs = postgres_programs()
    if programs is None:
        missing("no PostgreSQL: install Debian's postgresql, or set PG_BIN to the folder with initdb")
    folder = Path(tempfile.mkdtemp(prefix="relais-pg-"))
    someone = not_root(folder)
    try:
        data = folder / "data"
        _run(
            [programs / "initdb", "-D", data, "-U", "relais", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"], someone
        )
        settings = [word for setting in QUICK for word in ("-c", setting)]
        command = [str(programs / "postgres"), "-D", str(data), "-k", str(folder), *settings]
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, start_new_session=True, **someone)
        try:
            _wait_until_ready(programs, folder, server)
            yield Postgres(folder)
        finally:
            server.send_signal(signal.SIGINT)  # "fast": nobody is waited for
            server.wait(timeout=30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def not_root(*folders: Path) -> Mapping[str, Any]:
    """As whom to run: ourselves, or, because PostgreSQL refuses root, somebody who may own the folders."""
    if os.geteuid() != 0:
        return {}
    known = {one.pw_name: one for one in pwd.getpwall()}
    who = known.get("postgres") or known.get("nobody")
    if who is None:
        missing("PostgreSQL does not run as root, and there is no user postgres or nobody")
    for folder in folders:
        os.chown(folder, who.pw_uid, who.pw_gid)
    return {"user": who.pw_uid, "group": who.pw_gid, "extra_groups": []}


def _run(command: list[Any], someone: Mapping[str, Any]) -> None:
    done = subprocess.run(list(map(str, command)), cwd="/", capture_output=True, text=True, **someone)
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stderr[-2000:]}")


def _wait_until_ready(programs: Path, folder: Path, server: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < until:
        if server.poll() is not None:
            break
        ready = subprocess.run([programs / "pg_isready", "-q", "-h", str(folder), "-d", "postgres"])
        if ready.returncode == 0:
            return
        time.sleep(0.05)
    raise RuntimeError(f"PostgreSQL did not start: {(folder / 'log').read_text('utf-8', 'replace')[-2000:]}")
