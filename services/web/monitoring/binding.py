"""Binding Flask-MonitoringDashboard: a copy of it, configured, cut and locked, on one server.

The package keeps its configuration, its blueprint and its database engine in module globals
made at import. So each server gets a copy of its own, imported afresh: that is how several
applications can live in one process (in tests), each with its own data directory.
"""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import importlib
import os
import secrets
import sqlite3
import sys
import tomllib
import warnings
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import flask
from filelock import Timeout
from prometheus_client import CollectorRegistry
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import ServiceUnavailable

from services.base.clock import utc_now
from services.base.errors import StorageError
from services.base.settings import Settings
from services.city.city import City
from services.operations.database import Operations
from services.web.access.credentials import monitoring_dir
from services.web.monitoring import (
    GRAPHS_EXTENSION,
    Head,
    database,
    gate,
    graphs,
    local_days,
    offline,
)
from services.web.monitoring.complaints import Complaints, logger
from services.web.monitoring.database import MeasuresFile
from services.web.monitoring.measurement import Measurer, measured_rules
from services.web.monitoring.records import RecordStore
from services.web.monitoring.server import MeasuresServer
from services.web.monitoring.writer import RecordWriter

PACKAGE = "flask_monitoringdashboard"
ROOT = Path(__file__).parents[3]
CODE = ("assets", "callbacks", "components", "services")
CODE_SUFFIXES = {".py", ".js", ".css", ".toml", ".html"}
Measures = MeasuresFile | MeasuresServer
# Every way of the package to its authors' server.
TELEMETRY = (
    "post_to_back_if_telemetry_enabled",
    "fetch_ip_from_github",
    "initialize_telemetry_session",
    "collect_general_telemetry_data",
)


def bind(
    server: flask.Flask,
    settings: Settings,
    operations: Operations,
    city: City,
    *,
    registry: CollectorRegistry,
    head: Callable[[], Head],
) -> None:
    """Bind the package to a server (see `services.web.monitoring.bind_monitoring`)."""
    try:
        measures = _measures(settings)
        with measures.opening():
            package = _load_package(measures, int(settings.monitor_level), city)
            # The last of all that is done at the end.
            atexit.register(measures.close)
            _replace_parts(server, package, measures, Complaints(registry), city)
            offline.use_own_page(package)
            server.jinja_env.globals.update(time_zone=city.time_zone.key, area_head=head)
            gate.close(package)
            measures.use_routes(_module)
            # Its scheduler prints as it starts and serves nothing here.
            package.bind(server, schedule=False)
            gate.use_own_answers(server, package)
            offline.use_own_files(server, package)
            measures.watch(server, package.config.blueprint_name)
            _flush_at_exit(_module("core.cache"), measures)
            server.extensions[GRAPHS_EXTENSION] = _graphs(settings, operations, measures)
    except (StorageError, OSError, Timeout, sqlite3.Error, SQLAlchemyError) as error:
        logger.error("no performance is measured: %s", error)
        _answer_unavailable(server)


def _measures(settings: Settings) -> Measures:
    level = int(settings.monitor_level)
    if settings.monitoring_database_url is None:
        return MeasuresFile(monitoring_dir(settings) / database.FILE_NAME, level)
    return MeasuresServer(settings.monitoring_database_url.get_secret_value(), level)


def _load_package(measures: Measures, level: int, city: City) -> ModuleType:
    """Import a copy of the package, with its database, whose engine is made at its import."""
    for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
        del sys.modules[name]
    with warnings.catch_warnings():
        # tzlocal 2.0, which the package asks for, compares with a literal.
        warnings.simplefilter("ignore", SyntaxWarning)
        _tell_time_zone(city)
        package = importlib.import_module(PACKAGE)
    vars(package.config).update(
        database_name=measures.url,
        monitor_level=level,
        version=code_version(),
        timezone=city.time_zone,
        security_token=secrets.token_hex(32),
        # Its own table of users is not asked; should it ever be, nobody knows this password.
        username=secrets.token_hex(32),
        password=secrets.token_hex(32),
        brand_name=f"Traffic {city.name}",
        title_name=f"Traffic {city.name}",
        # A page of the package takes its length.
        alert_type=[],
    )
    measures.adopt(_module)
    # Pages show this name.
    package.config.database_name = measures.label
    return package


def _replace_parts(
    server: flask.Flask,
    package: Any,
    measures: Measures,
    complaints: Complaints,
    city: City,
) -> None:
    """Put functions of ours in the place of the package's, each before others import it."""
    local_days.use_local_days(_module, city)
    _module("core.rules").get_rules = measured_rules(server)
    telemetry = _module("core.telemetry")
    vars(telemetry).update(dict.fromkeys(TELEMETRY, lambda *_args, **_kwargs: None), requests=None)
    _put_off_scipy()
    writer = RecordWriter(RecordStore(_module, measures).store, complaints)
    measurer = Measurer(server, writer, _module("core.cache"), package.config, complaints)
    _module("core.measurement").add_decorator = measurer.add_decorator


def _graphs(settings: Settings, operations: Operations, measures: Measures) -> graphs.Graphs:
    return graphs.Graphs(
        _module("database").session_scope,
        _module("database.custom_graph"),
        monitoring_dir(settings) / graphs.LOCK_NAME,
        lambda: graphs.measured_values(settings.data_dir, operations, utc_now),
        measures.is_graph_due,
    )


def _tell_time_zone(city: City) -> None:
    """Have tzlocal, which the package asks as it is imported, know the zone.

    By itself it raises where the system's zone has no name, as with a copied /etc/localtime, or
    where TZ holds a rule. Nobody else is told: the times of the journal stay as they are.
    """
    tzlocal = importlib.import_module("tzlocal")
    told = os.environ.get("TZ")
    os.environ["TZ"] = city.time_zone.key
    try:
        tzlocal.reload_localzone()
    finally:
        if told is None:
            del os.environ["TZ"]
        else:
            os.environ["TZ"] = told


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


def _flush_at_exit(cache: ModuleType, measures: Measures) -> None:
    """Let the package write its last times of use, unless the database is gone by then."""

    def flush() -> None:
        if measures.is_there():
            with contextlib.suppress(SQLAlchemyError):
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
