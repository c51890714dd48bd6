"""Pages that only a signed-in operator reaches, with their callbacks and files."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Final

from flask import Flask, Response, abort, redirect, request
from werkzeug.wrappers import Response as WerkzeugResponse

from callbacks.http.answers import not_kept
from callbacks.pages.log_in import log_in_address
from services.web.access.session import is_from_own_page, is_signed_in

# What every page has of its own below its path.
_FILES: Final = ("/assets/", "/_dash-component-suites/", "/_favicon.ico")


def admit_operators(server: Flask, path: str, entrances: Callable[[], Iterable[str]]) -> None:
    """Let nobody else reach what is at and below a path; call it before anything reads a request.

    Parameters
    ----------
    path : str
        Without a slash behind it.
    entrances : callable
        Gives the paths of pages, from which whoever is not in yet is led to the log-in and back;
        all else answers 401.
    """

    def is_here() -> bool:
        return request.path == path or request.path.startswith(f"{path}/")

    @server.before_request
    def admit() -> WerkzeugResponse | None:
        if not is_here():
            return None
        if request.method not in {"GET", "HEAD"} and not is_from_own_page():
            abort(HTTPStatus.FORBIDDEN)
        if is_signed_in():
            return None
        for entrance in entrances():
            if request.path.rstrip("/") == entrance.rstrip("/"):
                return redirect(log_in_address(entrance))
        return abort(HTTPStatus.UNAUTHORIZED)

    @server.after_request
    def keep_nothing(response: Response) -> Response:
        """What operators saw stays in no cache; scripts and styles are everybody's."""
        if is_here() and not any(part in request.path for part in _FILES):
            not_kept(response)
        return response
