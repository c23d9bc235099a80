"""What do all tests share? An empty database of each kind, a keyring, the server behind them."""

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from services.clock import Clock
from services.storage.database import Database
from services.storage.keyring import Keyring
from services.storage.migrate import migrate
from tests import servers

# A shared or slow machine says nothing about a decision: no deadlines, and the same examples at every run.
settings.register_profile("house", deadline=None, derandomize=True, database=None, print_blob=True)
settings.load_profile("house")

BOTH = ["sqlite", pytest.param("postgresql", marks=pytest.mark.pg)]
MASTER = bytes(range(32))


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[servers.Postgres]:
    """One PostgreSQL for the whole run; started when the first test asks for it."""
    with servers.postgres() as server:
        yield server


@pytest.fixture(scope="session")
def empty_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file every SQLite database is copied from. Made by the first test that needs it."""
    return tmp_path_factory.mktemp("empty") / "relais.db"


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """Where a SQLite database of this test may lie; nothing is there yet."""
    return f"sqlite:///{tmp_path / 'relais.db'}"


@pytest.fixture(params=BOTH)
async def database_url(
    request: pytest.FixtureRequest, tmp_path: Path, sqlite_url: str, empty_sqlite: Path
) -> AsyncIterator[str]:
    """The URL of an empty database with all tables and guards: once SQLite, once PostgreSQL."""
    if request.param == "sqlite":
        if not empty_sqlite.exists():  # noqa: ASYNC240  # a test blocks nobody
            database = Database(f"sqlite:///{empty_sqlite}")
            await migrate(database)
            await database.close()
        shutil.copyfile(empty_sqlite, tmp_path / "relais.db")
        yield sqlite_url
        return
    server: servers.Postgres = request.getfixturevalue("postgres_server")
    url = await server.fresh()
    yield url
    await server.clear(url)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """An empty database of the house: the test runs once on SQLite, once on PostgreSQL."""
    database = Database(database_url)
    yield database
    await database.close()


@pytest.fixture
async def vault(tmp_path: Path) -> AsyncIterator[Keyring]:
    """A keyring of its own, under a master key that is always the same."""
    store = Database(f"sqlite:///{tmp_path / 'keyring.db'}")
    keyring = Keyring(store, Clock(), MASTER)
    await keyring.create()
    yield keyring
    await keyring.close()
