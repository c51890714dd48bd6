"""Every request counted and timed, by endpoint and Dash callback. Nothing about who asked."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Container
from http import HTTPStatus
from typing import Final

import flask
from prometheus_client import CollectorRegistry

from services.base.privacy import shortened
from services.metrics.dash_callbacks import called, know_callbacks
from services.metrics.definitions import LOGINS, REQUEST_DURATION, REQUESTS
from services.metrics.process import ProcessMeter

log = logging.getLogger(__name__)

FAILED: Final = "5xx"
UNKNOWN_ENDPOINT: Final = "unknown"
# Waits for another server now and then, and no page waits for it.
UNMEASURED: Final = frozenset({"tile"})
# A line for each of these in the journal; the others are in the metrics only.
SLOW_SECONDS: Final = 1.0
_STARTED: Final = "traffic_request_started"


def measure_requests(
    server: flask.Flask, registry: CollectorRegistry, callbacks: Callable[[], Container[str]]
) -> None:
    """Measure every request that a server answers from now on.

    Call it first, so that the time of everything else is in the measure.

    Parameters
    ----------
    callbacks : callable
        As :func:`know_callbacks` takes it.
    """
    durations = REQUEST_DURATION.make(registry)
    counts = REQUESTS.make(registry)
    logins = LOGINS.make(registry)
    process = ProcessMeter(registry, "web")
    know_callbacks(server, callbacks)

    @server.before_request
    def start() -> None:
        if flask.request.endpoint not in UNMEASURED:
            flask.g.setdefault(_STARTED, time.perf_counter())

    @server.after_request
    def finish(response: flask.Response) -> flask.Response:
        started = flask.g.get(_STARTED)
        if started is not None:
            endpoint = flask.request.endpoint or UNKNOWN_ENDPOINT
            callback = called()
            seconds = time.perf_counter() - started
            durations.labels(endpoint, callback).observe(seconds)
            if seconds >= SLOW_SECONDS or status_label(response.status_code) == FAILED:
                _journal(response.status_code, seconds)
            counts.labels(endpoint, callback, status_label(response.status_code)).inc()
            outcome = flask.g.get("login_outcome")
            if outcome is not None:
                logins.labels(outcome).inc()
        process.note()
        return response


def _journal(status: int, seconds: float) -> None:
    """A line about a request that was slow or failed: its path, never its query."""
    request = flask.request
    path = shortened(request.path)
    log.warning("%s %s %d in %.0f ms", shortened(request.method, 20), path, status, 1_000 * seconds)


def note_login(outcome: str) -> None:
    """Count an attempt to log in with the request in progress.

    Parameters
    ----------
    outcome : {"accepted", "refused", "throttled"}
    """
    flask.g.login_outcome = outcome


def status_label(code: int) -> str:
    """The class of a status code; 503 stands for itself.

    It is a planned answer: what was asked for is not there yet, ask again.

    >>> [status_label(code) for code in (204, 404, 500, 503)]
    ['2xx', '4xx', '5xx', '503']
    """
    return "503" if code == HTTPStatus.SERVICE_UNAVAILABLE else f"{code // 100}xx"
