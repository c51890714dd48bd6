"""Which version of its tables the operations database has, and taking it to today's by Alembic.

A version is a number that grows; Alembic's revisions carry it, and so did a table of our own before
them. Alembic takes half a second to be imported: only where there is something to migrate.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Final

from sqlalchemy import column, inspect, select, table
from sqlalchemy.engine import Connection

from services.operations.tables import VERSION_TABLE, Base

log = logging.getLogger(__name__)

SCHEMA_VERSION: Final = 9
"""Of the newest revision in ``migrations/versions``."""
MIGRATIONS: Final = Path(__file__).parent / "migrations"

_ALEMBICS: Final = table(VERSION_TABLE, column("version_num"))
# Of databases that were made before there were revisions.
_FORMER: Final = table("operations_schema", column("version"))


def version_of(connection: Connection) -> int:
    """The version of the tables; 0 when there are none.

    Raises
    ------
    ValueError
        When something else than a number stands there.
    """
    tables = inspect(connection)
    for kept in (_ALEMBICS, _FORMER):
        if tables.has_table(kept.name):
            found = connection.execute(select(kept)).scalar_one_or_none()
            if found is not None:
                return int(found)
    return 0


def migrate(connection: Connection) -> None:
    """Take the tables to today's version, in the transaction in progress."""
    from alembic import command  # noqa: PLC0415 - see above
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    # Alembic fills in what stands between signs of per cent.
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def missing_tables(connection: Connection) -> list[str]:
    """The tables that are not there, though the version says so."""
    return sorted(Base.metadata.tables.keys() - set(inspect(connection).get_table_names()))
