"""Roadworks: their lines and signs on the map, their entry in the legend, and their list.

The figures and the list are written by ``assets/roadworks.js``, from a document of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from dash import html

from components.aria import aria
from components.palette import LIGHT, Palette
from services.base.texts import Texts
from services.plain.roadworks import ROADWORK_LEVELS, RoadworkLevel

TITLE_ID: Final = "roadworks-title"
LINE_ID: Final = "roadworks-line"
TOGGLE_ID: Final = "legend-roadworks"
IN_VIEW_ID: Final = "roadworks-in-view"
LIST_ID: Final = "roadworks-list"
MORE_ID: Final = "roadworks-more"

SOURCE: Final = "roadworks"
SIGNS_LAYER: Final = "roadworks-signs"
# Of those that only come.
_COMING_OPACITY: Final = 0.45
_LINE_ZOOMS: Final = (10, 13, 16)
# A sign that stands alone is seen from afar; in town they would hide the roads.
_SIGN_SIZES: Final = {10: 0.55, 13: 0.8, 16: 1.1}


@dataclass(frozen=True)
class RoadworkLayer:
    """The lines of some levels: the worse, the thicker and the less broken."""

    name: str
    levels: tuple[RoadworkLevel, ...]
    width_px: tuple[float, float, float]
    dash: tuple[float, float]


# From bottom to top.
LINE_LAYERS: Final = (
    RoadworkLayer("roadworks-slight", ("night", "none"), (1.0, 1.8, 3.0), (1.0, 2.5)),
    RoadworkLayer(
        "roadworks-disturbing", ("difficult", "limited", "unknown"), (1.8, 3.2, 5.5), (2.0, 1.2)
    ),
    RoadworkLayer("roadworks-avoid", ("avoid",), (2.8, 5.0, 8.0), (0.6, 0.4)),
)


def map_layers() -> list[dict[str, Any]]:
    """The layers of the map's style, hidden while there is nothing to show."""
    return [*(_line_layer(layer) for layer in LINE_LAYERS), _signs_layer()]


def theme_paint(palette: Palette) -> dict[str, dict[str, Any]]:
    """Paint properties that differ between themes, by layer."""
    return {layer.name: {"line-color": palette.roadwork} for layer in LINE_LAYERS}


def browser_settings() -> dict[str, Any]:
    """What the map's script has to know of them."""
    return {
        "source": SOURCE,
        "layers": [*(layer.name for layer in LINE_LAYERS), SIGNS_LAYER],
        "signs": SIGNS_LAYER,
        "levels": ROADWORK_LEVELS,
    }


def build_entry(texts: Texts) -> html.Button:
    """The entry of the legend, which hides and shows them all; pressed."""
    wording = texts["roadworks"]
    return html.Button(
        [
            html.Span(className="roadworks-sample", **aria(hidden="true")),
            html.Span(wording["legend"], className="legend-word"),
            html.Span(
                texts["glance"]["no_value"],
                id="legend-figures-roadworks",
                className="legend-figures",
            ),
        ],
        id=TOGGLE_ID,
        className="legend-entry",
        title=wording["legend_hint"],
        **aria(pressed="true"),
    )


def build_roadworks(texts: Texts) -> html.Section:
    """The card with the list, empty until the document is there."""
    wording = texts["roadworks"]
    return html.Section(
        [
            html.H2(wording["title"], id=TITLE_ID, className="card-title"),
            html.P(wording["waiting"], id=LINE_ID, className="roadworks-line"),
            html.Button(
                wording["in_view"],
                id=IN_VIEW_ID,
                className="roadworks-filter",
                hidden=True,
                **aria(pressed="false"),
            ),
            # Filled by assets/roadworks.js; Dash leaves what is inside alone.
            html.Ul(id=LIST_ID, className="roadworks-list"),
            html.Button(id=MORE_ID, className="roadworks-filter", hidden=True),
        ],
        className="card-panel roadworks",
        **aria(labelledby=TITLE_ID),
    )


def _line_layer(layer: RoadworkLayer) -> dict[str, Any]:
    return {
        "id": layer.name,
        "type": "line",
        "source": SOURCE,
        "filter": ["in", ["get", "level"], ["literal", list(layer.levels)]],
        "layout": {"line-cap": "butt", "line-join": "round"},
        "paint": {
            "line-color": LIGHT.roadwork,
            "line-width": _by_zoom(dict(zip(_LINE_ZOOMS, layer.width_px, strict=True))),
            "line-dasharray": list(layer.dash),
            "line-opacity": _opacity(),
        },
    }


def _signs_layer() -> dict[str, Any]:
    """A sign at each place, drawn by the script; of those that would meet, the worst."""
    return {
        "id": SIGNS_LAYER,
        "type": "symbol",
        "source": SOURCE,
        "filter": ["==", ["get", "sign"], True],
        "layout": {
            "icon-image": ["concat", "roadwork-", ["get", "level"]],
            "icon-size": _by_zoom(_SIGN_SIZES),
            "icon-padding": 0,
            "symbol-sort-key": ["get", "place"],
        },
        "paint": {"icon-opacity": _opacity()},
    }


def _opacity() -> list[Any]:
    return ["case", ["get", "active"], 1, _COMING_OPACITY]


def _by_zoom(stops: dict[int, float]) -> list[Any]:
    return ["interpolate", ["linear"], ["zoom"], *(part for stop in stops.items() for part in stop)]
