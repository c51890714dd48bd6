"""Flask-MonitoringDashboard at ``/dashboard/``: bound to Flask, locked, private and offline.

Nothing of the package is imported before `bind_monitoring`, and nothing at all when the level
is ``off``: it takes more than a second and some 45 MB.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import flask
from prometheus_client import CollectorRegistry

from services.base.settings import Settings
from services.city.city import City
from services.metrics.shared_directory import metric_registry
from services.operations.database import Operations

# Where a server keeps the writer of its graphs, once the monitoring is bound.
GRAPHS_EXTENSION: Final = "traffic_graphs"
# Where a measured request keeps the errors that were met while it was answered.
FAILURES: Final = "measured_failures"


@dataclass(frozen=True)
class Head:
    """What the package's pages have in common with ours, for the operator who asks.

    Attributes
    ----------
    language : str
        Code of the one that they read.
    title : str
        Of the pages, in words.
    header : str
        With the nav, as markup.
    style_urls, script_url
        What it needs.
    """

    language: str = "fr"
    title: str = "Performance"
    header: str = ""
    style_urls: Sequence[str] = ()
    script_url: str = ""


def bind_monitoring(
    server: flask.Flask,
    settings: Settings,
    operations: Operations,
    city: City,
    *,
    registry: CollectorRegistry | None = None,
    head: Callable[[], Head] = Head,
) -> None:
    """Measure the routes of a server and serve the result at ``/dashboard/``.

    Call it last: routes added later are not measured, and its pages ask for the log-in. A
    monitoring database that cannot be opened is reported in the journal and ``/dashboard/``
    answers 503; the application itself goes on.

    Parameters
    ----------
    operations
        Opened for reading.
    registry
        Of the application's metrics, for the measures that are lost; one of its own otherwise.
    head
        Gives what its pages show above the package's.
    """
    if settings.monitor_level == "off":
        return
    from services.web.monitoring.binding import bind  # noqa: PLC0415 (see the module's docstring)

    metrics = metric_registry() if registry is None else registry
    bind(server, settings, operations, city, registry=metrics, head=head)


def start_graphs(server: flask.Flask) -> None:
    """Have the graphs of ``/dashboard/`` written from now on, by one process of all.

    Call it in every process that serves, after any fork. Does nothing where nothing is measured.
    """
    graphs = getattr(server, "extensions", {}).get(GRAPHS_EXTENSION)
    if graphs is not None:
        graphs.start()


def capture(error: Exception) -> None:
    """Put an error that was handled on the monitoring page of the request in progress.

    Does nothing outside a measured request.
    """
    failures = flask.g.get(FAILURES) if flask.has_app_context() else None
    if failures is not None:
        failures.append((type(error), error.__traceback__, True))
