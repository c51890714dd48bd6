"""Traffic Rennes: the wiring of the web role, and ``python app.py`` for development."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import dash
from flask import Flask

from callbacks.http import (
    api,
    camera_api,
    compression,
    dash_requests,
    day,
    documents,
    events,
    health,
    limits,
    metrics,
    nowcast,
    places,
    problems,
    roadworks,
    security_headers,
    segment_forecasts,
    site_files,
    static_files,
    stored_days,
    stretch_table,
    tiles,
)
from callbacks.live import refresh, share, shared_refresh
from callbacks.pages import (
    accessibility,
    camera,
    exploitation,
    guide,
    home,
    licences,
    log_in,
    performance,
    privacy,
    quality,
    trends,
)
from callbacks.pages.subpage import Pages
from services.base.clock import Clock, utc_now
from services.base.command_line import run_command, tells_errors
from services.base.settings import Settings, load_settings
from services.metrics.shared_directory import metric_registry, share_metrics
from services.roles.assembly import assemble
from services.roles.processes import Supervisor
from services.roles.supervisor import background_children, prepare_start
from services.web.access.session import prepare_access
from services.web.monitoring import bind_monitoring, start_graphs

# In the order of their links, in the nav and in the footer.
PAGES: Final = (
    home,
    trends,
    quality,
    camera,
    guide,
    licences,
    privacy,
    accessibility,
    exploitation,
)
_HERE: Final = Path(__file__).parent


class _PlainFlask(Flask):
    """Flask for functions that are all plain ones: it looks at each of them for each request."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """See :meth:`flask.Flask.ensure_sync`."""
        return func


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
        server=_PlainFlask(__name__),  # type: ignore[arg-type]
        assets_folder=str(_HERE / "assets"),
        # Those of the page that is an application of its own.
        assets_ignore=r"^trends\b|^trends_",
        external_stylesheets=[static_files.bootstrap_url()],
        serve_locally=True,
        update_title="",
        use_pages=True,
        # Pages are registered by their modules, each for itself.
        pages_folder="",
        include_pages_meta=False,
        # What is on another page is not here, and not sent along to be looked up.
        suppress_callback_exceptions=True,
    )
    server = app.server
    prepare_access(server, settings, services.operations)
    registry = metric_registry()
    current_url = app.get_relative_path(shared_refresh.POINTER_PATH)
    age_settings = refresh.age_settings(services) | {"currentUrl": current_url}
    pages = Pages(app, lambda: refresh.age_told(services) | {"settings": age_settings})
    metrics.register(app, pages.apps, registry)
    limits.register(server, settings)
    compression.register(server)
    problems.register(server)
    documents.register(server, services)
    health.register(server, services)
    nowcast.register(server, services)
    api.register(server, services)
    segment_forecasts.register(server, services)
    roadworks.register(server, services)
    day.register(server, services)
    stored_days.register(server, services)
    places.register(server, services)
    stretch_table.register(server, services)
    events.register(server, services)
    camera_api.register(server, services)
    tiles.register(server, services)
    site_files.register(app)
    share.register(server, services)
    shared_refresh.register(server, services)
    for page in PAGES:
        page.register(pages, services)
    log_in.register(app)
    metrics.serve(app, settings, registry)
    # After those that let nobody in.
    dash_requests.register(server, pages.apps, large_input=camera.PICTURE_INPUT)
    security_headers.register(pages.apps)
    bind_monitoring(
        server,
        settings,
        services.operations.reading,
        services.city,
        registry=registry,
        head=performance.head_of(pages),
    )
    static_files.register(pages.apps, is_debug=settings.debug)
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


@tells_errors
def main() -> int:
    """Run the web role with Flask's own server, with the other roles beside it."""
    settings = load_settings()
    prepare_start(settings)
    share_metrics(settings.data_dir, "web")
    app = create_app(settings)
    start_graphs(app.server)
    with Supervisor(background_children(settings)):
        app.run(host=settings.host, port=settings.port, debug=settings.debug, use_reloader=False)
    return 0


if __name__ == "__main__":
    run_command(main)
