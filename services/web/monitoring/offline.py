"""The package's pages as they are shown here: files of ours first, and nothing from another host.

The package's templates name scripts on three other hosts, and some of its pages would be empty or
mislead here. Files of ours take the place of the package's of the same name; AngularJS comes from
the xstatic-angular package.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import flask
import jinja2
from xstatic.pkg import angular

HERE = Path(__file__).parent
STATIC_ENDPOINT = "static"

_ANGULAR = Path(angular.BASE_DIR)
_OURS = {
    "angular.js": _ANGULAR / "angular.js",
    "angular-route.js": _ANGULAR / "angular-route.js",
    **{
        path.relative_to(HERE / "static").as_posix(): path
        for path in (HERE / "static").rglob("*.*")
    },
}


def use_own_page(package: ModuleType) -> None:
    """Make the package's blueprint, not yet registered, find templates of ours first."""
    blueprint = package.blueprint
    searched = [HERE / "templates", *blueprint.jinja_loader.searchpath]
    blueprint.jinja_loader = jinja2.FileSystemLoader(searched)


def use_own_files(server: flask.Flask, package: ModuleType) -> None:
    """Serve files of ours instead of the package's of the same name."""
    files = (HERE / "words").glob("*.toml")
    words = {path.stem: tomllib.loads(path.read_text("utf-8")) for path in files}
    name = f"{package.config.blueprint_name}.{STATIC_ENDPOINT}"
    theirs = server.view_functions[name]

    def send_file(filename: str) -> Any:
        language = filename.removeprefix("words-").removesuffix(".json")
        if filename == f"words-{language}.json" and language in words:
            return flask.jsonify(words[language])
        if filename in _OURS:
            return flask.send_file(_OURS[filename])
        return theirs(filename=filename)

    server.view_functions[name] = send_file
