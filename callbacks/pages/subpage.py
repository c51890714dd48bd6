"""The ways to add a page: of the public application, of text alone, or for operators.

A page is a module of this package with ``register(pages, services)``. Public pages are one Dash
application with Dash Pages, so that moving between them loads no script again; pages of text are
documents without Dash; what operators see is an application of its own, which nobody else reaches.
All have the same frame, headers, texts, measures and answers to unknown addresses.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from http import HTTPStatus
from typing import Any, Final

import dash
from dash import Dash, html
from dash.dash import _ID_STORE
from flask import Response, current_app, has_request_context, redirect, request
from werkzeug.wrappers import Response as WerkzeugResponse

from callbacks.http import site_files
from callbacks.http.answers import conditional, own_to_visitor
from callbacks.http.language import (
    PARAMETER,
    language_in_address,
    offered_language,
    requested_language,
)
from callbacks.http.own_files import used_scripts
from callbacks.http.static_files import asset_url, plotly_url, whole_plotly_url
from callbacks.pages.admission import admit_operators
from callbacks.pages.log_in import FIRST_ROOM, LOG_OUT_PATH
from components.document import Icons, Preview, TextDocument, build_document, build_text_document
from components.first_paint import first_paint
from components.frame import build_framed, build_no_script
from components.frame_data import Frame, Language, LogOut
from components.markup import to_html
from components.not_found import build_not_found
from components.subpage import Subpage
from services.base.texts import Texts, languages, load_texts
from services.web.access.session import log_out_token

HOME_PATH: Final = "/"
API_PATH: Final = "/api/v1/traffic"
DASHBOARD_PATH: Final = "/dashboard/"
# Sections of the texts: of the map, and of where there is nothing.
HOME: Final = "page"
NOT_FOUND: Final = "not_found"
AGE_SCRIPTS: Final = (
    "app.js",
    "documents.js",
    "freshness.js",
    "refresh.js",
    "shared_refresh.js",
    "wording.js",
    "writing.js",
)
"""What the header of a page apart tells the age of the data with."""
# What a page of text looks like; the rest of the style sheets is for other things.
_TEXT_STYLES: Final = ("base.css", "shell.css")
_ROOM_STYLES: Final = (*_TEXT_STYLES, "quality.css", "exploitation.css")
_EXTENSION: Final = "traffic_pages"
# The rule that Dash adds, below its own path, for applications that route in the browser.
_CATCH_ALL: Final = "<path:path>"
# The module whose page Dash shows where it knows none.
_DASH_NOT_FOUND: Final = "not_found_404"

Layout = Callable[[Texts], Subpage]
"""Makes what a page has of its own, for each visitor in their language."""


class Pages:
    """The pages of one server.

    Parameters
    ----------
    main : Dash
        The application of the public pages, which uses Dash Pages; no page is registered yet.
    age : callable
        Gives what the headers of those that no refresh reaches tell the age of the data by
        (:attr:`components.frame_data.Frame.age`); by default nothing.

    Attributes
    ----------
    apps : list of Dash
        Of all pages, the public one first; grows with each that is added for operators.
    styles : dict
        By the section of a page of text, style sheets that it needs besides.
    silent : list
        Sections of the public pages that no refresh reaches.
    previews : dict
        By the section of a page, what makes of its texts what other sites show of a link to it.
    nav, readings, rooms : list of pairs
        Section of the texts and path of each public page, of those of text alone, and of those for
        operators, in the order of their nav.
    """

    def __init__(
        self, main: Dash, age: Callable[[], Mapping[str, Any] | None] = lambda: None
    ) -> None:
        self.main = main
        self._age = age
        self.apps = [main]
        self.nav: list[tuple[str, str]] = []
        self.readings: list[tuple[str, str]] = []
        self.rooms: list[tuple[str, str]] = []
        self.layouts: dict[str, Layout] = {}
        self.silent: list[str] = []
        self.previews: dict[str, Callable[[Texts], Preview | None]] = {}
        self.styles: dict[str, Sequence[str]] = {}
        self._public: dict[str, str] = {}
        main.server.extensions[_EXTENSION] = self
        main.layout = html.Div(dash.page_container)
        # Dash's own list of pages is one for the whole process: the newest application's.
        dash.page_registry.clear()
        _register_with_dash(_DASH_NOT_FOUND, "/404", NOT_FOUND)
        _route_from_the_start(main)
        self.answer_unknown(main)
        self.give_document(main, lambda: self._public.get(request.path, NOT_FOUND))

    def add_public(self, path: str, section: str, layout: Layout) -> None:
        """Have the public application show a page at a path."""
        self.layouts[section] = layout
        self._public[path] = section
        if section != HOME:
            self.silent.append(section)
        _register_with_dash(section, path, section)

    def frame(self, section: str) -> Frame:
        """The frame of a page, for the visitor who asks."""
        language = requested_language()
        others = [_language(code) for code in languages() if code != language]
        offered = offered_language()
        is_room = section in dict(self.rooms)
        nav = self.rooms if is_room else self.nav
        return Frame(
            section=section,
            home_url=self.address(HOME_PATH),
            icon_url=self.main.get_asset_url("icon.svg"),
            api_url=self.main.get_relative_path(API_PATH),
            dashboard_url=self.main.get_relative_path(DASHBOARD_PATH),
            area_url=self.address(FIRST_ROOM),
            nav=[(name, self.address(path)) for name, path in nav],
            readings=[(name, self.address(path)) for name, path in self.readings],
            language=language,
            others=others,
            offered=_language(offered) if offered else None,
            log_out=self._log_out() if is_room else None,
            age=self._age() if section in self.silent else None,
        )

    def _log_out(self) -> LogOut:
        # Dash asks for a layout once outside any request, for its ids alone.
        token = log_out_token() if has_request_context() else ""
        return LogOut(self.main.get_relative_path(LOG_OUT_PATH), token)

    def style_urls(self, section: str) -> list[str]:
        """Of the style sheets of a page without Dash."""
        names = _ROOM_STYLES if section in dict(self.rooms) else _TEXT_STYLES
        return [asset_url(self.main, name) for name in (*names, *self.styles.get(section, ()))]

    def address(self, path: str) -> str:
        """Of a page of ours; it names the language where the address of this one does."""
        url: str = self.main.get_relative_path(path)
        language = language_in_address()
        return f"{url}?{PARAMETER}={language}" if language else url

    def framed(self, section: str) -> html.Div:
        """A page that was added, for the visitor who asks."""
        texts = load_texts(requested_language())
        layout = self.layouts.get(section)
        if layout is None:
            return build_framed(
                texts, self.frame(NOT_FOUND), build_not_found(texts, self.address(HOME_PATH))
            )
        return build_framed(texts, self.frame(section), layout(texts))

    def icons(self) -> Icons:
        """Addresses of the site's icons and of its manifest."""
        return Icons(
            icon_url=self.main.get_asset_url("icon.svg"),
            touch_icon_url=self.main.get_relative_path(site_files.TOUCH_ICON_PATH),
            manifest_url=self.address(site_files.MANIFEST_PATH),
        )

    def text_document(self, section: str, status: HTTPStatus = HTTPStatus.OK) -> Response:
        """A page as a document of text, without Dash."""
        texts = load_texts(requested_language())
        document = TextDocument(
            icons=self.icons(),
            style_urls=self.style_urls(section),
            script_url=asset_url(self.main, "language.js"),
        )
        written = build_text_document(texts, section, document, to_html(self.framed(section)))
        return Response(written, status.value, content_type="text/html; charset=utf-8")

    def give_document(
        self, app: Dash, section: Callable[[], str], *, is_rich: bool = False
    ) -> None:
        """Give an application its document.

        Parameters
        ----------
        section : callable
            Gives that of the page which is asked for, whose ``title`` the browser's tab shows.
        is_rich : bool
            Whether it shows every kind of figure, and tables that sort, whose scripts are large.
        """

        def interpolate_index(**parts: str) -> str:
            texts, name = load_texts(requested_language()), section()
            preview = self.previews.get(name)
            parts["scripts"] = used_scripts(parts["scripts"], with_tables=is_rich)
            return build_document(
                texts,
                texts[name]["title"],
                self.icons(),
                parts,
                no_script=to_html(build_no_script(texts, self.frame(name))),
                plotly_url=whole_plotly_url(app) if is_rich else plotly_url(app),
                first_paint=first_paint(self.framed(name)) if app is self.main else "",
                preview=preview and preview(texts),
            )

        # The way that Dash names for documents of one's own.
        app.interpolate_index = interpolate_index  # type: ignore[method-assign, assignment]

    def answer_unknown(self, app: Dash) -> None:
        """Replace an application's answer to paths that are none of its own.

        Dash alone would answer each of them with its page.
        """

        def unknown(path: str) -> Response:  # noqa: ARG001 - the rule hands it in
            return self.text_document(NOT_FOUND, HTTPStatus.NOT_FOUND)

        app.server.view_functions[app.config.routes_pathname_prefix + _CATCH_ALL] = unknown


def add_page(
    pages: Pages, path: str, section: str, layout: Layout, *, is_offered: bool = True
) -> Dash:
    """Add a page to the public application, and a link to it in the nav of all.

    Parameters
    ----------
    path : str
        Such as ``/qualite``; with a slash behind it leads there too.
    section : str
        Of the texts: ``title`` of the page and of the browser's tab, ``tagline`` below it; its
        link's words are in the section ``nav``.
    is_offered : bool
        Whether the nav leads there.

    Returns
    -------
    Dash
        For its callbacks, whose ids are the page's own.
    """
    pages.add_public(path, section, layout)
    if is_offered:
        pages.nav.append((section, path))
    main = pages.main
    if path != HOME_PATH:
        main.server.get(path, endpoint=path)(lambda: str(main.index()))
        lead(pages, f"{path}/", path)
    return main


def add_text_page(
    pages: Pages,
    path: str,
    section: str,
    layout: Layout,
    *,
    once: Sequence[str] = (),
    styles: Sequence[str] = (),
) -> None:
    """Add a page of text alone, and a link to it in the footer of all.

    Parameters
    ----------
    section : str
        Of the texts, with ``link`` beside ``title`` and ``tagline``.
    layout : callable
        As of :func:`add_page`, of HTML components alone.
    once : sequence of str
        Paths at which it was before, and which lead there.
    styles : sequence of str
        Names of style sheets that it needs besides those of text.
    """
    pages.layouts[section] = layout
    pages.styles[section] = styles
    pages.readings.append((section, path))

    @pages.main.server.get(path, endpoint=path)
    def text_page() -> Response:
        return conditional(own_to_visitor(pages.text_document(section)))

    for other in (f"{path}/", *(f"{old}{slash}" for old in once for slash in ("", "/"))):
        lead(pages, other, path)


def add_operators_page(pages: Pages, path: str, section: str, layout: Layout) -> Dash:
    """Add an application that nobody but a signed-in operator reaches, nor what is below its path.

    Parameters
    ----------
    section : str
        Of the texts: ``title`` and ``tagline``; its link's words are in the section ``nav``.
    layout : callable
        As of :func:`add_page`. Dash calls it once beforehand, outside any request, for the ids
        alone.

    Returns
    -------
    Dash
        For its callbacks.
    """
    admit_operators(pages.main.server, path, lambda: dict(pages.rooms).values())
    room = _apart(pages, path, section, layout)
    pages.rooms.append((section, f"{path}/"))
    return room


def add_page_apart(
    pages: Pages,
    path: str,
    section: str,
    layout: Layout,
    scripts: Sequence[str],
    *,
    is_offered: bool = True,
) -> Dash:
    """Add a public page that is an application of its own, and a link to it in the nav of all.

    For what needs scripts so large that no other page should load them. Its header tells the age
    of the data by :data:`AGE_SCRIPTS`.

    Parameters
    ----------
    section, layout
        As of :func:`add_page`. Dash calls the layout once beforehand, outside any request, for the
        ids alone.
    scripts : sequence of str
        Names of those of the assets that it runs.
    is_offered : bool
        Whether the nav leads there.

    Returns
    -------
    Dash
        For its callbacks.
    """
    app = _apart(pages, path, section, layout, (*AGE_SCRIPTS, *scripts), is_rich=True)
    pages.silent.append(section)
    if is_offered:
        pages.nav.append((section, f"{path}/"))
    return app


def _apart(
    pages: Pages,
    path: str,
    section: str,
    layout: Layout,
    scripts: Sequence[str] = (),
    *,
    is_rich: bool = False,
) -> Dash:
    main = pages.main
    kept = "|".join(re.escape(name) for name in ("language.js", *scripts))
    room = Dash(
        __name__,
        server=main.server,
        url_base_pathname=f"{path}/",
        assets_folder=main.config.assets_folder,
        # Every style sheet, and no script but these.
        assets_ignore=rf"^(?!({kept})$).*\.js$",
        external_stylesheets=main.config.external_stylesheets,
        serve_locally=True,
        update_title="",
        use_pages=False,
        # The whole page would come once more with its document, to be looked up in.
        suppress_callback_exceptions=True,
    )
    pages.give_document(room, lambda: section, is_rich=is_rich)
    pages.answer_unknown(room)
    pages.layouts[section] = layout
    room.layout = lambda: pages.framed(section)
    lead(pages, path, f"{path}/")
    pages.apps.append(room)
    return room


def add_operators_text(pages: Pages, room: Dash, name: str, section: str, layout: Layout) -> None:
    """Add a page of text below an operators' application, behind the same guard.

    Parameters
    ----------
    room : Dash
        Which :func:`add_operators_page` gave.
    name : str
        The last part of its path, such as ``regles``.
    section, layout
        As of :func:`add_operators_page`, of HTML components alone.
    """
    path = f"{room.config.url_base_pathname}{name}"
    pages.layouts[section] = layout
    pages.rooms.append((section, path))
    pages.main.server.get(path, endpoint=path)(lambda: pages.text_document(section))
    lead(pages, f"{path}/", path)


def lead(pages: Pages, path: str, to: str) -> None:
    """Have an address lead to a page's own, with what it asks."""

    @pages.main.server.get(path, endpoint=f"{path} leads to {to}")
    def leading() -> WerkzeugResponse:
        address = pages.main.get_relative_path(to)
        query = request.query_string.decode("ascii", "ignore")
        return redirect(
            f"{address}?{query}" if query else address, HTTPStatus.PERMANENT_REDIRECT.value
        )


def _language(code: str) -> Language:
    texts = load_texts(code)
    wording = texts["language"]
    return Language(code, wording["name"], wording["offer"], wording["accept"], wording["decline"])


def _route_from_the_start(app: Dash) -> None:
    """Have Dash register its router by now, and not before the first request.

    What a callback may be asked, and which scripts a page may run, is read from all there are.
    """
    hooks = app.server.before_request_funcs[None]
    [route] = [hook for hook in hooks if hook.__qualname__.startswith("Dash.enable_pages.")]
    route()
    # Elsewhere scripts learn that another page has come.
    app.clientside_callback(
        dash.ClientsideFunction("shell", "arrived"),
        dash.Input(_ID_STORE, "data"),
        prevent_initial_call=True,
    )


def _register_with_dash(module: str, path: str, section: str) -> None:
    """Tell Dash of a page; what it is made of is found through the application that serves it."""
    dash.register_page(
        module,
        path=path,
        title=partial(_title, section),
        layout=partial(_layout, section),
        image="",
    )


def _layout(section: str, /, **_asked: object) -> html.Div:
    """For Dash, which hands in whatever the address asks."""
    pages: Pages = current_app.extensions[_EXTENSION]
    return pages.framed(section)


def _title(section: str, /, **_asked: object) -> str:
    return str(load_texts(requested_language())[section]["title"])
