"""``/tiles/…``: the backdrop of the map, from this server alone."""

from __future__ import annotations

from typing import Final

from flask import Flask, Response
from flask.typing import ResponseReturnValue

from callbacks.http.answers import conditional, kept_for, nothing
from services.city.city import City
from services.plain.backdrop import Backdrop
from services.roles.assembly import Services
from services.web.tiles import ZOOMS, Tiles, TileUnavailable

URL_TEMPLATE: Final = "/tiles/{z}/{x}/{y}.png"
_ONE_WEEK_S: Final = 604_800
# A map asks again for a tile that it lacks when this is over.
_ONE_MINUTE_S: Final = 60


def backdrop(url: str, city: City) -> Backdrop:
    """What the map is told of its tiles: it asks for no others."""
    return Backdrop(url, city.backdrop, ZOOMS.start, ZOOMS.stop - 1)


def register(server: Flask, services: Services) -> None:
    """Add the route, where there is a backdrop."""
    settings = services.settings
    if not settings.tiles_url:
        return
    contact = settings.contact or str(settings.public_url or "")
    tiles = Tiles(
        settings.tiles_url,
        services.city.backdrop,
        settings.data_dir,
        f"TrafficRennes/0.1 {contact}".strip(),
    )

    @server.get("/tiles/<int:zoom>/<int:x>/<int:y>.png")
    def tile(zoom: int, x: int, y: int) -> ResponseReturnValue:
        try:
            content = tiles.tile(zoom, x, y)
        except TileUnavailable:
            return kept_for(nothing(), _ONE_MINUTE_S)
        return conditional(kept_for(Response(content, content_type="image/png"), _ONE_WEEK_S))
