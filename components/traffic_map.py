"""The map: a figure whose style draws the roads, coloured by the browser's feature-state.

The figure is sent once and never again. The browser fetches the network by the
style's source and recolours it; the five empty traces only serve when the map
inside the graph cannot be reached (``assets/map_traces.js``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import plotly.graph_objects as go
from dash import dcc, html
from dash.development.base_component import Component

from components import map_names, roadworks
from components.aria import aria
from components.find import build_find
from components.legend import build_key
from components.palette import LIGHT, OFFSET_PX, THEMES, WIDTH_PX, Palette
from components.unusual import COMPARISONS, build_toggle
from services.base.texts import Texts
from services.plain.backdrop import Backdrop, Bounds
from services.plain.statuses import DATEX_NAMES

GRAPH_ID: Final = "map"
FRAME_ID: Final = "map-frame"
ROAD_LABEL_ID: Final = "road-label"
ZOOM_IN_ID: Final = "zoom-in"
ZOOM_OUT_ID: Final = "zoom-out"
WHOLE_VIEW_ID: Final = "whole-view"
UNAVAILABLE_ID: Final = "map-unavailable"
DEMO_ATTRIBUTION_ID: Final = "attribution-demo"

ROADS_SOURCE: Final = "roads"
HIGHLIGHT_SOURCE: Final = "roads-highlight"
ZONE_SOURCE: Final = "roads-zone"
NEAR_SOURCE: Final = "near-me"
TILES_LAYER: Final = "tiles"
_INITIAL_ZOOM: Final = 10.5
_NOTHING: Final = {"type": "FeatureCollection", "features": []}
# How far lines may be simplified (pixels of a tile) and reach beyond their tile: each corner of
# each copy of a road is written anew whenever its colour changes. With MapLibre's own 0.375 and
# 128 a refresh took a quarter longer to paint.
_SIMPLIFIED_PX: Final = 1.0
_BUFFER_PX: Final = 24
_STATUS: Final = ["coalesce", ["feature-state", "status"], -1]
_OUTLINED_STATUS: Final = ["get", "status"]


@dataclass(frozen=True)
class RoadLayer:
    """One line layer over all roads, which shows those of some statuses."""

    name: str
    statuses: tuple[str, ...]
    opacity: float = 1.0
    dash: tuple[float, ...] = ()
    extra_width_px: float = 0.0
    min_zoom: float = 0.0


_HIGHLIGHT_EXTRA_PX: Final = 6.0
_HIGHLIGHT_OPACITY: Final = 0.9
# Of the roads of the zone looked at, both directions in one.
_ZONE_WIDTH_PX: Final = {10: 6.0, 13: 12.0, 16: 26.0}
_ZONE_OPACITY: Final = 0.28
_NEAR_RADIUS_PX: Final = 8
_NEAR_STROKE_PX: Final = 3
CASING: Final = RoadLayer(
    "roads-casing",
    ("freeFlow", "heavy", "congested"),
    0.85,
    extra_width_px=1.6,
    # Further out, roads lie too close together for their edges to show.
    min_zoom=12.5,
)
# From bottom to top: what matters most is drawn last, so that a free road
# never hides a jam in the other direction. Each layer more makes every refresh longer.
ROAD_LAYERS: Final = (
    CASING,
    RoadLayer("roads", ("freeFlow", "heavy", "congested")),
    RoadLayer("roads-jams", ("congested",)),
    RoadLayer("roads-dashed", ("unknown", "impossible"), dash=(1.8, 1.4)),
)


def build_figure(
    network_url: str | None,
    backdrop: Backdrop | None,
    bounds: Bounds,
    class_widths: Mapping[str, float],
) -> go.Figure:
    """The figure of the map.

    Parameters
    ----------
    network_url : str or None
        Where the browser fetches the roads; None before the first snapshot.
    bounds : tuple of float
        What is shown first.
    class_widths : mapping
        Road classes that are drawn wider, so that main roads read as such, and how many times.
    """
    west, south, east, north = bounds
    figure = go.Figure(data=[_empty_trace(status) for status in DATEX_NAMES])
    figure.update_layout(
        map={
            "style": build_style(network_url, backdrop, class_widths),
            "center": {"lon": (west + east) / 2, "lat": (south + north) / 2},
            "zoom": _INITIAL_ZOOM,
        },
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        showlegend=False,
        uirevision="constant",
        paper_bgcolor="rgba(0,0,0,0)",
        template=None,
    )
    return figure


def build_style(
    network_url: str | None,
    backdrop: Backdrop | None,
    class_widths: Mapping[str, float],
) -> dict[str, Any]:
    """The map's style: background, tiles (hidden until the map has loaded), roads and names.

    The tiles wait because a tile that fails while the graph is being made
    rejects the graph's promise, and with it every later update. The names wait for the roads
    (``assets/map_names.js``).
    """
    sources: dict[str, Any] = {
        ROADS_SOURCE: {
            "type": "geojson",
            "data": network_url or _NOTHING,
            "tolerance": _SIMPLIFIED_PX,
            "buffer": _BUFFER_PX,
        },
        # Of its own, so that the road pointed at costs nothing when all roads are painted.
        HIGHLIGHT_SOURCE: {"type": "geojson", "data": _NOTHING},
        ZONE_SOURCE: {"type": "geojson", "data": _NOTHING},
        NEAR_SOURCE: {"type": "geojson", "data": _NOTHING},
        roadworks.SOURCE: {"type": "geojson", "data": _NOTHING},
        map_names.SOURCE: {"type": "geojson", "data": _NOTHING},
    }
    layers: list[dict[str, Any]] = [
        {"id": "background", "type": "background", "paint": _background_paint(LIGHT)}
    ]
    if backdrop is not None:
        sources[TILES_LAYER] = {
            "type": "raster",
            "tiles": [backdrop.url],
            "tileSize": 256,
            "bounds": list(backdrop.bounds),
            "minzoom": backdrop.first_zoom,
            "maxzoom": backdrop.last_zoom,
        }
        layers.append(
            {
                "id": TILES_LAYER,
                "type": "raster",
                "source": TILES_LAYER,
                "layout": {"visibility": "none"},
                "paint": dict(LIGHT.raster),
            }
        )
    class_factor = _class_factor(class_widths)
    layers.append(_zone_layer())
    layers.append(_highlight_layer(class_factor))
    layers.extend(_road_layer(layer, class_factor) for layer in ROAD_LAYERS)
    # The last are placed first: a name leaves its place to the sign of a roadwork.
    layers.extend(map_names.map_layers())
    layers.extend(roadworks.map_layers())
    layers.append(_near_layer())
    return {
        "version": 8,
        "sources": sources,
        "layers": layers,
        # A map that is copied for paper has its colours at once.
        "transition": {"duration": 0, "delay": 0},
    }


def browser_settings(
    network_url_template: str,
    details_url_template: str,
    events_url_template: str,
    network_version: str | None,
    bounds: Bounds,
    *,
    names_url_template: str,
) -> dict[str, Any]:
    """What the map's script has to know, beside the style.

    Parameters
    ----------
    network_url_template, details_url_template, events_url_template, names_url_template : str
        Addresses with ``{version}`` in them.
    network_version : str or None
        The network that the style starts with.
    bounds : tuple of float
        What is shown first, and again when all is asked for.
    """
    return {
        "graph": GRAPH_ID,
        "source": ROADS_SOURCE,
        "highlightSource": HIGHLIGHT_SOURCE,
        "zoneSource": ZONE_SOURCE,
        "nearSource": NEAR_SOURCE,
        "tiles": TILES_LAYER,
        "bounds": bounds,
        "network": network_version,
        "networkUrl": network_url_template,
        "namesSource": map_names.SOURCE,
        "namesLayers": [layer.name for layer in map_names.LAYERS],
        "namesUrl": names_url_template,
        "detailsUrl": details_url_template,
        "eventsUrl": events_url_template,
        "statuses": DATEX_NAMES,
        "layers": {
            layer.name: {
                "codes": [DATEX_NAMES.index(status) for status in layer.statuses],
                "opacity": layer.opacity,
            }
            for layer in ROAD_LAYERS
        },
        "comparisons": COMPARISONS,
        "roadworks": roadworks.browser_settings(),
        "offsetPx": list(OFFSET_PX.items()),
        "widthPx": [
            [[zoom, widths[status]] for zoom, widths in WIDTH_PX.items()] for status in DATEX_NAMES
        ],
        "paint": {theme: _theme_paint(palette) for theme, palette in THEMES.items()},
        "traceColors": {
            theme: [palette.status[status] for status in DATEX_NAMES]
            for theme, palette in THEMES.items()
        },
    }


def build_map(
    texts: Texts,
    figure: go.Figure,
    *,
    banner: html.P,
    legend: html.Section,
    has_tiles: bool,
) -> html.Section:
    """The map with what lies on it: buttons, legend, attributions, and what says its moment."""
    return html.Section(
        [
            build_find(texts),
            *_graph(texts, figure),
            build_toggle(texts),
            _foot(texts, legend, has_tiles=has_tiles),
            banner,
        ],
        id=FRAME_ID,
        className="map-frame",
        **aria(label=texts["page"]["tagline"]),
    )


def build_stored_map(
    texts: Texts, figure: go.Figure, *, banner: Component, has_tiles: bool, label: str
) -> html.Section:
    """The map of a page that shows what was: nothing on it is of now, nor can be found or hidden.

    Parameters
    ----------
    banner : Component
        What says so.
    label : str
        For who hears it.
    """
    return html.Section(
        [*_graph(texts, figure), _foot(texts, build_key(texts), has_tiles=has_tiles), banner],
        id=FRAME_ID,
        className="map-frame",
        **aria(label=label),
    )


def _graph(texts: Texts, figure: go.Figure) -> list[Component]:
    return [
        html.P(texts["map"]["unavailable"], id=UNAVAILABLE_ID, className="map-notice", hidden=True),
        dcc.Graph(
            id=GRAPH_ID,
            figure=figure,
            className="map-graph",
            responsive=True,
            config={"displayModeBar": False, "scrollZoom": True},
        ),
        html.Span(className="map-crosshair", **aria(hidden="true")),
        # The road that is pointed at, by assets/road_label.js.
        html.P(id=ROAD_LABEL_ID, className="road-label", role="status", hidden=True),
    ]


def _foot(texts: Texts, legend: Component, *, has_tiles: bool) -> html.Div:
    wording = texts["map"]
    corner = [_buttons(wording), _attributions(wording, has_tiles=has_tiles)]
    return html.Div([legend, html.Div(corner, className="map-corner")], className="map-foot")


def _buttons(wording: Mapping[str, str]) -> html.Div:
    buttons = ((ZOOM_IN_ID, "+", "zoom_in"), (ZOOM_OUT_ID, "−", "zoom_out"))
    return html.Div(
        [
            html.Button(
                sign, id=id_, className="map-button", title=wording[key],
                **aria(label=wording[key]),
            )
            for id_, sign, key in (*buttons, (WHOLE_VIEW_ID, "⤢", "whole_view"))
        ],
        className="map-buttons",
    )  # fmt: skip


def _attributions(wording: Mapping[str, str], *, has_tiles: bool) -> html.Div:
    """Who the data and the backdrop are of, behind a button; that traffic is simulated, in view."""
    told = [wording["attribution_roads"], *([wording["attribution_tiles"]] if has_tiles else [])]
    return html.Div(
        [
            html.Span(
                wording["attribution_demo"],
                id=DEMO_ATTRIBUTION_ID,
                className="map-simulated",
                hidden=True,
            ),
            html.Details(
                [
                    html.Summary("i", title=wording["attributions"]),
                    html.P([html.Span(words) for words in told]),
                ],
                className="map-attribution",
            ),
        ],
        className="map-sources",
    )


def _empty_trace(status: str) -> go.Scattermap:
    # One point without a place: a trace of no point at all would leave the graph without a map.
    return go.Scattermap(
        lon=[None],
        lat=[None],
        mode="lines",
        line={"color": LIGHT.status[status], "width": WIDTH_PX[13][status]},
        hoverinfo="none",
        name=status,
    )


def _road_layer(layer: RoadLayer, class_factor: list[Any]) -> dict[str, Any]:
    paint = {
        **_road_paint(layer, LIGHT),
        "line-opacity": _where_shown(layer, layer.opacity),
        "line-width": _width(layer, class_factor),
        "line-offset": _by_zoom(OFFSET_PX),
    }
    if layer.dash:
        paint["line-dasharray"] = list(layer.dash)
    return {
        "id": layer.name,
        "type": "line",
        "minzoom": layer.min_zoom,
        "source": ROADS_SOURCE,
        "layout": {"line-cap": "butt" if layer.dash else "round", "line-join": "round"},
        "paint": paint,
    }


def _highlight_layer(class_factor: list[Any]) -> dict[str, Any]:
    """The outline of the road that is pointed at, below all roads."""
    width = {
        zoom: _road_width(widths, _OUTLINED_STATUS, class_factor, _HIGHLIGHT_EXTRA_PX)
        for zoom, widths in WIDTH_PX.items()
    }
    return {
        "id": HIGHLIGHT_SOURCE,
        "type": "line",
        "source": HIGHLIGHT_SOURCE,
        "layout": {"line-cap": "round", "line-join": "round"},
        "paint": {
            **_highlight_paint(LIGHT),
            "line-opacity": _HIGHLIGHT_OPACITY,
            "line-width": _by_zoom(width),
            "line-offset": _by_zoom(OFFSET_PX),
        },
    }  # fmt: skip


def _zone_layer() -> dict[str, Any]:
    """The outline of the roads of the zone looked at, of a source that no refresh touches."""
    return {
        "id": ZONE_SOURCE,
        "type": "line",
        "source": ZONE_SOURCE,
        "layout": {"line-cap": "round", "line-join": "round"},
        "paint": {
            **_highlight_paint(LIGHT),
            "line-opacity": _ZONE_OPACITY,
            "line-width": _by_zoom(_ZONE_WIDTH_PX),
        },
    }


def _near_layer() -> dict[str, Any]:
    """The visitor's own place, above all else."""
    return {
        "id": NEAR_SOURCE,
        "type": "circle",
        "source": NEAR_SOURCE,
        "paint": {
            **_near_paint(LIGHT),
            "circle-radius": _NEAR_RADIUS_PX,
            "circle-stroke-width": _NEAR_STROKE_PX,
        },
    }


def _theme_paint(palette: Palette) -> dict[str, dict[str, Any]]:
    """Paint properties that differ between themes, by layer."""
    roads = {layer.name: _road_paint(layer, palette) for layer in ROAD_LAYERS}
    return {
        "background": _background_paint(palette),
        TILES_LAYER: dict(palette.raster),
        HIGHLIGHT_SOURCE: _highlight_paint(palette),
        ZONE_SOURCE: _highlight_paint(palette),
        NEAR_SOURCE: _near_paint(palette),
        **roads,
        **roadworks.theme_paint(palette),
        **map_names.theme_paint(palette),
    }


def _background_paint(palette: Palette) -> dict[str, Any]:
    return {"background-color": palette.background}


def _highlight_paint(palette: Palette) -> dict[str, Any]:
    return {"line-color": palette.highlight}


def _near_paint(palette: Palette) -> dict[str, Any]:
    return {"circle-color": palette.own_place, "circle-stroke-color": palette.casing}


def _road_paint(layer: RoadLayer, palette: Palette) -> dict[str, Any]:
    if layer is CASING:
        return {"line-color": palette.casing}
    return {"line-color": _by_status(palette.status)}


def _by_status(values: Mapping[str, Any], status: list[Any] = _STATUS) -> list[Any]:
    pairs = [part for code, name in enumerate(DATEX_NAMES) for part in (code, values[name])]
    return ["match", status, *pairs, values["unknown"]]


def _width(layer: RoadLayer, class_factor: list[Any]) -> list[Any]:
    """Width of a road in a layer; none where the layer does not show it, which costs no pixel.

    Six layers of all roads with opacity alone took four times as long to paint.
    """
    return _by_zoom(
        {
            zoom: _where_shown(
                layer, _road_width(widths, _STATUS, class_factor, layer.extra_width_px)
            )
            for zoom, widths in WIDTH_PX.items()
        }
    )


def _class_factor(class_widths: Mapping[str, float]) -> list[Any]:
    class_pairs = [part for pair in class_widths.items() for part in pair]
    return ["match", ["get", "road_class"], *class_pairs, 1.0]


def _road_width(
    widths: Mapping[str, Any], status: list[Any], class_factor: list[Any], extra_px: float
) -> list[Any]:
    return ["+", ["*", _by_status(widths, status), class_factor], extra_px]


def _where_shown(layer: RoadLayer, value: Any) -> list[Any]:
    """A value for the roads that a layer shows, 0 for the others."""
    # A road whose status is not known yet shows in no layer.
    return ["match", _STATUS, [DATEX_NAMES.index(status) for status in layer.statuses], value, 0]


def _by_zoom(stops: Mapping[int, Any]) -> list[Any]:
    return ["interpolate", ["linear"], ["zoom"], *(part for stop in stops.items() for part in stop)]
