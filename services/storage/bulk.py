"""How are many rows written without asking SQLAlchemy about each? It says once how; the driver gets them in one go.

A statement is compiled once for its database and its parameters, and a column is turned into what the driver wants in
one go. SQLite gets a tuple a row. PostgreSQL gets a list a parameter: a statement a row takes it a tenth longer for all
of a request's statements (docs/figures.md).
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from itertools import repeat
from typing import Any

from pydantic_core import to_json
from sqlalchemy import Column, DateTime, Dialect
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.schema import ScalarElementColumnDefault

Row = Mapping[str, Any]


def in_bulk(statement: Any, rows: Sequence[Row], names_row: str, dialect: Dialect) -> Iterator[tuple[str, Any]]:
    """What the driver is to run, one after the other (SQL, parameters), for a statement that answers nothing. All rows
    name the same parameters; what they do not name, the database fills in. Rows with one name keep their order."""
    bulk = _bulk(statement, dialect, tuple(rows[0]))
    if dialect.name != "postgresql":
        yield bulk.sql, bulk.tuples(rows)
        return
    for distinct in _rounds(rows, names_row):  # one statement changes a row once
        yield bulk.sql, bulk.lists(distinct)


def in_one(statement: Any, rows: Sequence[Row], dialect: Dialect) -> tuple[str, Any]:
    """What the driver is to run (SQL, parameters) for an INSERT that answers which of the rows it took."""
    bulk = _bulk(statement, dialect, tuple(rows[0]))
    return (bulk.sql, bulk.lists(rows)) if dialect.name == "postgresql" else (bulk.of_json, (bulk.json(rows),))


class _Bulk:
    """A statement with the place and the treatment of each parameter."""

    def __init__(self, compiled: SQLCompiler, dialect: Dialect, names: tuple[str, ...]) -> None:
        places = list(compiled.positiontup or ())
        self._places = [_place(compiled, name, dialect, names) for name in places]
        self._of_row = [compiled.binds[name].key in names for name in places]
        self.sql = compiled.string
        if dialect.name == "postgresql":
            kinds = [dialect.type_compiler_instance.process(compiled.binds[name].type) for name in places]
            self.sql = _for_all(
                compiled.string, [kind if own else "" for kind, own in zip(kinds, self._of_row, strict=True)]
            )

    @cached_property
    def of_json(self) -> str:
        """The INSERT of all rows of a JSON list: SQLite answers nothing to a statement that is run for each."""
        columns = ", ".join(f"json_extract(value, '$[{at}]')" for at in range(len(self._places)))
        return re.sub(r"VALUES \([^()]*\)", f"SELECT {columns} FROM json_each(?) WHERE true", self.sql, count=1)

    def json(self, rows: Sequence[Row]) -> str:
        return to_json(self.tuples(rows)).decode()

    def tuples(self, rows: Sequence[Row]) -> list[tuple[Any, ...]]:
        return list(zip(*[place(rows) for place in self._places], strict=False))

    def lists(self, rows: Sequence[Row]) -> tuple[Any, ...]:
        """A list for each parameter that the rows name, one value for those that are the same for all."""
        columns = (place(rows) for place in self._places)
        return tuple(column if own else next(column) for column, own in zip(columns, self._of_row, strict=True))


def _for_all(sql: str, kinds: Sequence[str]) -> str:
    """The statement for all rows at once. `kinds`: the type of each parameter that is a list, "" = of one value."""
    lists = [(at, kind) for at, kind in enumerate(kinds, 1) if kind]
    for at, kind in lists:
        sql = sql.replace(f"${at}::{kind}", f"given.p{at}")
    given = f"unnest({', '.join(f'${at}::{kind}[]' for at, kind in lists)})"
    given = f"{given} AS given({', '.join(f'p{at}' for at, _ in lists)})"
    if sql.startswith("INSERT"):
        return re.sub(r"VALUES \(([^()]*)\)", rf"SELECT \1 FROM {given}", sql, count=1)
    if sql.startswith("DELETE"):
        return sql.replace(" WHERE ", f" USING {given} WHERE ", 1)
    return sql.replace(" WHERE ", f" FROM {given} WHERE ", 1)


def _rounds(rows: Sequence[Row], names_row: str) -> list[list[Row]]:
    """The rows, in their order, so that none of a round has the name of another."""
    rounds: list[list[Row]] = []
    seen: dict[Any, int] = {}
    for row in rows:
        before = seen[row[names_row]] = seen.get(row[names_row], -1) + 1
        if before == len(rounds):
            rounds.append([])
        rounds[before].append(row)
    return rounds


@lru_cache(maxsize=256)
def _bulk(statement: Any, dialect: Dialect, names: tuple[str, ...]) -> _Bulk:
    return _Bulk(statement.compile(dialect=dialect, column_keys=list(names), for_executemany=True), dialect, names)


def _place(
    compiled: SQLCompiler, name: str, dialect: Dialect, names: tuple[str, ...]
) -> Callable[[Sequence[Row]], Any]:
    """One parameter of all rows, in their order."""
    bound = compiled.binds[name]
    treat = bound.type.dialect_impl(dialect).bind_processor(dialect)
    if bound.key not in names:
        given = {column.key: _default(column) for column in compiled.insert_prefetch}
        value = given.get(bound.key, bound.effective_value)
        return lambda rows: repeat(treat(value) if treat else value, len(rows))
    if treat is None:
        return lambda rows: [row[name] for row in rows]
    once = lru_cache(maxsize=256)(treat) if _is_moment(bound.type) else treat  # a group mostly says the same moments
    return lambda rows: [once(row[name]) for row in rows]


def _default(column: Column[Any]) -> Any:
    assert isinstance(column.default, ScalarElementColumnDefault), f"{column} has no plain default"
    return column.default.arg


def _is_moment(kind: Any) -> bool:
    return isinstance(getattr(kind, "impl", kind), DateTime)
