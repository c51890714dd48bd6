"""Requests of Dash's own protocol that no page of ours makes: the caller's fault, not ours.

Dash answers 500 to a callback that does not exist and to a script that it does not
know, with which anybody could raise an alarm.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from dash import Dash
from dash.exceptions import DependencyException
from flask import Flask, abort, request
from werkzeug.exceptions import NotFound

from services.metrics.requests import CALLBACK_PATH


def register(server: Flask, pages: Sequence[Dash]) -> None:
    """Answer 400 and 404 to them.

    Parameters
    ----------
    server : Flask
    pages : sequence of Dash
        May still grow: it is read at the first request.
    """

    @cache
    def known(prefix: str) -> frozenset[str]:
        return frozenset(
            key
            for page in pages
            if page.config.routes_pathname_prefix.rstrip("/") == prefix
            for key in page.callback_map
        )

    @server.before_request
    def check_callback() -> None:
        prefix, found, rest = request.path.partition(CALLBACK_PATH)
        if not found or rest or request.method != "POST":
            return
        body = request.get_json(silent=True)
        called = body if isinstance(body, dict) else {}
        output = called.get("output")
        if not isinstance(output, str) or output not in known(prefix):
            abort(400, "there is no such callback")
        if not isinstance(called.get("inputs"), list):
            abort(400, "a callback has inputs")

    @server.errorhandler(DependencyException)
    def unknown_script(_error: DependencyException) -> NotFound:
        return NotFound()
