"""Every request counted and timed, by endpoint and Dash callback. Nothing about who asked."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Container
from functools import cache
from http import HTTPStatus
from typing import Final

import flask
from prometheus_client import CollectorRegistry
from werkzeug.exceptions import HTTPException

from services.base.privacy import shortened
from services.metrics.definitions import LOGINS, REQUEST_DURATION, REQUESTS
from services.metrics.process import ProcessMeter

log = logging.getLogger(__name__)

CALLBACK_PATH: Final = "/_dash-update-component"
NO_CALLBACK: Final = "-"
OTHER: Final = "other"
FAILED: Final = "5xx"
UNKNOWN_ENDPOINT: Final = "unknown"
# Waits for another server now and then, and no page waits for it.
UNMEASURED: Final = frozenset({"tile"})
# A line for each of these in the journal; the others are in the metrics only.
SLOW_SECONDS: Final = 1.0
_MOST_LETTERS: Final = 60
_STARTED: Final = "traffic_request_started"


def measure_requests(
    server: flask.Flask, registry: CollectorRegistry, callbacks: Callable[[], Container[str]]
) -> None:
    """Measure every request that a server answers from now on.

    Call it first, so that the time of everything else is in the measure.

    Parameters
    ----------
    server : flask.Flask
    registry : CollectorRegistry
    callbacks : callable
        Gives the outputs of every Dash callback there is, once all are registered:
        names that a client makes up are counted together.
    """
    durations = REQUEST_DURATION.make(registry)
    counts = REQUESTS.make(registry)
    logins = LOGINS.make(registry)
    process = ProcessMeter(registry, "web")
    known_callbacks = cache(callbacks)

    @server.before_request
    def start() -> None:
        if flask.request.endpoint not in UNMEASURED:
            flask.g.setdefault(_STARTED, time.perf_counter())

    @server.after_request
    def finish(response: flask.Response) -> flask.Response:
        started = flask.g.get(_STARTED)
        if started is not None:
            endpoint = flask.request.endpoint or UNKNOWN_ENDPOINT
            callback = called(flask.request, known_callbacks())
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


def called(request: flask.Request, known: Container[str]) -> str:
    """Which Dash callback a request calls: its first output, ``-`` for none."""
    if not request.path.endswith(CALLBACK_PATH):
        return NO_CALLBACK
    try:
        body = request.get_json(silent=True)
    except HTTPException:
        # Too large to be read, say; measuring must not make an error of its own.
        return OTHER
    output = body.get("output") if isinstance(body, dict) else None
    if not isinstance(output, str) or output not in known:
        return OTHER
    return callback_label(output)


def status_label(code: int) -> str:
    """The class of a status code; 503 stands for itself.

    It is a planned answer: what was asked for is not there yet, ask again.

    >>> [status_label(code) for code in (204, 404, 500, 503)]
    ['2xx', '4xx', '5xx', '503']
    """
    return "503" if code == HTTPStatus.SERVICE_UNAVAILABLE else f"{code // 100}xx"


def callback_label(output: str) -> str:
    """A short name of a callback by its outputs, as Dash writes them.

    >>> callback_label("..hour.value...day.value..")
    'hour.value'
    >>> callback_label("shown.data")
    'shown.data'
    """
    return output.strip(".").split("...")[0][:_MOST_LETTERS]
