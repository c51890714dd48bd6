"""Flask-MonitoringDashboard at ``/dashboard/``: bound to Flask, locked, private and offline.

Nothing of the package is imported before `bind_monitoring`, and nothing at all when the level
is ``off``: it takes more than a second and some 45 MB.
"""

from __future__ import annotations

import flask

from services.settings import Settings


def bind_monitoring(server: flask.Flask, settings: Settings) -> None:
    """Measure the routes of a server and serve the result at ``/dashboard/``.

    Call it last: routes added later are not measured. A monitoring database that cannot be
    opened is reported in the journal and ``/dashboard/`` answers 503; the application itself
    goes on.

    Parameters
    ----------
    server
        The Flask server, complete, not yet serving, with :func:`services.access.prepare_access`
        done.
    settings
        ``monitor_level`` (``off`` binds nothing), ``data_dir``.
    """
    if settings.monitor_level == "off":
        return
    from services.monitoring.binding import bind  # noqa: PLC0415 (see the module's docstring)

    bind(server, settings)


def capture(error: Exception) -> None:
    """Put an error that was handled on the monitoring page of the request in progress.

    Does nothing outside a measured request.
    """
    collector = flask.g.get("e_collector") if flask.has_app_context() else None
    if collector is not None:
        collector.add_user_captured_exc(error)
