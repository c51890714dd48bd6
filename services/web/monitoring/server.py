"""The monitoring's tables on a PostgreSQL server, to which several hosts write.

Whoever writes has them to itself until its transaction ends, as with SQLite. A server that is away,
at the start too, keeps nobody from serving: what is measured waits until it is back.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, timedelta
from typing import Any, Final

import flask
from sqlalchemy import (
    Column,
    Index,
    Integer,
    String,
    Table,
    delete,
    event,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.engine import URL, Connection, Engine
from sqlalchemy.exc import ProgrammingError, SQLAlchemyError

from services.base.clock import utc_now
from services.operations.engines import (
    IDLE_SECONDS,
    is_missing_table,
    limit_answers,
    parse_url,
    pooled_engine,
)
from services.web.monitoring.complaints import describe, logger
from services.web.monitoring.database import (
    BUSY_TIMEOUT_SECONDS,
    Package,
    clear_former_rows,
    leave_to_parent,
    transactions,
)
from services.web.monitoring.graphs import PERIOD_SECONDS

# Any number that no other program of this database takes.
_WRITERS_LOCK: Final = 7_462_003
# Of each process: one writes, operators read.
_CONNECTIONS_KEPT: Final = 1
# A page of weeks of measures takes a while; a server that stands still must not keep its thread.
_ANSWER_SECONDS: Final = 30.0
_OF_A_TRANSACTION: Final = {
    # The package's columns have no zone, and what it gives them is UTC.
    "TimeZone": "UTC",
    "lock_timeout": f"{BUSY_TIMEOUT_SECONDS:.0f}s",
    "idle_in_transaction_session_timeout": f"{IDLE_SECONDS:.0f}s",
}


class MeasuresServer:
    """The measures of several hosts, in PostgreSQL.

    Parameters
    ----------
    address : str
        Of the database, as the settings have it.
    level : int
        The one that is configured.
    """

    label: Final = "PostgreSQL"
    """What the package's pages show: an address may hold a password."""
    # The package makes its tables as it is imported, in whatever is there: here in memory.
    url: Final = URL.create("sqlite")

    def __init__(self, address: str, level: int) -> None:
        self._engine = server_engine(address)
        limit_answers(self._engine, _ANSWER_SECONDS)
        self._level = level
        self._is_prepared = False
        # By name; of the views that are measured.
        self._routes: dict[str, Any] = {}

    def opening(self) -> AbstractContextManager[None]:
        """Nobody has to wait: tables are made by one after the other."""
        return nullcontext()

    def adopt(self, package: Package) -> None:
        """Have the package use the server, before anything uses its database."""
        storage = self._storage = package("database")
        storage.engine.dispose()
        storage.engine = self._engine
        storage.DBSession.configure(bind=self._engine)
        self._applied_level = _suit_server(storage.Base.metadata)
        self._scope = transactions(storage.DBSession)
        storage.session_scope = self._prepared_scope

    def use_routes(self, package: Package) -> None:
        """Measure views before the server has told their levels, which it may do later."""
        measurement, cache = package("core.measurement"), package("core.cache")
        self._read_former_measures = cache.init_cache

        def measure_views() -> None:
            for rule in package("core.rules").get_rules():
                route = self._storage.Endpoint(name=rule.endpoint, monitor_level=self._level)
                self._routes[route.name] = route
                measurement.add_decorator(route)

        def prepare_at_start() -> None:
            cache.memory_cache.update({name: cache.EndpointInfo() for name in self._routes})
            try:
                self._prepare()
            except SQLAlchemyError as error:
                what = "the monitoring database cannot be used yet, measures wait"
                logger.error("%s: %s", what, describe(error))

        measurement.init_measurement = measure_views
        cache.init_cache = prepare_at_start

    def watch(self, server: flask.Flask, blueprint: str) -> None:
        """Once the package is bound: replace what it can tell of a file alone."""
        server.view_functions[f"{blueprint}.get_database_size"] = self._tell_size

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """One transaction, all or nothing, of somebody who has the tables to itself."""
        self._prepare()
        with self._finding_out(), self._engine.begin() as connection:
            take_turn(connection)
            yield connection

    def mark_of(self, connection: Connection) -> str | None:
        """By what is found out whether a transaction was committed, where no answer came."""
        return str(connection.exec_driver_sql("SELECT pg_current_xact_id()::text").scalar_one())

    def is_committed(self, connection: Connection, mark: str) -> bool:
        """Whether an earlier transaction of somebody who had his turn was committed."""
        # Another server, which never came that far, would take the question for an error.
        question = (
            "SELECT CASE WHEN %(mark)s::xid8 < pg_snapshot_xmax(pg_current_snapshot())"
            " THEN pg_xact_status(%(mark)s::xid8) END"
        )
        found = connection.exec_driver_sql(question, {"mark": mark}).scalar_one()
        return bool(found == "committed")

    def is_there(self) -> bool:
        """Whether it is worth while to write the last words: only the server could tell."""
        return True

    def is_graph_due(self, session: Any) -> bool:
        """Whether no process of another host has just written its values; keeps it from it."""
        take_turn(session.connection())
        newest = session.scalar(select(func.max(self._storage.CustomGraphData.time)))
        just_now = utc_now() - timedelta(seconds=PERIOD_SECONDS / 2)
        return newest is None or newest.replace(tzinfo=UTC) < just_now

    def close(self) -> None:
        """Let go of the connections; who needs one makes it anew."""
        self._engine.dispose()

    @contextmanager
    def _prepared_scope(self) -> Iterator[Any]:
        self._prepare()
        with self._finding_out(), self._scope() as session:
            yield session

    @contextmanager
    def _finding_out(self) -> Iterator[None]:
        """The next one makes the tables anew where somebody has dropped one."""
        try:
            yield
        except ProgrammingError as error:
            self._is_prepared = self._is_prepared and not is_missing_table(error)
            raise

    def _prepare(self) -> None:
        """See that there are the tables and the routes, and take over the levels of these."""
        if self._is_prepared:
            return
        storage = self._storage
        route = storage.Endpoint
        with self._engine.begin() as connection:
            take_turn(connection)
            storage.Base.metadata.create_all(connection)
            clear_former_rows(connection, storage)
            self._apply_level(connection)
            known = set(connection.scalars(select(route.name)))
            if new := [{"name": name} for name in self._routes if name not in known]:
                connection.execute(insert(route).values(monitor_level=self._level), new)
            known_levels = connection.execute(select(route.name, route.monitor_level))
            levels = {found.name: found.monitor_level for found in known_levels}
        for name, measured in self._routes.items():
            measured.monitor_level = levels[name]
        self._is_prepared = True
        self._read_former_measures()

    def _apply_level(self, connection: Connection) -> None:
        """Give every known route the configured level, if that changed since the last start.

        Levels that the operator chose on the page since then stay.
        """
        applied = self._applied_level
        if connection.scalar(select(applied.c.level)) == self._level:
            return
        connection.execute(update(self._storage.Endpoint).values(monitor_level=self._level))
        connection.execute(delete(applied))
        connection.execute(insert(applied).values(level=self._level))

    def _tell_size(self) -> flask.Response:
        with self._prepared_scope() as session:
            size = session.scalar(select(func.pg_database_size(func.current_database())))
        return flask.jsonify({"size": f"{size / 1024 / 1024:.2f} MB"})


def server_engine(address: str) -> Engine:
    """Those of the measures; whoever writes takes its turn."""
    engine = pooled_engine(parse_url(address), BUSY_TIMEOUT_SECONDS, _CONNECTIONS_KEPT)
    settings = [
        f"set_config('{name}', '{value}', true)" for name, value in _OF_A_TRANSACTION.items()
    ]
    first = f"SELECT {', '.join(settings)}"

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(first)
        connection.info[_HAS_TURN] = False

    # The package writes in several places, some of which read first.
    @event.listens_for(engine, "before_cursor_execute")
    def _before(connection: Connection, *given: Any) -> None:
        context = given[3]
        if context.isinsert or context.isupdate or context.isdelete:
            take_turn(connection)

    leave_to_parent(engine)
    return engine


_HAS_TURN: Final = "has_turn"


def take_turn(connection: Connection) -> None:
    """Wait until nobody else writes, and keep others from it until the transaction ends."""
    if not connection.info[_HAS_TURN]:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITERS_LOCK})")
        connection.info[_HAS_TURN] = True


def _suit_server(metadata: Any) -> Table:
    """Take from the package's tables what SQLite does not mind; the table of the level applied."""
    for table in list(metadata.tables.values()):
        for column in table.columns:
            if isinstance(column.type, String) and column.type.length is not None:
                # SQLite counts no characters, and not all that is kept is cut to that many.
                column.type = String()
            if column.foreign_keys and column is not next(iter(table.primary_key.columns)):
                # Without it, each row that goes has whole tables read for others that need it.
                Index(f"ix_{table.name}_{column.name}".lower(), column)
    return Table("AppliedLevel", metadata, Column("level", Integer, nullable=False))
