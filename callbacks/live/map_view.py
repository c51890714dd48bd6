"""What is done on the map, all of it in the browser."""

from __future__ import annotations

from dash import ClientsideFunction, Dash, Input, Output

from callbacks.live.refresh import NAMESPACE
from components import glance, legend, roadworks, traffic_map, unusual
from components.palette import LEGEND_ORDER
from services.traffic.indicators import WORST_STRETCHES


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
