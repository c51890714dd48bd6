"""The Dash callback that a request calls, under the one name that all measures have for it."""

from __future__ import annotations

from collections.abc import Callable, Container
from functools import cache
from typing import Final

import flask
from werkzeug.exceptions import HTTPException

CALLBACK_PATH: Final = "/_dash-update-component"
NO_CALLBACK: Final = "-"
OTHER: Final = "other"
_MAX_CHARACTERS: Final = 60
_KNOWN: Final = "traffic_callbacks"


def know_callbacks(server: flask.Flask, outputs: Callable[[], Container[str]]) -> None:
    """Have the callbacks of a server told apart.

    Parameters
    ----------
    outputs : callable
        Gives the outputs of every Dash callback there is, once all are registered:
        names that a client makes up are counted together.
    """
    server.extensions[_KNOWN] = cache(outputs)


def called() -> str:
    """Which callback the request in progress calls: its first output, ``-`` for none."""
    request = flask.request
    if not request.path.endswith(CALLBACK_PATH):
        return NO_CALLBACK
    try:
        body = request.get_json(silent=True)
    except HTTPException:
        # Too large to be read, say; measuring must not make an error of its own.
        return OTHER
    output = body.get("output") if isinstance(body, dict) else None
    known = flask.current_app.extensions.get(_KNOWN, frozenset)()
    return callback_label(output) if isinstance(output, str) and output in known else OTHER


def callback_label(output: str) -> str:
    """A short name of a callback by its outputs, as Dash writes them.

    >>> callback_label("..hour.value...day.value..")
    'hour.value'
    >>> callback_label("shown.data")
    'shown.data'
    """
    return output.strip(".").split("...")[0][:_MAX_CHARACTERS]
