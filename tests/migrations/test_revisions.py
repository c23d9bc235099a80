"""Does every revision keep the rules that let older code go on working beside it?"""

import ast
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import Script, ScriptDirectory
from sqlalchemy import Connection

from services.storage.database import Database
from services.storage.migrate import DATA, FOLDER, KEYS, Chain, configuration
from tests.migrations.survival import deadly, recorded

CHAINS = [pytest.param(DATA, id="data"), pytest.param(KEYS, id="keys")]
Act = Callable[[Operations], Any]


def revisions(chain: Chain) -> list[Script]:
    """Oldest first."""
    return list(ScriptDirectory.from_config(configuration(chain)).walk_revisions())[::-1]


def broken_rules(before: Script | None, script: Script) -> list[str]:
    """What is wrong with the id of a revision, that of the one before it, and with what it says about itself."""
    number, _, oldest = script.revision.partition("_")
    if before is None:
        return [] if script.revision == "0001_0001" else ["the first is 0001_0001"]
    ours, _, theirs = before.revision.partition("_")
    rules = {
        f"its number follows {ours}": int(number) == int(ours) + 1,
        "code that knows the revision before it gets along": oldest <= ours,
        f"a contract raises the oldest code, {theirs}; an expansion leaves it": (
            oldest > theirs if script.module.contract else oldest == theirs
        ),
    }
    return [rule for rule, kept in rules.items() if not kept]


@pytest.mark.parametrize("chain", CHAINS)
def test_the_ids_are_the_names_of_the_files_one_after_another(chain: Chain) -> None:
    scripts = revisions(chain)
    assert {script.revision: Path(script.path) for script in scripts} == chain.files()
    assert [rule for pair in zip([None, *scripts], scripts, strict=False) for rule in broken_rules(*pair)] == []


@pytest.mark.parametrize(
    ("before", "after", "contract", "kept"),
    [
        ("0003_0001", "0004_0001", False, True),
        ("0003_0001", "0005_0001", False, False),
        ("0003_0001", "0004_0002", False, False),
        ("0003_0001", "0004_0002", True, True),
        ("0003_0001", "0004_0001", True, False),
        ("0003_0001", "0004_0004", True, False),
    ],
)
def test_an_id_that_says_too_much_or_too_little_is_seen(before: str, after: str, contract: bool, kept: bool) -> None:
    class Written:
        def __init__(self, revision: str, contract: bool) -> None:
            self.revision, self.module = revision, self
            self.contract = contract

    pair: list[Any] = [Written(before, False), Written(after, contract)]
    assert (broken_rules(*pair) == []) is kept


@pytest.mark.parametrize("chain", CHAINS)
async def test_older_code_survives_whatever_is_not_a_contract(chain: Chain, blank: Database) -> None:
    def run(connection: Connection, script: Script) -> list[str]:
        context = MigrationContext.configure(connection, opts={"transactional_ddl": True})
        with Operations.context(context), recorded() as operations:
            script.module.upgrade()
        assert operations, f"{script.revision} does nothing that can be seen"
        return deadly(operations, getattr(script.module, "harmless", None))

    first, *others = revisions(chain)
    async with blank.writing() as db:
        await db.run_sync(run, first)
        for script in others:
            found = await db.run_sync(run, script)
            assert script.module.contract or not found, f"{script.revision}: contract = True? {found}"


@pytest.mark.parametrize("chain", CHAINS)
def test_a_revision_is_frozen_it_knows_nothing_of_the_house_and_asks_alembic_alone(chain: Chain) -> None:
    for script in revisions(chain):
        tree = ast.parse(Path(script.path).read_text("utf-8"))
        modules = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        modules |= {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
        assert {str(module).split(".")[0] for module in modules} <= {"alembic", "sqlalchemy", "typing"}, script.path
        asks = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        assert script.down_revision is None or "get_bind" not in asks, f"{script.path}: use op.execute, which is seen"


def test_every_file_of_the_folder_belongs_to_a_chain() -> None:
    found = {path for path in FOLDER.rglob("*.py") if path.name not in {"__init__.py", "env.py"}}
    assert found == {*DATA.files().values(), *KEYS.files().values()}


# --- what is seen, and what is not taken for it ---------------------------------------------------------


def asked_of_alembic(act: Act) -> list[str]:
    context = MigrationContext.configure(
        dialect_name="postgresql", opts={"as_sql": True, "output_buffer": io.StringIO()}
    )
    with recorded() as operations:
        act(Operations(context))
    return deadly(operations)


def in_a_batch(op: Operations) -> None:
    with op.batch_alter_table("outbox") as outbox:
        outbox.drop_column("topic")


@pytest.mark.parametrize(
    "act",
    [
        lambda op: op.drop_table("outbox"),
        lambda op: op.drop_column("outbox", "topic"),
        in_a_batch,
        lambda op: op.drop_index("outbox_unpublished", "outbox"),
        lambda op: op.drop_constraint("outbox_id_key", "outbox"),
        lambda op: op.rename_table("outbox", "outgoing"),
        lambda op: op.alter_column("outbox", "topic", new_column_name="subject"),
        lambda op: op.alter_column("outbox", "published_at", nullable=False),
        lambda op: op.alter_column("outbox", "topic", type_=sa.Integer()),
        lambda op: op.alter_column("outbox", "topic", server_default=None),
        lambda op: op.add_column("outbox", sa.Column("lane", sa.Integer(), nullable=False)),
        lambda op: op.create_index("outbox_topic", "outbox", ["topic"], unique=True),
        lambda op: op.create_unique_constraint("outbox_topic", "outbox", ["topic"]),
        lambda op: op.create_check_constraint("outbox_topic", "outbox", "topic <> ''"),
        lambda op: op.execute("ALTER TABLE outbox DROP COLUMN topic"),
        lambda op: op.execute(sa.text("alter table outbox rename to outgoing")),
        lambda op: op.execute("ALTER TABLE outbox ALTER COLUMN topic SET NOT NULL"),
    ],
)
def test_what_older_code_does_not_survive_is_seen(act: Act) -> None:
    assert len(asked_of_alembic(act)) == 1


def a_new_table(op: Operations) -> None:
    op.create_table("new", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("name", sa.String()))
    op.create_index("new_name", "new", ["name"], unique=True)
    op.create_check_constraint("new_named", "new", "name <> ''")


@pytest.mark.parametrize(
    "act",
    [
        a_new_table,
        lambda op: op.add_column("outbox", sa.Column("lane", sa.Integer())),
        lambda op: op.add_column("outbox", sa.Column("lane", sa.Integer(), nullable=False, server_default="0")),
        lambda op: op.create_index("outbox_topic", "outbox", ["topic"]),
        lambda op: op.alter_column("outbox", "topic", nullable=True),
        lambda op: op.alter_column("outbox", "topic", server_default="none"),
        lambda op: op.execute("UPDATE outbox SET topic = 'dropped' WHERE topic = ''"),
    ],
)
def test_what_older_code_does_not_notice_is_let_pass(act: Act) -> None:
    assert asked_of_alembic(act) == []
