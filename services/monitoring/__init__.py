"""Flask-MonitoringDashboard at ``/dashboard/``: bound to Flask, locked, private and offline.

Nothing of the package is imported before `bind_monitoring`, and nothing at all when the level
is ``off``: it takes more than a second and some 45 MB.
"""

from __future__ import annotations

import flask
from prometheus_client import CollectorRegistry

from services.metrics import metric_registry
from services.monitoring.credentials import (
    OPERATOR_EXTENSION,
    announce_password,
    first_password,
    secret_key,
)
from services.monitoring.origin import is_same_origin
from services.settings import Settings

__all__ = [
    "announce_password",
    "bind_monitoring",
    "capture",
    "first_password",
    "is_from_own_page",
    "is_signed_in",
    "operator_name",
    "secret_key",
    "start_graphs",
]


def bind_monitoring(
    server: flask.Flask, settings: Settings, registry: CollectorRegistry | None = None
) -> None:
    """Measure the routes of a server and serve the result at ``/dashboard/``.

    Call it last: routes added later are not measured. A monitoring database that cannot be
    opened is reported in the journal and ``/dashboard/`` answers 503; the application itself
    goes on.

    Parameters
    ----------
    server
        The Flask server, complete, not yet serving. It gets a secret key if it has none.
    settings
        ``monitor_level`` (``off`` binds nothing), ``data_dir``, the operator's name and password.
    registry
        Of the application's metrics, for the measures that are lost; one of its own otherwise.
    """
    if settings.monitor_level == "off":
        return
    from services.monitoring.binding import bind  # noqa: PLC0415 (see the module's docstring)

    bind(server, settings, metric_registry() if registry is None else registry)


def start_graphs(server: flask.Flask) -> None:
    """Have the graphs of ``/dashboard/`` written from now on, by one process of all.

    Call it in every process that serves, after any fork. Does nothing where nothing is measured.
    """
    graphs = getattr(server, "extensions", {}).get("traffic_graphs")
    if graphs is not None:
        graphs.start()


def is_signed_in() -> bool:
    """Whether the request in progress comes from the operator, who logged in at ``/dashboard/``."""
    operator = flask.current_app.extensions.get(OPERATOR_EXTENSION)
    return operator is not None and operator.is_signed_in()


def operator_name() -> str:
    """The name that the operator logs in with; empty where nobody can."""
    operator = flask.current_app.extensions.get(OPERATOR_EXTENSION)
    return "" if operator is None else str(operator.username)


def is_from_own_page() -> bool:
    """Whether the request in progress comes from a page of this site, as far as browsers tell."""
    return is_same_origin(flask.request)


def capture(error: Exception) -> None:
    """Put an error that was handled on the monitoring page of the request in progress.

    Does nothing outside a measured request.
    """
    collector = flask.g.get("e_collector") if flask.has_app_context() else None
    if collector is not None:
        collector.add_user_captured_exc(error)
