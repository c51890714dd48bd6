"""The names on the map: communes, junctions and roads, while no tiles tell them.

They are written in the browser's own letters: no font is fetched.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from components.palette import LIGHT, Palette

SOURCE: Final = "names"
# Without glyphs in the style, MapLibre draws letters with the browser's own font of this name.
_FONT: Final = "sans-serif"
_HALO_PX: Final = 1.4
_ALONG_A_ROAD: Final = {
    "symbol-placement": "line",
    "symbol-spacing": 200,
    "text-max-angle": 35,
    # Beside the road: on it they would hide the traffic.
    "text-offset": [0, -1.1],
}
_AT_A_JUNCTION: Final = {
    "text-variable-anchor": ["left", "right", "bottom", "top"],
    "text-radial-offset": 0.6,
    "text-justify": "auto",
    "text-max-width": 7,
}
_IN_A_COMMUNE: Final = {
    "text-letter-spacing": 0.06,
    "text-max-width": 8,
    "text-padding": 2,
    # Beside its place where a sign stands.
    "text-variable-anchor": ["center", "top", "bottom", "left", "right"],
    "text-radial-offset": 1.0,
}


@dataclass(frozen=True)
class NameLayer:
    """The names of one kind.

    Attributes
    ----------
    kind : str
        As ``services/web/map_names.py`` calls it.
    min_zoom : float
        Further out they would be too many.
    size_px : mapping
        Height of letters by zoom.
    layout : mapping
        What else sets them apart.
    """

    kind: str
    min_zoom: float
    size_px: Mapping[int, float]
    layout: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The id of the layer."""
        return f"{SOURCE}-{self.kind}"


# Where there is no room for all, names of the last are written.
LAYERS: Final = (
    NameLayer("road", 10.5, {11: 10.5, 15: 13}, _ALONG_A_ROAD),
    NameLayer("junction", 14, {14: 10.5, 16: 12}, _AT_A_JUNCTION),
    NameLayer("ring-junction", 11.2, {11: 10.5, 15: 13}, _AT_A_JUNCTION),
    NameLayer("commune", 8, {9: 10, 11: 12, 14: 15}, _IN_A_COMMUNE),
)


def map_layers() -> list[dict[str, Any]]:
    """The layers of the map's style, with nothing on them until names are fetched."""
    return [
        {
            "id": layer.name,
            "type": "symbol",
            "source": SOURCE,
            "minzoom": layer.min_zoom,
            "filter": ["==", ["get", "kind"], layer.kind],
            "layout": {
                "text-field": ["get", "name"],
                "text-font": [_FONT],
                "text-size": [
                    "interpolate",
                    ["linear"],
                    ["zoom"],
                    *(part for stop in layer.size_px.items() for part in stop),
                ],
                "symbol-sort-key": ["get", "rank"],
                **layer.layout,
            },
            "paint": _paint(LIGHT),
        }
        for layer in LAYERS
    ]


def theme_paint(palette: Palette) -> dict[str, dict[str, Any]]:
    """Paint properties of a theme by layer."""
    return {layer.name: _paint(palette) for layer in LAYERS}


def _paint(palette: Palette) -> dict[str, Any]:
    return {
        "text-color": palette.name,
        "text-halo-color": palette.background,
        "text-halo-width": _HALO_PX,
    }
