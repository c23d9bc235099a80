"""Where may a process be hit? Before and after every statement and commit: a database that counts steps."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, cast

from sqlalchemy.ext.asyncio import AsyncConnection

from services.simulation.faults import Crash
from services.simulation.world import World
from services.storage.database import Database


class Stepper:
    """The steps of one life of one process. A step notes what happens, may take time, and may be the last."""

    def __init__(self, world: World, name: str, die: Callable[[], None]) -> None:
        self.world = world
        self.name = name
        self.dead = False
        self._die = die

    async def step(self, what: str) -> None:
        """One step; raises Crash when the process dies here, or is dead already."""
        self.alive()
        self.world.note(self.name, what)
        if self.world.strikes("crash", process=self.name) is not None:
            self._die()
            raise Crash
        wait = self.world.hesitation()
        if wait:
            await asyncio.sleep(wait)
            self.alive()

    def alive(self) -> None:
        """The dead do nothing: what still runs of their memory ends here."""
        if self.dead:
            raise Crash


class SteppedConnection:
    """A connection on which every statement is a step. What it does not know it passes on."""

    def __init__(self, real: Any, stepper: Stepper) -> None:
        self._real = real
        self._stepper = stepper

    async def execute(self, statement: Any, parameters: Any = None) -> Any:
        await self._stepper.step(_words(statement))
        return await self._real.execute(statement, parameters)

    async def exec_driver_sql(self, sql: str, rows: Any) -> Any:
        await self._stepper.step(_words_of_sql(sql))
        return await self._real.exec_driver_sql(sql, rows)

    async def begin_nested(self) -> Any:
        await self._stepper.step("savepoint")
        return await self._real.begin_nested()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


class SteppedStore:
    """Both doors of the real store. `committed` is called right after each commit, before anybody moves."""

    def __init__(self, real: Any, stepper: Stepper, committed: Callable[[], None]) -> None:
        self._real = real
        self._stepper = stepper
        self._committed = committed

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        await self._stepper.step("reads")
        async with self._real.read() as connection:
            yield cast(AsyncConnection, SteppedConnection(connection, self._stepper))

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        await self._stepper.step("wants to write")
        async with self._real.writing() as connection:
            await self._stepper.step("begins")
            yield cast(AsyncConnection, SteppedConnection(connection, self._stepper))
            await self._stepper.step("is about to commit")
            await asyncio.sleep(self._stepper.world.disk())
            await self._stepper.step("commits")
        self._committed()
        await self._stepper.step("has committed")


class SteppedDatabase(Database):
    """The Database of one process: the real one, on the file that all share, with a step at every statement."""

    def __init__(self, shared: Database, stepper: Stepper, committed: Callable[[], None]) -> None:
        self.url, self.dialect = shared.url, shared.dialect
        self._store = cast(Any, SteppedStore(shared._store, stepper, committed))

    async def close(self) -> None:
        """The file belongs to the world."""


def _words(statement: Any) -> str:
    kind = str(getattr(statement, "__visit_name__", "statement"))
    table = getattr(statement, "table", None)
    if table is None and kind == "select":
        table = next(iter(statement.columns_clause_froms), None)
    return f"{kind} {getattr(table, 'name', '')}".rstrip()


def _words_of_sql(sql: str) -> str:
    words = sql.split(maxsplit=3)
    return f"{words[0].lower()} {words[1 if words[0] == 'UPDATE' else 2]}"
