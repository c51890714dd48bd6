"""How Alembic runs revisions: on the connection handed to it, in that one's transaction."""

from __future__ import annotations

from alembic import context

from services.operations.tables import VERSION_TABLE

context.configure(connection=context.config.attributes["connection"], version_table=VERSION_TABLE)
with context.begin_transaction():
    context.run_migrations()
