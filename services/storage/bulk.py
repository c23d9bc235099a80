"""How are many rows written without asking SQLAlchemy about each? It says once how; the driver gets tuples.

A statement is compiled once for its database and its parameters, and a column is turned into what the driver wants in
one go. That takes 7 % off the processor time of a request (docs/figures.md).
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from itertools import repeat
from typing import Any

from sqlalchemy import Column, DateTime, Dialect
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.schema import ScalarElementColumnDefault

Row = Mapping[str, Any]


def as_tuples(statement: Any, rows: Sequence[Row], dialect: Dialect) -> tuple[str, list[tuple[Any, ...]]]:
    """The SQL of a statement that answers nothing, and the rows as its driver wants them. All rows name the same
    parameters; what they do not name, the database fills in."""
    bulk = _bulk(statement, dialect, tuple(rows[0]))
    return bulk.sql, bulk.tuples(rows)


class _Bulk:
    """A statement with the place and the treatment of each parameter."""

    def __init__(self, compiled: SQLCompiler, dialect: Dialect, names: tuple[str, ...]) -> None:
        self.sql = compiled.string
        self._places = [_place(compiled, name, dialect, names) for name in compiled.positiontup or ()]

    def tuples(self, rows: Sequence[Row]) -> list[tuple[Any, ...]]:
        return list(zip(*[place(rows) for place in self._places], strict=False))


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
