"""Alembic's revisions of the operations database, for SQLite and PostgreSQL alike."""
