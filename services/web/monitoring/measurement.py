"""What is measured of a request, and how: so that a measure tells what visitors got.

One wrapper around each view takes the place of the package's four, which start threads.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import wraps
from http import HTTPStatus
from typing import Any

import flask
from werkzeug.routing import Rule

from services.base.privacy import NOT_KEPT
from services.metrics.dash_callbacks import called
from services.web.monitoring import FAILURES
from services.web.monitoring.complaints import Complaints
from services.web.monitoring.records import Failure, Record
from services.web.monitoring.sampler import InProgress, Sampler, head_of
from services.web.monitoring.writer import RecordWriter

# Files that never change and probes that come every few seconds would drown the rest; the files of
# a page may lie below its path.
UNMEASURED_PATHS = ("/dashboard", "/static/", "/healthz", "/readyz", "/metrics", "/tiles/")
UNMEASURED_PARTS = ("/assets/", "/_dash-component-suites/", "/_favicon.ico", "/_reload-hash")
# The package's levels.
_USE_ONLY, _OUTLIERS, _PROFILE = 0, 2, 3


class Measurer:
    """Measures the views of a server, each at its level.

    Parameters
    ----------
    cache : module
        The package's ``core.cache``: times of use and mean durations.
    config : object
        The package's.
    complaints : Complaints
        Told of every measure that fails: none may fail or delay the request it is about.
    """

    def __init__(
        self,
        server: flask.Flask,
        writer: RecordWriter[Record],
        cache: Any,
        config: Any,
        complaints: Complaints,
    ) -> None:
        self._server = server
        self._writer = writer
        self._cache = cache
        self._config = config
        self._complaints = complaints
        self._sampler = Sampler(config.sampling_period, _answer.__code__, complaints)

    def add_decorator(self, endpoint: Any) -> None:
        """Measure a view from now on; takes the place of the package's function of this name.

        Parameters
        ----------
        endpoint : object
            The package's, with its level.
        """
        view = self._server.view_functions[endpoint.name]

        @wraps(view)
        def measured(**parts: Any) -> flask.Response:
            status: int = HTTPStatus.INTERNAL_SERVER_ERROR
            failures: list[Failure] = []
            setattr(flask.g, FAILURES, failures)
            seen = self._begin(endpoint) if endpoint.monitor_level >= _OUTLIERS else None
            started_s = time.perf_counter()
            try:
                response = _answer(self._server, view, parts, failures)
                status = response.status_code
                return response
            finally:
                duration_ms = 1_000 * (time.perf_counter() - started_s)
                self._keep(endpoint, duration_ms, status, failures, seen)

        # By this the package finds what to measure at another level.
        vars(measured)["original"] = view
        self._server.view_functions[endpoint.name] = measured

    def _begin(self, endpoint: Any) -> InProgress | None:
        seen = None
        with self._complaints.instead_of_errors():
            mean_ms = self._cache.get_avg_endpoint(endpoint.name)
            outlier_after_s = mean_ms * self._config.outlier_detection_constant / 1_000
            is_profiled = endpoint.monitor_level >= _PROFILE
            seen = InProgress(outlier_after_s, is_profiled=is_profiled)
            self._sampler.watch(seen)
        return seen

    def _keep(
        self,
        endpoint: Any,
        duration_ms: float,
        status: int,
        failures: list[Failure],
        seen: InProgress | None,
    ) -> None:
        with self._complaints.instead_of_errors():
            if seen is not None:
                self._sampler.leave(seen)
            if endpoint.monitor_level == _USE_ONLY:
                self._cache.update_last_requested_cache(endpoint_name=endpoint.name)
                return
            self._cache.update_duration_cache(endpoint_name=endpoint.name, duration=duration_ms)
            row = {
                "duration": duration_ms,
                "time_requested": datetime.now(UTC),
                "group_by": called(),
                "ip": NOT_KEPT,
                "status_code": status,
            }
            if seen is None:
                self._writer.add(Record(endpoint.name, row, failures))
                return
            head = head_of(self._server.view_functions[endpoint.name])
            lines = seen.lines(head, duration_ms)
            self._writer.add(Record(endpoint.name, row, failures, seen.outlier, lines))


def is_measured(rule: Rule) -> bool:
    """Whether requests to a route are recorded."""
    return not rule.rule.startswith(UNMEASURED_PATHS) and not any(
        part in rule.rule for part in UNMEASURED_PARTS
    )


def measured_rules(server: flask.Flask) -> Callable[[str | None], list[Rule]]:
    """The package's ``get_rules``, for one server: one rule per endpoint unless one is named.

    With two rules for one endpoint the package would count each of its requests twice.
    """

    def get_rules(endpoint_name: str | None = None) -> list[Rule]:
        rules = [rule for rule in server.url_map.iter_rules() if is_measured(rule)]
        if endpoint_name is not None:
            return [rule for rule in rules if rule.endpoint == endpoint_name]
        return list({rule.endpoint: rule for rule in rules}.values())

    return get_rules


def _answer(
    server: flask.Flask,
    view: Callable[..., Any],
    parts: Mapping[str, Any],
    failures: list[Failure],
) -> flask.Response:
    """The response that the visitor gets, made within the measure.

    The package takes an exception for a 500 even where an error handler answers something else
    (Dash's ``PreventUpdate`` is a 204), and a ``(body, headers)`` pair too.
    """
    try:
        return server.make_response(server.ensure_sync(view)(**parts))
    except Exception as error:
        trace = error.__traceback__.tb_next if error.__traceback__ else None
        try:
            # Flask's own method decides which errors have an answer; it raises the others again.
            response = server.make_response(server.handle_user_exception(error))
        except Exception:
            failures.append((type(error), trace, False))
            raise
        if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            failures.append((type(error), trace, True))
        return response
