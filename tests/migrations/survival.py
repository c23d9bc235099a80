"""What of a revision could code that does not know it not survive? Read from the operations, not from the words."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from alembic.operations import AbstractOperations, ops

DEADLY_SQL = re.compile(
    r"\b(DROP|RENAME|TRUNCATE|SET\s+NOT\s+NULL|ALTER\s+COLUMN|ADD\s+CONSTRAINT|CREATE\s+UNIQUE|CREATE\s+TRIGGER)\b",
    re.I,
)
TAKEN = (ops.DropTableOp, ops.DropColumnOp, ops.DropConstraintOp, ops.DropIndexOp, ops.RenameTableOp)
DEMANDED = (
    ops.CreateUniqueConstraintOp, ops.CreateCheckConstraintOp, ops.CreateForeignKeyOp, ops.CreatePrimaryKeyOp,
)  # fmt: skip


@contextmanager
def recorded() -> Iterator[list[ops.MigrateOperation]]:
    """What is asked of Alembic in this block."""
    asked: list[ops.MigrateOperation] = []
    invoke = AbstractOperations.invoke

    def listen(self: Any, operation: Any) -> Any:
        asked.append(operation)
        return invoke(self, operation)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(AbstractOperations, "invoke", listen)
        yield asked


def deadly(operations: Sequence[ops.MigrateOperation], harmless: str | None = None) -> list[str]:
    """The operations that older code may fail on: what it asks for is gone, or more is asked of it.

    `harmless` is a pattern for those of which the revision says that no older code meets them.
    """
    new = {one.table_name for one in operations if isinstance(one, ops.CreateTableOp)}
    found = [why for one in operations if getattr(one, "table_name", None) not in new for why in _why(one)]
    return [why for why in found if harmless is None or not re.search(harmless, why)]


def _why(operation: ops.MigrateOperation) -> list[str]:
    name, table = type(operation).__name__, getattr(operation, "table_name", "")
    match operation:
        case ops.ExecuteSQLOp(sqltext=sql) if DEADLY_SQL.search(str(sql)):
            return [f"{name}: {sql}"]
        case ops.AddColumnOp(column=column) if not column.nullable and column.server_default is None:
            return [f"{name} {table}.{column.name}: older code does not fill it, and it has no server_default"]
        case ops.AlterColumnOp(column_name=column) if not _only_relaxes(operation):
            return [f"{name} {table}.{column}"]
        case ops.CreateIndexOp(unique=True):
            return [f"{name} {table}: unique"]
    return [f"{name} {table}"] if isinstance(operation, (*TAKEN, *DEMANDED)) else []


def _only_relaxes(alter: ops.AlterColumnOp) -> bool:
    """NULL is allowed from now on, or there is a default: older code does not notice."""
    return (
        alter.modify_name is None
        and alter.modify_type is None
        and alter.modify_nullable is not False
        and alter.modify_server_default is not None
    )
