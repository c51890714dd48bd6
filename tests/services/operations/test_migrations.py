"""Alembic's revisions: what they make is what the code reads, and what was there is kept."""

from __future__ import annotations

import subprocess
import sys

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import column, inspect, table, text

from services.base.errors import StorageError
from services.operations.database import open_operations
from services.operations.decisions import record_decision
from services.operations.schema import MIGRATIONS, SCHEMA_VERSION
from services.operations.tables import VERSION_TABLE, Base, Decision
from tests.services.operations.decisions import decision, decisions_of

# Each version's own tables, in the order in which they came.
TABLES_OF_VERSION_1 = (
    "model_versions",
    "model_decisions",
    "forecast_scores",
    "scored_hours",
    "drift_measures",
)


def made_by_an_earlier_version(settings, version):
    """A database as it was before there were revisions, with a decision in it."""
    operations = open_operations(settings)
    tables = [Base.metadata.tables[name] for name in TABLES_OF_VERSION_1]
    with operations._engine.begin() as connection:
        Base.metadata.create_all(connection, tables)
        connection.execute(text("CREATE TABLE operations_schema (version INTEGER PRIMARY KEY)"))
        connection.execute(
            table("operations_schema", column("version")).insert().values(version=version)
        )
        connection.execute(
            Decision.__table__.insert(),
            {
                "kind": "zones", "version": "of old", "previous": None, "action": "promoted",
                "reason": "no_champion", "decided_by": "training",
                "decided_at": decision().decided_at, "figures": {"rps": 0.03},
            },
        )  # fmt: skip


def test_the_newest_revision_is_the_version_that_the_code_knows():
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    script = ScriptDirectory.from_config(config)
    assert int(script.get_current_head()) == SCHEMA_VERSION
    assert all(len(revision.revision) == 4 for revision in script.walk_revisions())


def test_the_revisions_make_the_tables_that_the_code_reads(operations):
    with operations.begin() as session:
        options = {"version_table": VERSION_TABLE, "compare_type": True}
        context = MigrationContext.configure(session.connection(), opts=options)
        assert compare_metadata(context, Base.metadata) == []


@pytest.mark.parametrize("version", [1, 5])
def test_a_database_of_an_earlier_version_is_taken_over_with_all_it_holds(settings, version):
    made_by_an_earlier_version(settings, version)
    operations = open_operations(settings)
    assert record_decision(operations, decision("new"))
    assert sorted(item.version for item in decisions_of(operations)) == ["new", "of old"]
    with operations.begin() as session:
        tables = set(inspect(session.connection()).get_table_names())
    assert tables == {*Base.metadata.tables, VERSION_TABLE}
    assert len(decisions_of(open_operations(settings, read_only=True))) == 2


def test_one_of_a_version_after_that_is_refused_as_it_is(settings):
    made_by_an_earlier_version(settings, 99)
    with pytest.raises(StorageError, match=f"version 99.*knows {SCHEMA_VERSION}"):
        decisions_of(open_operations(settings))
    with open_operations(settings)._engine.begin() as connection:
        assert set(inspect(connection).get_table_names()) == {
            *TABLES_OF_VERSION_1, "operations_schema"
        }  # fmt: skip


def test_a_migration_that_fails_changes_nothing(settings, monkeypatch):
    made_by_an_earlier_version(settings, 3)
    before = Base.metadata.tables.keys()

    def fails(connection):
        connection.execute(text("CREATE TABLE half_made (id INTEGER)"))
        connection.execute(text("SELECT * FROM nothing"))

    with monkeypatch.context() as patch:
        patch.setattr("services.operations.database.migrate", fails)
        assert record_decision(open_operations(settings), decision()) is False
    operations = open_operations(settings)
    assert [item.version for item in decisions_of(operations)] == ["of old"]
    with operations.begin() as session:
        assert set(inspect(session.connection()).get_table_names()) == {*before, VERSION_TABLE}


def test_nobody_waits_for_alembic_where_there_is_nothing_to_migrate(settings):
    record_decision(open_operations(settings), decision())
    url = "None" if settings.database_url is None else "settings_url"
    program = (
        "import sys\n"
        "from services.base.settings import load_settings\n"
        "from services.operations.database import open_operations\n"
        f"settings_url = {settings.database_url and settings.database_url.get_secret_value()!r}\n"
        f"settings = load_settings(data_dir={str(settings.data_dir)!r}, database_url={url})\n"
        "with open_operations(settings).begin():\n"
        "    pass\n"
        "with open_operations(settings, read_only=True).begin():\n"
        "    pass\n"
        "print(sorted({'alembic', 'psycopg'} & sys.modules.keys()))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    driver = [] if settings.database_url is None else ["psycopg"]
    assert done.stdout.strip() == str(driver), done.stderr
