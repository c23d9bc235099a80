"""How does an older database become the one this code needs? By the revisions in migrations/, at every start."""

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from services.storage.database import Database

if TYPE_CHECKING:
    from alembic.config import Config

log = logging.getLogger("relais.migrations")

FOLDER = Path(__file__).with_name("migrations")

LOCK_WAIT = "5s"
"""How long a change waits for a table of PostgreSQL. Whoever asks for the table meanwhile waits behind it, so a
backup that holds one must not stop the house."""


class NotMigrated(RuntimeError):
    """This code and this database do not go together; the text says what to do."""


class Standing(StrEnum):
    """How the database stands to the code."""

    CURRENT = "current"
    BEHIND = "behind"
    AHEAD = "ahead"  # a newer release has changed it, in a way this code gets along with
    STRANGE = "strange"  # changed beyond what this code can work with


@dataclass(frozen=True)
class Chain:
    """The revisions of one store. The name of the database's table that holds the id of the last one that has run."""

    folder: Path
    version_table: str

    def files(self) -> dict[str, Path]:
        """Each revision's file by id, in order. `r0007_0004_words.py` is the seventh; code that knows the fourth
        gets along with it."""
        files = sorted(self.folder.glob("r[0-9]*.py"))
        return {"_".join(file.stem[1:].split("_")[:2]): file for file in files}


DATA = Chain(FOLDER / "data", "alembic_version")
KEYS = Chain(FOLDER / "keys", "alembic_version_keys")


def standing(here: str | None, known: Sequence[str]) -> Standing:
    """How a database at revision `here` (None = none has run) stands to code that knows these, oldest first."""
    if here is None or here in known[:-1]:
        return Standing.BEHIND
    if here == known[-1]:
        return Standing.CURRENT
    ours = known[-1].partition("_")[0]
    number, _, oldest = here.partition("_")
    understood = re.fullmatch(r"\d{4}_\d{4}", here) and number > ours >= oldest
    return Standing.AHEAD if understood else Standing.STRANGE


async def migrate(database: Database, chain: Chain = DATA) -> None:
    """Bring the database to the revision of this code; safe at every start and from several processes at once.

    Raises NotMigrated with words of action when that cannot be done.
    """
    async with database.read() as db:
        if not _needed(await revision(db, chain), chain):
            return
    try:
        async with database.writing() as db:
            if database.dialect == "postgresql":
                await db.execute(text("SELECT pg_advisory_xact_lock(7369)"))
                await db.execute(text(f"SET LOCAL lock_timeout = '{LOCK_WAIT}'"))
            if _needed(await revision(db, chain), chain):
                await db.run_sync(_upgrade, chain)
    except DBAPIError as failed:
        if getattr(failed.orig, "sqlstate", None) != "55P03":
            raise
        raise NotMigrated(
            "Une table est tenue par quelqu'un d'autre (une sauvegarde ?) : la base n'a pas pu être mise à jour, rien "
            "n'y a changé. Attendez qu'il ait fini, puis relancez."
        ) from None


async def revision(db: AsyncConnection, chain: Chain) -> str | None:
    """The id of the last revision that has run here, None when none has."""
    if not await db.run_sync(lambda connection: inspect(connection).has_table(chain.version_table)):
        return None
    here: str | None = (await db.execute(text(f"SELECT version_num FROM {chain.version_table}"))).scalar_one_or_none()
    return here


def configuration(chain: Chain) -> "Config":
    """What Alembic must know about a chain."""
    from alembic.config import Config  # a third of a second, for the few starts that change something

    config = Config(attributes={"version_table": chain.version_table})
    for name, value in (
        ("script_location", FOLDER),
        ("version_locations", chain.folder),
        ("path_separator", "newline"),
    ):
        config.set_main_option(name, str(value).replace("%", "%%"))
    return config


def _needed(here: str | None, chain: Chain) -> bool:
    known = list(chain.files())
    how = standing(here, known)
    if how is Standing.STRANGE:
        raise NotMigrated(
            f"La base est à la révision {here}, ce Relais connaît {known[-1]} et ne peut pas travailler avec. "
            "Installez la version de Relais qui l'a mise à jour, ou une plus récente."
        )
    if how is Standing.AHEAD:
        log.warning("the schema is at revision %s, newer than this code's %s; they get along", here, known[-1])
    return how is Standing.BEHIND


def _upgrade(connection: Connection, chain: Chain) -> None:
    from alembic import command
    from alembic.util import CommandError

    config = configuration(chain)
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as refused:
        raise NotMigrated(str(refused)) from None
