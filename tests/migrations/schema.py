"""What does a database consist of? Columns, keys, indexes, guards, as lines that can be compared."""

from sqlalchemy import Connection, text

from services.storage.database import Database

OF_POSTGRES = (
    "SELECT table_name, column_name, data_type, is_nullable, column_default FROM information_schema.columns"
    " WHERE table_schema = 'public'",
    "SELECT tablename, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
    " WHERE connamespace = 'public'::regnamespace",
    "SELECT tgrelid::regclass::text, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
)
"""The order of the columns is left out: a column that was added later stands last."""

OF_SQLITE = (
    'SELECT t.name, c.name, c.type, c."notnull", c.dflt_value, c.pk FROM sqlite_master t'
    " JOIN pragma_table_info(t.name) c WHERE t.type = 'table'",
    'SELECT t.name, i."unique", i.origin, c.seqno, c.name FROM sqlite_master t'
    " JOIN pragma_index_list(t.name) i JOIN pragma_index_info(i.name) c WHERE t.type = 'table'",
    "SELECT tbl_name, sql FROM sqlite_master WHERE type IN ('index', 'trigger') AND sql IS NOT NULL",
)


async def schema(database: Database) -> list[str]:
    """Everything the database consists of but the tables that say which revisions have run."""

    def lines(connection: Connection) -> list[str]:
        asked = OF_SQLITE if connection.dialect.name == "sqlite" else OF_POSTGRES
        rows = [row for question in asked for row in connection.execute(text(question))]
        return sorted(
            " ".join(str(tuple(row)).replace("\\n", " ").replace("IF NOT EXISTS ", "").split())
            for row in rows
            if not row[0].startswith("alembic_version")
        )

    async with database.read() as db:
        return await db.run_sync(lines)
