"""Binding Flask-MonitoringDashboard: a copy of it, configured, cut and locked, on one server.

The package keeps its configuration, its blueprint and its database engine in module globals
made at import. So each server gets a copy of its own, imported afresh: that is how several
applications can live in one process (in tests), each with its own data directory.
"""

from __future__ import annotations

import atexit
import hashlib
import importlib
import os
import secrets
import sqlite3
import sys
import tomllib
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any

import flask
from filelock import FileLock, Timeout
from prometheus_client import CollectorRegistry
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import ServiceUnavailable

from services.base.clock import PARIS, utc_now
from services.base.errors import StorageError
from services.base.settings import Settings
from services.operations import open_operations
from services.web.access.credentials import LOCK_TIMEOUT_SECONDS, monitoring_dir
from services.web.monitoring import (
    GRAPHS_EXTENSION,
    database,
    gate,
    graphs,
    local_days,
    measuring,
    offline,
    privacy,
    recording,
)
from services.web.monitoring.complaints import Complaints, logger

PACKAGE = "flask_monitoringdashboard"
ROOT = Path(__file__).parents[3]
CODE = ("assets", "callbacks", "components", "services")
CODE_SUFFIXES = {".py", ".js", ".css", ".toml", ".html"}
DATABASE_LABEL = "SQLite, in the data directory"


def bind(server: flask.Flask, settings: Settings, registry: CollectorRegistry) -> None:
    """Bind the package to a server (see `services.web.monitoring.bind_monitoring`)."""
    try:
        path = monitoring_dir(settings) / database.FILE_NAME
        # Tables are made without "if not exists": one process at a time.
        with FileLock(path.with_suffix(".lock"), timeout=LOCK_TIMEOUT_SECONDS):
            database.prepare_file(path)
            package = _load_package(server, path, int(settings.monitor_level), registry)
            _register(server, package)
            database.watch_engine(_module("database").engine, path)
            _flush_at_exit(_module("core.cache"), path)
            server.extensions[GRAPHS_EXTENSION] = _graphs(settings)
    except (StorageError, OSError, Timeout, sqlite3.Error, SQLAlchemyError) as error:
        logger.error("no performance is measured: %s", error)
        _answer_unavailable(server)


def _graphs(settings: Settings) -> graphs.Graphs:
    # By now: another application of the same process may import a copy of its own.
    modules = {
        name: _module(name) for name in ("core.custom_graph", "database", "database.custom_graph")
    }
    operations = open_operations(settings, read_only=True)
    return graphs.Graphs(
        modules.__getitem__,
        monitoring_dir(settings) / graphs.LOCK_NAME,
        lambda: graphs.measured_values(settings.data_dir, operations, utc_now),
    )


def _load_package(
    server: flask.Flask, path: Path, level: int, registry: CollectorRegistry
) -> ModuleType:
    """Import a copy of the package, in the order in which its parts can be replaced."""
    for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
        del sys.modules[name]
    with warnings.catch_warnings():
        # tzlocal 2.0, which the package asks for, compares with a literal.
        warnings.simplefilter("ignore", SyntaxWarning)
        _tell_time_zone()
        package = importlib.import_module(PACKAGE)
    _configure(package.config, path, level)
    storage = _module("database")
    # Pages show this name; the engine is made by now.
    package.config.database_name = DATABASE_LABEL
    complaints = Complaints(registry)
    storage.session_scope = database.quiet_scope(storage.DBSession, complaints)
    database.watch_rows(storage)
    with database.connect(path) as connection, connection:
        database.clear_former_rows(connection)
        database.apply_level(connection, level)
    local_days.use_local_days(_module)
    _module("core.rules").get_rules = measuring.measured_rules(server)
    _cut_telemetry(_module("core.telemetry"))
    _put_off_scipy()
    recording.record_together(_module, package.config.sampling_period, complaints)
    return package


def _tell_time_zone() -> None:
    """Have tzlocal, which the package asks as it is imported, know the zone.

    By itself it raises where the system's zone has no name, as with a copied /etc/localtime, or
    where TZ holds a rule. Nobody else is told: the times of the journal stay as they are.
    """
    tzlocal = importlib.import_module("tzlocal")
    told = os.environ.get("TZ")
    os.environ["TZ"] = PARIS.key
    try:
        tzlocal.reload_localzone()
    finally:
        if told is None:
            del os.environ["TZ"]
        else:
            os.environ["TZ"] = told


def _configure(config: Any, path: Path, level: int) -> None:
    config.database_name = database.database_url(path)
    config.monitor_level = level
    config.version = code_version()
    config.timezone = PARIS
    config.security_token = secrets.token_hex(32)
    # Its own table of users is not asked; should it ever be, nobody knows this password.
    config.username = config.password = secrets.token_hex(32)
    config.brand_name = config.title_name = "Traffic Rennes"
    config.description = "Performance of the application"
    config.group_by = measuring.callback_name
    config.inject_dependencies(get_ip=privacy.no_address)
    config.enable_logging = False
    config.alert_enabled = False
    # A page of the package takes its length.
    config.alert_type = []


def code_version(root: Path = ROOT) -> str:
    """The project's version and a digest of its code, so that two states of it are told apart."""
    with (root / "pyproject.toml").open("rb") as file:
        version = tomllib.load(file)["project"]["version"]
    digest = hashlib.sha256()
    for folder in CODE:
        for path in sorted((root / folder).rglob("*.*")):
            if path.suffix in CODE_SUFFIXES:
                digest.update(path.relative_to(root).as_posix().encode() + path.read_bytes())
    return f"{version}+{digest.hexdigest()[:8]}"


def _cut_telemetry(telemetry: Any) -> None:
    """Take from the package every way to its authors' server, and the means as well."""

    def nothing(*_args: object, **_kwargs: object) -> None:
        return None

    for name in (
        "post_to_back_if_telemetry_enabled",
        "fetch_ip_from_github",
        "initialize_telemetry_session",
        "collect_general_telemetry_data",
    ):
        setattr(telemetry, name, nothing)
    telemetry.requests = None


def _put_off_scipy() -> None:
    """Spare every start two seconds and 60 MB for a report that is out of use here."""
    name = "scipy.stats"
    if name in sys.modules:
        return
    stand_in = ModuleType(name)
    vars(stand_in)["median_test"] = None
    sys.modules[name] = stand_in
    try:
        _module("core.reporting.questions.median_latency")
    finally:
        del sys.modules[name]


def _register(server: flask.Flask, package: ModuleType) -> None:
    rules = server.url_map.iter_rules()
    measuring.answer_inside(
        server, {rule.endpoint for rule in rules if measuring.is_measured(rule)}
    )
    offline.use_own_page(package)
    gate.close(package)
    # Its scheduler prints as it starts and serves nothing here.
    package.bind(server, schedule=False)
    gate.use_own_login(server, package)
    offline.use_own_files(server, package)


def _flush_at_exit(cache: ModuleType, path: Path) -> None:
    """Let the package write its last times of use, unless the database is gone by then."""

    def flush() -> None:
        if path.exists():
            cache.flush_cache()

    atexit.unregister(cache.flush_cache)
    atexit.register(flush)


def _answer_unavailable(server: flask.Flask) -> None:
    def unavailable(**_path: str) -> flask.Response:
        raise ServiceUnavailable("Performance is not measured. The journal tells why.")

    for rule in ("/dashboard/", "/dashboard/<path:path>"):
        server.add_url_rule(rule, "monitoring_unavailable", unavailable)


def _module(name: str) -> Any:
    return importlib.import_module(f"{PACKAGE}.{name}")
