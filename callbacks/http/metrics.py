"""``/metrics``: what every process measures, for Prometheus."""

from __future__ import annotations

import hmac

from dash import Dash
from flask import Response, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry
from werkzeug.exceptions import Unauthorized

from callbacks.http.answers import not_kept
from services.base.settings import Settings
from services.metrics.requests import measure_requests
from services.metrics.samples import exposition
from services.metrics.shared_directory import roles_off


def register(main: Dash, pages: list[Dash], registry: CollectorRegistry) -> None:
    """Measure every request from now on; call it before any other part.

    Parameters
    ----------
    pages : list of Dash
        May still grow: it is read at the first request.
    """
    measure_requests(
        main.server, registry, lambda: frozenset(key for page in pages for key in page.callback_map)
    )


def serve(main: Dash, settings: Settings, registry: CollectorRegistry) -> None:
    """Add the route; where a token is set, only those who present it may read."""

    @main.server.get("/metrics")
    def metrics() -> Response:
        _check_token(settings)
        measured = exposition(settings.data_dir, registry, roles_off(settings))
        return not_kept(Response(measured, content_type=CONTENT_TYPE_LATEST))


def _check_token(settings: Settings) -> None:
    if settings.metrics_token is None:
        return
    expected = f"Bearer {settings.metrics_token.get_secret_value()}"
    given = request.headers.get("Authorization", "")
    if not hmac.compare_digest(given.encode(), expected.encode()):
        raise Unauthorized("The metrics need their token.")
