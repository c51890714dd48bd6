"""An application's own scripts and its style sheets, each put together as one file.

Thirty small files take a phone longer than one of the same size, and compress worse.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dash import Dash

from callbacks.http.answers import Document

_TYPES: Final = {"js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8"}
_FOLDER: Final = "assets"
_OWN_SCRIPT: Final = f"/{_FOLDER}/own.js?"
_UNUSED: Final = ("/dash/deps/polyfill@", "/dash/dash_table/")
# A megabyte, which Dash names wherever anything imported it.
_TABLES: Final = "/dash_ag_grid/"


@dataclass(frozen=True)
class OwnFile:
    """Files of one kind together, with where they are served and the address that pages name."""

    rule: str
    address: str
    content_type: str
    body: bytes

    def document(self) -> Document:
        """For those who ask."""
        return Document(self.body, self.content_type)


def put_together(page: Dash) -> list[OwnFile]:
    """Have an application's documents name one script and one style sheet for those of its assets.

    They come in the order in which Dash would load them, each below a line that names it. Call it
    before Dash looks for the files.
    """
    found = [_one(page, kind, paths) for kind in _TYPES if (paths := _assets(page, kind))]
    page.config.assets_ignore = ".*"
    for own in found:
        to = "external_scripts" if own.rule.endswith(".js") else "external_stylesheets"
        page.config[to] = [*page.config[to], own.address]
    return found


def used_scripts(markup: str, *, with_tables: bool = False) -> str:
    """The scripts that Dash names, without those that nothing here runs, our own first.

    Ours fills in what can be read before Dash is there.

    Its polyfill is for browsers before 2017, which our own scripts do not know either; what Dash's
    bundles take from it besides, Bootstrap's bundle has as well. Its tables are used nowhere.
    """
    unused = _UNUSED if with_tables else (*_UNUSED, _TABLES)
    used = [line for line in markup.splitlines() if not any(name in line for name in unused)]
    return "\n".join(sorted(used, key=lambda line: _OWN_SCRIPT not in line))


def _assets(page: Dash, kind: str) -> list[Path]:
    """Those that Dash would load, in its order."""
    folder = Path(page.config.assets_folder)
    ignored = page.config.assets_ignore
    # Those in folders of their own are data of one script.
    return [
        path
        for path in sorted(folder.glob(f"*.{kind}"))
        if not (ignored and re.search(ignored, path.name))
    ]


def _one(page: Dash, kind: str, paths: list[Path]) -> OwnFile:
    body = "".join(
        # A semicolon ends whatever a script left open.
        f"/* {_FOLDER}/{path.name} */\n{path.read_text('utf-8')}\n{';' if kind == 'js' else ''}\n"
        for path in paths
    ).encode()
    name = f"{_FOLDER}/own.{kind}"
    mark = hashlib.sha256(body).hexdigest()[:16]
    return OwnFile(
        rule=f"{page.config.routes_pathname_prefix}{name}",
        address=f"{page.config.requests_pathname_prefix}{name}?m={mark}",
        content_type=_TYPES[kind],
        body=body,
    )
