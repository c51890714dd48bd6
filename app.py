"""Traffic Rennes: the wiring of the web role, and ``python app.py`` for development."""

from __future__ import annotations

import sys
from functools import lru_cache
from pathlib import Path

import dash
from flask import Flask

from callbacks.http import (
    api,
    camera_api,
    compression,
    dash_requests,
    documents,
    health,
    limits,
    metrics,
    nowcast,
    problems,
    security_headers,
    segment_forecasts,
    static_files,
    tiles,
)
from callbacks.pages import camera, exploitation, home, log_in, not_found, privacy, quality
from services.base.clock import Clock, utc_now
from services.base.command_line import run_command
from services.base.errors import TrafficError
from services.base.settings import Settings, load_settings
from services.metrics import metric_registry, share_metrics
from services.roles.assembly import assemble
from services.roles.processes import Supervisor
from services.roles.supervisor import background_children, prepare_start
from services.web.access import prepare_access
from services.web.monitoring import bind_monitoring, start_graphs

_HERE = Path(__file__).parent


def create_app(settings: Settings, clock: Clock = utc_now) -> dash.Dash:
    """Build the application; nothing is fetched and no TensorFlow is imported.

    Parameters
    ----------
    settings : Settings
    clock : Clock
        Gives the present; tests hand in their own.

    Raises
    ------
    ConfigurationError
        When the data directory cannot be used.
    """
    services = assemble(settings, clock)
    app = dash.Dash(
        __name__,
        assets_folder=str(_HERE / "assets"),
        # Of a page of its own.
        assets_ignore=r"^camera\.js$",
        external_stylesheets=[static_files.bootstrap_url()],
        serve_locally=True,
        update_title="",
    )
    server = app.server
    prepare_access(server, settings)
    registry = metric_registry()
    pages = [app]
    metrics.register(app, pages, registry)
    limits.register(server, settings)
    compression.register(server)
    problems.register(server)
    documents.register(server, services)
    health.register(server, services)
    nowcast.register(server, services)
    api.register(server, services)
    segment_forecasts.register(server, services)
    camera_api.register(server, services)
    tiles.register(server, settings)
    home.register(app, services)
    not_found.register(app, app.get_relative_path("/"))
    pages.append(quality.register(app, services))
    pages.append(camera.register(app, services))
    pages.append(exploitation.register(app, services))
    pages.append(privacy.register(app, services))
    log_in.register(app)
    metrics.serve(app, settings, registry)
    # After those that let nobody in.
    dash_requests.register(server, pages)
    security_headers.register(pages)
    bind_monitoring(server, settings, registry)
    static_files.register(pages)
    return app


@lru_cache(maxsize=1)
def _server() -> Flask:
    server: Flask = create_app(load_settings()).server
    return server


def __getattr__(name: str) -> Flask:
    """``app:server`` for gunicorn: built when it is asked for, not at import."""
    if name == "server":
        return _server()
    raise AttributeError(name)


def main() -> int:
    """Run the web role with Flask's own server, with the other roles beside it."""
    try:
        settings = load_settings()
        prepare_start(settings)
        share_metrics(settings.data_dir, "web")
        app = create_app(settings)
        start_graphs(app.server)
    except TrafficError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    with Supervisor(background_children(settings)):
        app.run(host=settings.host, port=settings.port, debug=settings.debug, use_reloader=False)
    return 0


if __name__ == "__main__":
    run_command(main)
