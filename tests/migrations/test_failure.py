"""What is left behind by a revision that fails, or that cannot get at a table?"""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from services.storage import migrate as migrations
from services.storage.database import Database
from services.storage.migrate import Chain, NotMigrated, migrate, revision
from tests.migrations.schema import schema

HEAD = """
from alembic import op
import sqlalchemy as sa
revision, down_revision, contract = {revision!r}, {before!r}, False
def upgrade():
    {does}
"""
ADDS = 'op.add_column("thing", sa.Column("colour", sa.String()))'

Write = Callable[..., Chain]


@pytest.fixture
def chain(tmp_path: Path) -> Write:
    """A chain with these revisions, in a folder whose name Alembic's configuration could stumble over."""

    def write(*does: str) -> Chain:
        folder = tmp_path / "100% of: my revisions"
        folder.mkdir(exist_ok=True)
        before = None
        for number, one in enumerate(does, 1):
            words = HEAD.format(revision=f"{number:04}_0001", before=before, does=one)
            (folder / f"r{number:04}_0001_x.py").write_text(words, "utf-8")
            before = f"{number:04}_0001"
        return Chain(folder, "alembic_version_test")

    return write


FIRST = 'op.create_table("thing", sa.Column("id", sa.Integer(), primary_key=True))'


async def test_a_revision_that_fails_leaves_everything_as_it_was(blank: Database, chain: Write) -> None:
    await migrate(blank, chain(FIRST))
    before = await schema(blank)
    fails = f"{ADDS}; op.execute('INSERT INTO thing (id) VALUES (1)'); raise LookupError('in the midst')"
    with pytest.raises(LookupError, match="in the midst"):
        await migrate(blank, chain(FIRST, ADDS.replace("colour", "size"), fails))
    assert await schema(blank) == before
    async with blank.read() as db:
        assert await revision(db, chain(FIRST)) == "0001_0001"
        assert (await db.execute(text("SELECT * FROM thing"))).all() == []


async def test_a_revision_that_is_mended_runs_at_the_next_start(blank: Database, chain: Write) -> None:
    with pytest.raises(LookupError):
        await migrate(blank, chain(FIRST, "raise LookupError"))
    await migrate(blank, chain(FIRST, ADDS))
    async with blank.read() as db:
        columns = await db.run_sync(lambda connection: inspect(connection).get_columns("thing"))
    assert [column["name"] for column in columns] == ["id", "colour"]


@pytest.mark.parametrize("blank_url", [pytest.param("postgresql", marks=pytest.mark.pg)], indirect=True)
async def test_a_table_that_a_backup_holds_is_not_waited_for_without_end(
    blank_url: str, blank: Database, chain: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    await migrate(blank, chain(FIRST))
    backup = Database(blank_url)
    monkeypatch.setattr(migrations, "LOCK_WAIT", "100ms")
    async with backup.read() as db:
        await db.execute(text("SELECT * FROM thing"))
        with pytest.raises(NotMigrated, match="sauvegarde"):
            await migrate(blank, chain(FIRST, ADDS))
    await backup.close()
    await migrate(blank, chain(FIRST, ADDS))
