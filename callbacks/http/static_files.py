"""Files of the pages: read and compressed once for all visitors, and kept by browsers.

Dash and Flask read a file anew for each request, and it would be compressed anew as well: 130 ms of
a core for Plotly's, of which anybody may ask for as many as they like.
"""

from __future__ import annotations

import posixpath
import re
import threading
from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import flask_bootstrap
import plotly
from dash import Dash
from dash.fingerprint import check_fingerprint
from flask import Flask, Response, abort, request, send_file

from callbacks.http.answers import Document, asked_again, conditional, send_document, send_lasting
from callbacks.http.own_files import put_together
from services.web import plotly_bundle

_PLOTLY_PATH: Final = "/vendor/plotly.min.js"
# With every kind of figure, for the page that shows more than maps.
_WHOLE_PLOTLY_PATH: Final = "/vendor/plotly-whole.min.js"
_PLOTLY_FILE: Final = "package_data/plotly.min.js"
_SCRIPT: Final = "text/javascript; charset=utf-8"
_BOOTSTRAP_PATH: Final = "/vendor/bootstrap.min.css"
_BOOTSTRAP_FILE: Final = "static/bootstrap5/css/bootstrap.min.css"
_SUITES: Final = "/_dash-component-suites/"
_FOLDERS: Final = ("/assets/<path:filename>", "/dashboard/static/<path:filename>")
_LINK: Final = re.compile(r'(?:href|src)="([^"]+)"')
# As Dash names files of packages, by version and time, and those of the assets, by time.
_IN_NAME: Final = re.compile(r"\.(v[\w-]+m[0-9a-f]+)\.[^/]+$")
_IN_QUERY: Final = "?m="

View = Callable[..., Any]


def bootstrap_url() -> str:
    """The address of Bootstrap's CSS, as the package has it."""
    return f"{_BOOTSTRAP_PATH}{_IN_QUERY}{Path(_bootstrap_file()).stat().st_mtime}"


def plotly_url(page: Dash) -> str:
    """The address of Plotly's script, which changes with it; Dash's own names no version."""
    bundle = plotly_bundle.find()
    mark = bundle.mark if bundle else Path(_plotly_file()).stat().st_mtime
    return f"{page.get_relative_path(_PLOTLY_PATH)}{_IN_QUERY}{mark}"


def whole_plotly_url(page: Dash) -> str:
    """The same of Plotly's script with every kind of figure."""
    mark = Path(_plotly_file()).stat().st_mtime
    return f"{page.get_relative_path(_WHOLE_PLOTLY_PATH)}{_IN_QUERY}{mark}"


def _whole_plotly() -> Document:
    return Document(Path(_plotly_file()).read_bytes(), _SCRIPT)


def _plotly() -> Document:
    bundle = plotly_bundle.find()
    if bundle is None:
        return _whole_plotly()
    return Document(bundle.path.read_bytes(), _SCRIPT, {"br": bundle.compressed.read_bytes()})


def _plotly_file() -> str:
    return str(Path(plotly.__file__).resolve().parent / _PLOTLY_FILE)


def _bootstrap_file() -> str:
    return str(Path(flask_bootstrap.__file__).resolve().parent / _BOOTSTRAP_FILE)


def asset_url(app: Dash, name: str) -> str:
    """The address of a file of the assets, which changes with it, as Dash writes it."""
    changed_at = (Path(app.config.assets_folder) / name).stat().st_mtime
    return f"{app.get_asset_url(name)}{_IN_QUERY}{changed_at}"


def register(pages: Sequence[Dash], *, is_debug: bool = False) -> None:
    """Serve every file from memory; call it once every route is there.

    A file that changes while the process runs is not read again, but for those who debug.

    Parameters
    ----------
    pages : sequence of Dash
        All on one server.
    is_debug : bool
        Whether nothing is kept, neither here nor by browsers, and scripts and style sheets stay as
        many as there are.
    """
    server = pages[0].server
    own = [] if is_debug else [file for page in pages for file in put_together(page)]
    named = [link for page in pages for link in _named_by(page)]
    # Pages of text name them one by one.
    named += [asset_url(pages[0], path.name) for path in _single_files(pages[0])]
    files = _Files(server, named, is_kept=not is_debug)
    scripts = ((_PLOTLY_PATH, _plotly), (_WHOLE_PLOTLY_PATH, _whole_plotly))
    for rule, make in (*scripts, *((file.rule, file.document) for file in own)):
        server.get(rule, endpoint=rule)(files.whole(rule, make))
    server.get(_BOOTSTRAP_PATH, defaults={"filename": _bootstrap_file()}, endpoint="bootstrap")(
        files.folder("", send_file)
    )
    for rule in server.url_map.iter_rules():
        view = server.view_functions[rule.endpoint]
        if _SUITES in rule.rule:
            server.view_functions[rule.endpoint] = files.suites(view)
        elif rule.rule.endswith(_FOLDERS):
            # The assets of all pages are the same.
            folder = rule.rule[rule.rule.rindex("/", 0, rule.rule.index("<") - 1) :]
            server.view_functions[rule.endpoint] = files.folder(folder, view)


def _single_files(page: Dash) -> Iterable[Path]:
    return (path for path in Path(page.config.assets_folder).glob("*.*") if path.is_file())


def _named_by(page: Dash) -> list[str]:
    """What an application's documents name.

    Dash finds out during a process's first request which scripts and styles it has. A page asked
    for meanwhile would come without some of them, and a script would be answered with 500.
    """
    page._setup_server()  # noqa: SLF001 - by now and not while several ask
    with page.server.test_request_context():
        # Not the whole document, for which a database would be asked.
        tags = page._generate_scripts_html() + page._generate_css_dist_html()  # noqa: SLF001
        return [*_LINK.findall(tags), plotly_url(page), whole_plotly_url(page)]


class _Files:
    """The files that were asked for, each with what browsers may do with it.

    Parameters
    ----------
    named : iterable of str
        Addresses that pages of this process name: what it has. Another version's page may come here
        for a file under the name of its own version, and must not keep this one's as that.
    is_kept : bool
        Whether a file is read once, and browsers may keep it.
    """

    def __init__(self, server: Flask, named: Iterable[str], *, is_kept: bool) -> None:
        self._server = server
        self._is_kept = is_kept
        self._known = {mark for address in named if (mark := _mark(address)) is not None}
        # No more than there are files: what has no file, or is another name of one, raises.
        self._read: dict[tuple[str, str], Document] = {}
        self._reading = threading.Lock()

    def suites(self, view: View) -> View:
        """The view of files of packages that Dash serves, from memory."""

        @wraps(view)
        def serve(package_name: str, fingerprinted_path: str) -> Response:
            path, _ = check_fingerprint(fingerprinted_path)
            return self._send((package_name, path), lambda: self._made(view, package_name, path))

        return serve

    def folder(self, name: str, view: View) -> View:
        """The view of the files of a folder, from memory."""

        @wraps(view)
        def serve(filename: str) -> Response:
            return self._send((name, filename), lambda: self._made(view, filename))

        return serve

    def whole(self, address: str, make: Callable[[], Document]) -> View:
        """The view of one file that is made of others, or lies elsewhere."""

        def serve() -> Response:
            return self._send(("", address), make)

        return serve

    def _send(self, key: tuple[str, str], make: Callable[[], Document]) -> Response:
        document = self._document(key, make)
        mark = _mark(request.full_path.removesuffix("?"))
        if self._is_kept and mark in self._known:
            return send_lasting(document)
        return conditional(asked_again(send_document(document)))

    def _document(self, key: tuple[str, str], make: Callable[[], Document]) -> Document:
        _, path = key
        if posixpath.normpath(path) != path:
            # "1/../base.css" would be found, and so would any number of such names.
            abort(HTTPStatus.NOT_FOUND)
        with self._reading:
            if key not in self._read or not self._is_kept:
                self._read[key] = make()
            return self._read[key]

    def _made(self, view: View, *of: str) -> Document:
        # A request of its own: a part or nothing may be asked for in the real one.
        with self._server.test_request_context():
            response = self._server.make_response(view(*of))
            response.direct_passthrough = False
            document = Document(response.get_data(), response.content_type)
            response.close()
        return document


def _mark(address: str) -> str | None:
    """What changes in an address when the file does; None where nothing does.

    >>> _mark("/_dash-component-suites/dash/dcc/async-graph.v4_4_1m1795936334.js")
    '/_dash-component-suites/dash/dcc/v4_4_1m1795936334'
    >>> _mark("/assets/base.css?m=1795936248.74")
    '/assets/base.css?m=1795936248.74'
    >>> _mark("/assets/base.css?x=.v4_4_1m1795936334.js")
    """
    path, _, query = address.partition("?")
    if _SUITES not in path:
        return address if _IN_QUERY in address else None
    # What a script loads later lies beside it, and has its mark.
    found = None if query else _IN_NAME.search(path)
    return None if found is None else f"{posixpath.dirname(path)}/{found[1]}"
