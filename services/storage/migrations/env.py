"""On which connection do the revisions run? On the one that `services/storage/migrate.py` holds the lock with."""

from alembic import context

given = context.config.attributes
context.configure(connection=given["connection"], version_table=given["version_table"], transactional_ddl=True)
context.run_migrations()
