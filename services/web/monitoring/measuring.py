"""What is measured, under which name, and how: so that a measure tells what visitors got."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import wraps
from http import HTTPStatus
from typing import Any

import flask
from werkzeug.routing import Rule

from services.base.privacy import NOT_KEPT
from services.web.monitoring import capture

CALLBACK_PATH = "/_dash-update-component"

# Files that never change and probes that come every few seconds would drown the rest.
UNMEASURED_PATHS = (
    "/dashboard",
    "/static/",
    "/assets/",
    "/_dash-component-suites/",
    "/_favicon.ico",
    "/_reload-hash",
    "/healthz",
    "/readyz",
    "/metrics",
    "/tiles/",
)

# The same files below the path of another page.
UNMEASURED_PARTS = ("/assets/", "/_dash-component-suites/", "/_favicon.ico", "/_reload-hash")

_OUTPUT = re.compile(r"[\w.@-]{1,100}")


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


def answer_inside(server: flask.Flask, endpoints: Iterable[str]) -> None:
    """Turn the outcome of each view into the response that the visitor gets, within the measure.

    The package takes an exception for a 500 even where an error handler answers something else
    (Dash's ``PreventUpdate`` is a 204), and a ``(body, headers)`` pair too.
    """
    for endpoint in endpoints:
        server.view_functions[endpoint] = _answering(server, server.view_functions[endpoint])


def callback_name() -> str:
    """What tells the Dash callbacks apart: their output. Other requests have none."""
    request = flask.request
    if not request.path.endswith(CALLBACK_PATH):
        return NOT_KEPT
    body = request.get_json(silent=True)
    output = body.get("output") if isinstance(body, dict) else None
    known_form = isinstance(output, str) and _OUTPUT.fullmatch(output)
    return str(output) if known_form else "other"


def _answering(server: flask.Flask, view: Callable[..., Any]) -> Callable[..., flask.Response]:
    @wraps(view)
    def answering(*args: Any, **kwargs: Any) -> flask.Response:
        try:
            outcome = server.ensure_sync(view)(*args, **kwargs)
        # Flask's own method decides which errors have an answer; it raises the others again.
        except Exception as error:
            response = server.make_response(server.handle_user_exception(error))
            if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
                capture(error)
            return response
        return server.make_response(outcome)

    return answering
