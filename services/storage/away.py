"""Does an error say that the database cannot be reached or has no room, and nothing about what was asked of it?"""

import sqlite3

from sqlalchemy.exc import DBAPIError

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
