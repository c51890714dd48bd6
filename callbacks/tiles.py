"""``/tiles/…``: the backdrop of the map, from this server alone."""

from __future__ import annotations

from typing import Final

from flask import Flask, Response, abort, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import ServiceUnavailable

from services.settings import Settings
from services.tiles import Tiles, TileUnavailable, covers

URL_TEMPLATE: Final = "/tiles/{z}/{x}/{y}.png"
_ONE_WEEK_S: Final = 604_800
_RETRY_AFTER_S: Final = 60


def register(server: Flask, settings: Settings) -> None:
    """Add the route, where there is a backdrop."""
    if not settings.tiles_url:
        return
    contact = settings.contact or str(settings.public_url or "")
    tiles = Tiles(settings.tiles_url, settings.data_dir, f"TrafficRennes/0.1 {contact}".strip())

    @server.get("/tiles/<int:zoom>/<int:x>/<int:y>.png")
    def tile(zoom: int, x: int, y: int) -> ResponseReturnValue:
        if not covers(zoom, x, y):
            abort(404)
        try:
            content = tiles.tile(zoom, x, y)
        except TileUnavailable as error:
            return ServiceUnavailable(str(error), retry_after=_RETRY_AFTER_S).get_response()
        response = Response(content, content_type="image/png")
        response.headers["Cache-Control"] = f"public, max-age={_ONE_WEEK_S}"
        response.add_etag()
        return response.make_conditional(request)
