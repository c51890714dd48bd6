"""The way to add a page: a small Dash application of its own on the server of the first one.

A page is a module of this package with ``register(pages, services)`` that calls :func:`add_page`
and registers its callbacks with what that returns. Each page loads no more scripts than it names,
and has the headers, texts, measures and answers to unknown addresses of all others.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from http import HTTPStatus

from dash import Dash, html
from flask import redirect
from werkzeug.wrappers import Response

from callbacks.http.language import requested_language
from callbacks.pages import not_found
from callbacks.pages.admission import admit_operators
from components.document import build_document
from components.subpage import Subpage, build_subpage
from services.base.texts import Texts, languages, load_texts


class Pages:
    """The pages of one server: the first one, and those beside it.

    Parameters
    ----------
    main : Dash
        The application of ``/``.

    Attributes
    ----------
    apps : list of Dash
        Of all pages, the first one first; grows with each that is added.
    links : list of pairs
        Section of the texts and address of each page beside the first one, for its footer.
    """

    def __init__(self, main: Dash) -> None:
        self.main = main
        self.apps = [main]
        self.links: list[tuple[str, str]] = []


def add_page(
    pages: Pages,
    path: str,
    section: str,
    layout: Callable[[Texts], Subpage],
    *,
    scripts: Sequence[str] = (),
    for_operators: bool = False,
) -> Dash:
    """Put a page on the server, and a link to it on the first page.

    Parameters
    ----------
    path : str
        Such as ``/qualite``; with a slash behind it answers too.
    section : str
        Of the texts: ``title`` of the page and of the browser's tab, ``tagline`` below it, and
        ``link`` that leads there.
    layout : callable
        Makes what the page has of its own, for each visitor in their language. Dash calls it once
        beforehand, outside any request, for the ids alone.
    scripts : sequence of str
        Names of the files in ``assets/`` that it alone runs, besides ``language.js``.
    for_operators : bool
        Whether nobody but a signed-in operator may see it.

    Returns
    -------
    Dash
        For its callbacks.
    """
    main = pages.main
    if for_operators:
        admit_operators(main.server, path)
    page = _application(main, path, scripts)
    give_document(page, section)
    not_found.register(page, main.get_relative_path("/"))

    def whole_page() -> html.Div:
        language = requested_language()
        texts = load_texts(language)
        return build_subpage(
            texts,
            section,
            layout(texts),
            home_url=main.get_relative_path("/"),
            icon_url=page.get_asset_url("icon.svg"),
            languages=languages(),
            language=language,
        )

    page.layout = whole_page

    @main.server.get(path, endpoint=f"{path} without slash")
    def with_slash() -> Response:
        address: str = main.get_relative_path(f"{path}/")
        return redirect(address, HTTPStatus.PERMANENT_REDIRECT.value)

    pages.apps.append(page)
    pages.links.append((section, main.get_relative_path(f"{path}/")))
    return page


def give_document(app: Dash, section: str, plotly_url: str | None = None) -> None:
    """Give an application its document.

    Parameters
    ----------
    section : str
        Of the texts, whose ``title`` the browser's tab shows.
    plotly_url : str, optional
        As :func:`components.document.build_document` takes it.
    """

    def interpolate_index(**parts: str) -> str:
        texts = load_texts(requested_language())
        icon_url = app.get_asset_url("icon.svg")
        return build_document(texts, texts[section]["title"], icon_url, parts, plotly_url)

    # The way that Dash names for documents of one's own.
    app.interpolate_index = interpolate_index  # type: ignore[method-assign, assignment]


def _application(main: Dash, path: str, scripts: Sequence[str]) -> Dash:
    own = [re.escape(name) for name in scripts]
    # The first page runs every script but those of others.
    main.config.assets_ignore = "|".join(
        filter(None, [main.config.assets_ignore, *(rf"^{name}$" for name in own)])
    )
    return Dash(
        __name__,
        server=main.server,
        url_base_pathname=f"{path}/",
        assets_folder=main.config.assets_folder,
        # Every style sheet, and no script but those named.
        assets_ignore=rf"^(?!(?:{'|'.join([re.escape('language.js'), *own])})$).*\.js$",
        external_stylesheets=main.config.external_stylesheets,
        serve_locally=True,
        update_title="",
    )
