"""The package's pages without the internet: every script comes from this server.

The package's templates name AngularJS, d3 and sunburst-chart on three CDNs, and its overview
asks PyPI for the newest release. Here the templates are rewritten as they are loaded, AngularJS
comes from the xstatic-angular package, and our own scripts do the rest.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import flask
import jinja2
from werkzeug.exceptions import NotFound
from xstatic.pkg import angular

HERE = Path(__file__).parent
PAGE_TEMPLATE = "fmd_base.html"
FILES_ENDPOINT = "offline"
MAX_AGE_SECONDS = 3600

_ANGULAR = Path(angular.BASE_DIR)
_FILES = {
    "angular.js": _ANGULAR / "angular.js",
    "angular-route.js": _ANGULAR / "angular-route.js",
    "charts.js": HERE / "static" / "charts.js",
    "page.js": HERE / "static" / "page.js",
    "page.css": HERE / "static" / "page.css",
    "login.css": HERE / "static" / "login.css",
    "release.json": HERE / "static" / "release.json",
}
# What each remote script of the package is replaced by; any other one is left out.
_REPLACEMENTS = {
    "angular.js": "angular.js",
    "angular-route.js": "angular-route.js",
    "d3.min.js": "charts.js",
}
_REMOTE_SCRIPT = re.compile(r'<script\s+src="(?:https?:)?//[^"]*?([^"/]+)"\s*></script>')


def serve_offline(package: ModuleType) -> None:
    """Make the package's blueprint, not yet registered, serve its pages from here alone."""
    blueprint = package.blueprint
    package_templates = blueprint.jinja_loader.searchpath
    blueprint.jinja_loader = _OfflineLoader([HERE / "templates", *package_templates])
    blueprint.add_url_rule("/offline/<path:filename>", FILES_ENDPOINT, _send_file)


def without_remote_scripts(template: str, address_of: Callable[[str], str]) -> str:
    """The source of the package's page with local scripts only.

    Parameters
    ----------
    template
        Its source, in Jinja's language.
    address_of
        Gives the address of a file of ours, in Jinja's language as well.
    """

    def local_script(match: re.Match[str]) -> str:
        name = _REPLACEMENTS.get(match.group(1))
        return f'<script src="{address_of(name)}"></script>' if name else ""

    source = _REMOTE_SCRIPT.sub(local_script, template)
    # Without this AngularJS tries eval, which the content security policy refuses.
    source = source.replace("<html ", '<html ng-csp="no-unsafe-eval" ', 1)
    style = f'<link rel="stylesheet" href="{address_of("page.css")}" /></head>'
    source = source.replace("</head>", style, 1)
    return source.replace("</body>", f'<script src="{address_of("page.js")}"></script></body>')


class _OfflineLoader(jinja2.FileSystemLoader):
    def get_source(
        self, environment: jinja2.Environment, template: str
    ) -> tuple[str, str, Callable[[], bool]]:
        source, filename, is_fresh = super().get_source(environment, template)
        if template == PAGE_TEMPLATE:
            source = without_remote_scripts(source, _address_in_template)
        return source, filename, is_fresh


def _address_in_template(filename: str) -> str:
    return f"{{{{ url_for('.{FILES_ENDPOINT}', filename='{filename}') }}}}"


def _send_file(filename: str) -> flask.Response:
    path = _FILES.get(filename)
    if path is None:
        raise NotFound
    return flask.send_file(path, max_age=MAX_AGE_SECONDS)
