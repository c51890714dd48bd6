"""What is looked for at the root of a site: icons, manifest, ``robots.txt``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import orjson
from dash import Dash
from flask import Response

from callbacks.http.answers import Document, conditional, kept, kept_for, send_document
from callbacks.http.language import requested_language
from services.base.texts import load_texts
from services.web import icons

FAVICON_PATH: Final = "/favicon.ico"
TOUCH_ICON_PATH: Final = "/apple-touch-icon.png"
MANIFEST_PATH: Final = "/manifest.webmanifest"
ROBOTS_PATH: Final = "/robots.txt"
_ICON_PATH: Final = "/icon-{size}.png"
_TOUCH_ICON_PX: Final = 180
_MANIFEST_ICONS_PX: Final = (192, 512)
_KEPT_SECONDS: Final = 86_400
_PNG: Final = "image/png"
# Nothing there is for anybody but operators.
_CLOSED: Final = ("/connexion", "/dashboard/", "/exploitation")
_ROBOTS: Final = "User-agent: *\n" + "".join(f"Disallow: {path}\n" for path in _CLOSED)


def register(app: Dash) -> None:
    """Add the routes; each file is made when it is first asked for."""
    made: dict[str, Callable[[], Document]] = {
        FAVICON_PATH: lambda: Document(icons.ico(), "image/x-icon"),
        TOUCH_ICON_PATH: lambda: Document(icons.png(_TOUCH_ICON_PX, is_filled=True), _PNG),
        ROBOTS_PATH: lambda: Document(_ROBOTS.encode(), "text/plain; charset=utf-8"),
    } | {_ICON_PATH.format(size=size): _filled(size) for size in _MANIFEST_ICONS_PX}

    @kept(len(made))
    def document(path: str) -> Document:
        return made[path]()

    for path in made:
        app.server.get(path, endpoint=path)(
            lambda path=path: conditional(kept_for(send_document(document(path)), _KEPT_SECONDS))
        )

    @app.server.get(MANIFEST_PATH)
    def manifest() -> Response:
        language = requested_language()
        body = orjson.dumps(_manifest(app, language))
        answer = Response(body, content_type="application/manifest+json")
        answer.vary.add("Cookie")
        return conditional(kept_for(answer, _KEPT_SECONDS))


def _filled(size: int) -> Callable[[], Document]:
    return lambda: Document(icons.png(size, is_filled=True), _PNG)


def _manifest(app: Dash, language: str) -> dict[str, object]:
    """What a home screen shows (https://www.w3.org/TR/appmanifest/)."""
    page = load_texts(language)["page"]
    return {
        "name": page["title"],
        "short_name": page["title"],
        "description": page["description"],
        "lang": language,
        "start_url": app.get_relative_path("/"),
        "display": "minimal-ui",
        "background_color": icons.GROUND,
        "theme_color": icons.GROUND,
        "icons": [
            {
                "src": app.get_relative_path(_ICON_PATH.format(size=size)),
                "sizes": f"{size}x{size}",
                "type": _PNG,
                "purpose": "any",
            }
            for size in _MANIFEST_ICONS_PX
        ],
    }
