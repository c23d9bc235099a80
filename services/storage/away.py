"""Does an error say that the database cannot be reached or has no room, and nothing about what was asked of it?"""

import asyncio
import sqlite3
import time
from collections.abc import Callable

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from services.storage.database import Database

ANSWERS_WITHIN = 20.0
"""Seconds a start waits for its database: after a power cut both start at the same moment."""


class DatabaseAway(OSError):
    """No database to start with; the text says what to do."""


# PostgreSQL: connection failures; no room, memory or connections left; being stopped or starting.
_AWAY_STATES = ("08", "53", "57P")
_AWAY_IN_SQLITE = frozenset({sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_BUSY})


def is_away(error: BaseException | None) -> bool:
    """The same may work in a moment, as it is."""
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or is_away(error.orig)
    if isinstance(error, sqlite3.Error):
        return (getattr(error, "sqlite_errorcode", 0) & 0xFF) in _AWAY_IN_SQLITE
    return isinstance(error, OSError) or str(getattr(error, "sqlstate", None) or "").startswith(_AWAY_STATES)


async def until_it_answers(
    database: Database, say: Callable[[str], None] = lambda words: None, within: float = ANSWERS_WITHIN
) -> None:
    """Wait for a database that is only starting; tell `say` so once. Raises DatabaseAway when it does not answer in
    time, and at once when it refuses us."""
    until = time.monotonic() + within
    while True:
        try:
            async with database.read() as db:
                await db.execute(text("SELECT 1"))
            return
        except (OSError, DBAPIError) as failed:
            if not is_away(failed) or time.monotonic() > until:
                mend = "le fichier et ses droits" if database.dialect == "sqlite" else "que PostgreSQL tourne"
                raise DatabaseAway(
                    f"La base de données ne répond pas ({_place(database)} : {_reason(failed)}). "
                    f"Vérifiez {mend}, et RELAIS_DATABASE_URL."
                ) from None
            say(f"elle ne répond pas encore ({_reason(failed)}) : on essaie pendant {within:.0f} s")
            say = _nothing
        await asyncio.sleep(0.5)


def _nothing(words: str) -> None:
    """What is said once is said."""


def _place(database: Database) -> str:
    """Which database, without the password."""
    url = database.url
    return f"{url.host or url.query.get('host', '')}{f':{url.port}' if url.port else ''}/{url.database}"


def _reason(failed: BaseException) -> str:
    """In the server's own words, which name a user or a database at most."""
    cause = failed.orig if isinstance(failed, DBAPIError) and failed.orig is not None else failed
    return str(cause) or type(cause).__name__
