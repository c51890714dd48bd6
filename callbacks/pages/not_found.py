"""Unknown addresses answer 404; Dash alone would answer each of them with its page."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from dash import Dash
from flask import Response

from callbacks.http.language import requested_language
from callbacks.http.static_files import bootstrap_url
from components.not_found import build_not_found
from services.base.texts import load_texts

# The rule that Dash adds, below its own path, for applications that route in the browser.
_CATCH_ALL: Final = "<path:path>"


def register(app: Dash, home_url: str) -> None:
    """Replace an application's answer to unknown paths.

    Parameters
    ----------
    app : Dash
        Of the first page or of another one.
    home_url : str
        Where the visitor is led back to.
    """

    def not_found(path: str) -> Response:  # noqa: ARG001 - the rule hands it in
        language = requested_language()
        document = build_not_found(load_texts(language), language, home_url, bootstrap_url())
        return Response(
            document, HTTPStatus.NOT_FOUND.value, content_type="text/html; charset=utf-8"
        )

    app.server.view_functions[app.config.routes_pathname_prefix + _CATCH_ALL] = not_found
