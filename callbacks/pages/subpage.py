"""The way to add a page: a small Dash application of its own on the server of the first one.

A page is a module of this package with ``register(main, services)`` that calls
:func:`add_page`, then gives what it returns a layout and callbacks. Each page
loads no more scripts than it names, and keeps the headers, texts and answers to
unknown addresses of all others.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from http import HTTPStatus

from dash import Dash
from flask import redirect
from werkzeug.wrappers import Response

from callbacks.pages import not_found
from callbacks.pages.home import give_document


def add_page(main: Dash, path: str, section: str, scripts: Sequence[str] = ()) -> Dash:
    """Put a page on the server of an application.

    Parameters
    ----------
    main : Dash
        The application of ``/``.
    path : str
        Such as ``/qualite``; with a slash behind it answers too.
    section : str
        Of the texts, whose ``title`` the browser's tab shows.
    scripts : sequence of str
        Names of the files in ``assets/`` that it runs besides ``language.js``.

    Returns
    -------
    Dash
        Without a layout.
    """
    wanted = "|".join(re.escape(name) for name in ("language.js", *scripts))
    page = Dash(
        __name__,
        server=main.server,
        url_base_pathname=f"{path}/",
        assets_folder=main.config.assets_folder,
        # Every style sheet, and no script but those named.
        assets_ignore=rf"^(?!(?:{wanted})$).*\.js$",
        external_stylesheets=main.config.external_stylesheets,
        serve_locally=True,
        update_title="",
    )
    give_document(page, section)
    not_found.register(page, main.get_relative_path("/"))

    @main.server.get(path, endpoint=f"{path} without slash")
    def with_slash() -> Response:
        address: str = main.get_relative_path(f"{path}/")
        return redirect(address, HTTPStatus.PERMANENT_REDIRECT.value)

    return page
