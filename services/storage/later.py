"""How does a group of messages write with few statements? Those marked `later` wait for each other.

A statement with the execution option `later="name"` is one whose answer nobody reads; `name` is the parameter that
names its row. It runs with all others of its kind in one go: before the next statement that is not marked, and before
the transaction (or the savepoint) ends. Writes to one row keep their order. One with the option `in_one` is an INSERT
that is given a list of rows and answers at once which of them it took.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

from sqlalchemy.ext.asyncio import AsyncConnection

from services.storage.bulk import in_bulk, in_one

T = TypeVar("T")


class Later:
    """The part of AsyncConnection that the house uses, for one transaction that writes."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._forget()

    async def execute(self, statement: Any, parameters: Any = None) -> Any:
        """Run the statement; one marked `later` is only noted down, and answers nothing."""
        options = statement.get_execution_options()
        names_row = options.get("later")
        if names_row is None:
            await self.flush()
            if "in_one" in options:
                return await self._connection.exec_driver_sql(*in_one(statement, parameters, self._connection.dialect))
            return await self._connection.execute(statement, _even(parameters))
        for row in parameters if isinstance(parameters, list) else [parameters]:
            kind, about = (id(statement), *row), (statement.table, row[names_row])
            known = self._waiting.get(kind)
            if known is not None and self._touched.get(about, -1) > known[0]:
                await self.flush()  # a statement that runs after this kind wrote to the same row: that comes first
                known = None
            if known is None:
                known = self._waiting[kind] = (len(self._waiting), statement, [])
            known[2].append(row)
            self._touched[about] = known[0]
        return None

    async def flush(self) -> None:
        """Run what waits, one statement for all rows of a kind."""
        waiting = list(self._waiting.values())
        self._forget()
        for _, statement, rows in waiting:
            names_row = statement.get_execution_options()["later"]
            for sql, parameters in in_bulk(statement, rows, names_row, self._connection.dialect):
                await self._connection.exec_driver_sql(sql, parameters)

    async def begin_nested(self) -> "LaterSavepoint":
        await self.flush()
        return LaterSavepoint(self, await self._connection.begin_nested())

    async def run_sync(self, work: Callable[..., T], *arguments: Any) -> T:
        await self.flush()
        return await self._connection.run_sync(work, *arguments)

    def _forget(self) -> None:
        self._waiting: dict[tuple[Any, ...], tuple[int, Any, list[Any]]] = {}
        self._touched: dict[tuple[Any, Any], int] = {}


class LaterSavepoint:
    """A savepoint, with the statements that wait inside it."""

    def __init__(self, later: Later, savepoint: Any) -> None:
        self._later = later
        self._savepoint = savepoint

    async def commit(self) -> None:
        await self._later.flush()
        await self._savepoint.commit()

    async def rollback(self) -> None:
        self._later._forget()
        await self._savepoint.rollback()


def as_connection(later: Later) -> AsyncConnection:
    """What a handler is given: it need not know which of its statements wait."""
    return cast(AsyncConnection, later)


def _even(parameters: Any) -> Any:
    """Lists of ids sorted (two transactions lock in the same order) and as long as a power of two, the last said
    again: a statement is prepared for each length."""
    if not isinstance(parameters, Mapping):
        return parameters
    return {name: _padded(value) if isinstance(value, list) else value for name, value in parameters.items()}


def _padded(ids: list[Any]) -> list[Any]:
    wanted = sorted(ids)
    return wanted + wanted[-1:] * ((1 << max(0, len(wanted) - 1).bit_length()) - len(wanted))
