"""A callback that is asked for again and again, called without what Dash prepares for each call."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any, Final

import orjson
from dash import Dash, Output
from flask import Response, request
from flask.typing import ResponseReturnValue

from callbacks.http.answers import JSON, Document, send_document
from callbacks.http.compression import WORTH_BYTES
from services.metrics.dash_callbacks import CALLBACK_PATH

# Of a refresh: all who ask within the same second get one of three.
_ANSWERS_KEPT: Final = 8


def call_directly(app: Dash, output: Output, function: Callable[..., Any]) -> None:
    """Have one callback of a page called and answered here, all others by Dash as ever.

    Dash's page asks for it as before, and gets what Dash would answer; all that is done before and
    after each request is done for this one too. What it calls has been checked by then
    (:mod:`.dash_requests`).

    Parameters
    ----------
    app : Dash
        Where it is registered.
    output : Output
        The only one of the callback, with an id that is a text.
    function : callable
        The callback's. Takes the values of its inputs and states, gives plain data, and asks
        nothing of Dash's context.
    """
    views = app.server.view_functions
    endpoint = app.config.routes_pathname_prefix.rstrip("/") + CALLBACK_PATH
    called_by_dash = views[endpoint]

    @wraps(called_by_dash)
    def dispatch() -> ResponseReturnValue:
        called = request.get_json()
        if called["output"] != str(output):
            return called_by_dash()
        values = [part.get("value") for part in [*called["inputs"], *called.get("state", [])]]
        told = {output.component_id: {output.component_property: function(*values)}}
        return _answer(orjson.dumps({"multi": True, "response": told}))

    views[endpoint] = dispatch


def _answer(body: bytes) -> Response:
    if len(body) < WORTH_BYTES:
        return Response(body, content_type=JSON)
    response = send_document(_document(body))
    # Nobody keeps the answer to a POST.
    del response.headers["ETag"]
    return response


@lru_cache(_ANSWERS_KEPT)
def _document(body: bytes) -> Document:
    """Compressed once for all who get the same."""
    return Document(body, JSON)
