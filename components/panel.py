"""The panel beside the map, on a phone a sheet over its foot: the network, or one zone or road."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from dash import html
from dash.development.base_component import Component

from components.aria import aria
from services.base.texts import Texts

PANEL_ID: Final = "panel"
HANDLE_ID: Final = "sheet-handle"
SCROLL_ID: Final = "panel-scroll"
NETWORK_ID: Final = "panel-network"
PLACE_ID: Final = "panel-place"


def build_panel(
    texts: Texts, *, moment: Component, network: Sequence[Component], table: Component
) -> html.Section:
    """The panel, which shows the whole network first.

    Parameters
    ----------
    moment : Component
        What chooses a moment, and what is forecast for it: it stays whatever is chosen.
    network : sequence of Component
        What one zone or road takes the place of (``assets/panel.js``).
    table : Component
        All stretches: it stays below, too.
    """
    wording = texts["panel"]
    return html.Section(
        [
            # To be dragged, pressed, or moved by the arrows; there where the panel is a sheet.
            html.Button(
                html.Span(wording["enlarge"], className="visually-hidden"),
                id=HANDLE_ID,
                className="sheet-handle",
                **aria(expanded="false", controls=SCROLL_ID),
            ),
            html.Div(
                [
                    moment,
                    # Filled by assets/panel.js; Dash leaves what is inside alone.
                    html.Section(id=PLACE_ID, className="panel-place", hidden=True),
                    html.Div(list(network), id=NETWORK_ID, className="panel-network"),
                    table,
                ],
                id=SCROLL_ID,
                className="panel-scroll",
            ),
        ],
        id=PANEL_ID,
        className="panel",
        **aria(label=wording["label"]),
    )
