"""The map: what it starts with on a page, and what is done on it, all of that in the browser."""

from __future__ import annotations

from typing import Any, Final

import plotly.graph_objects as go
from dash import ClientsideFunction, Dash, Input, Output

from callbacks.http import tiles
from callbacks.live.refresh import NAMESPACE
from components import glance, legend, roadworks, traffic_map, unusual
from components.palette import LEGEND_ORDER
from services.roles.assembly import Services
from services.traffic.indicators import WORST_STRETCHES

_VERSION: Final = "{version}"


def register(app: Dash, *, has_roadworks: bool) -> None:
    """Register what happens on the map.

    Parameters
    ----------
    has_roadworks : bool
        Whether the page shows them.
    """
    if has_roadworks:
        _register_roadworks(app)
    app.clientside_callback(
        ClientsideFunction(NAMESPACE, "toggleStatus"),
        *(Input(legend.button_id(status), "n_clicks") for status in LEGEND_ORDER),
        prevent_initial_call=True,
    )
    app.clientside_callback(
        ClientsideFunction(NAMESPACE, "toggleUnusual"),
        Output(unusual.TOGGLE_ID, "aria-pressed"),
        Input(unusual.TOGGLE_ID, "n_clicks"),
        prevent_initial_call=True,
    )
    app.clientside_callback(
        ClientsideFunction(NAMESPACE, "moveMap"),
        Input(traffic_map.ZOOM_IN_ID, "n_clicks"),
        Input(traffic_map.ZOOM_OUT_ID, "n_clicks"),
        Input(traffic_map.WHOLE_VIEW_ID, "n_clicks"),
        prevent_initial_call=True,
    )
    app.clientside_callback(
        ClientsideFunction(NAMESPACE, "showWorstStretch"),
        *(Input(glance.worst_button_id(place), "n_clicks") for place in range(WORST_STRETCHES)),
        prevent_initial_call=True,
    )


def map_figure(app: Dash, services: Services) -> go.Figure:
    """The figure of the map of the network that is shown now."""
    city, version = services.city, _network_version(services)
    return traffic_map.build_figure(
        version and _network_url(app).replace(_VERSION, version),
        tiles.backdrop(app.get_relative_path(tiles.URL_TEMPLATE), city)
        if services.settings.tiles_url
        else None,
        city.roads,
        dict(city.road_widths),
    )


def map_settings(app: Dash, services: Services) -> dict[str, Any]:
    """What the map's scripts have to know wherever it is shown."""
    return traffic_map.browser_settings(
        _network_url(app),
        app.get_relative_path(f"/snapshot/{_VERSION}/details"),
        app.get_relative_path(f"/snapshot/{_VERSION}/events"),
        _network_version(services),
        services.city.roads,
        names_url_template=app.get_relative_path(f"/network/{_VERSION}/names"),
    )


def _network_url(app: Dash) -> str:
    return app.get_relative_path(f"/network/{_VERSION}.geojson")


def _network_version(services: Services) -> str | None:
    view = services.traffic.view()
    return None if view is None else view.snapshot.network_version


def _register_roadworks(app: Dash) -> None:
    """Add what is done with the roadworks: hidden, shown, listed as the map shows them or all."""
    for function, button in (
        ("toggleRoadworks", roadworks.TOGGLE_ID),
        ("toggleRoadworksInView", roadworks.IN_VIEW_ID),
        ("showAllRoadworks", roadworks.MORE_ID),
    ):
        app.clientside_callback(
            ClientsideFunction(NAMESPACE, function),
            Input(button, "n_clicks"),
            prevent_initial_call=True,
        )
