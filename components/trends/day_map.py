"""A stored day on the map beside another view, whose cells point at its roads.

``assets/trends_map.js`` draws and points; what is built here is the frame.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import plotly.graph_objects as go
from dash import dcc, html
from dash.development.base_component import Component

from components.traffic_map import build_stored_map
from services.base.texts import Texts

SETTINGS_STORE_ID: Final = "day-map-settings"
STARTED_STORE_ID: Final = "day-map-started"
# Sections of the texts that the scripts write with, beside the replay's own.
_BROWSER_TEXTS: Final = ("calendar", "gestures", "local_name", "status")


@dataclass(frozen=True)
class DayMapData:
    """What the map of a day starts with.

    Attributes
    ----------
    day : str or None
        As 2026-11-24; None where the view is of no one day.
    today : str
        The last that there can be.
    day_url : str
        Where the document of a day is, with ``{day}`` in it.
    figure, map_settings
        Of the map, as on its own page.
    time_zone : str
        Of the city.
    statuses : sequence of str
        Their names by code.
    """

    day: str | None
    today: str
    day_url: str
    figure: go.Figure
    map_settings: Mapping[str, Any]
    time_zone: str
    statuses: Sequence[str]
    has_tiles: bool


def browser_settings(texts: Texts, data: DayMapData) -> dict[str, Any]:
    """What the scripts have to know, and the words that they write with."""
    return {
        "day": data.day,
        "today": data.today,
        "dayUrl": data.day_url,
        "timeZone": data.time_zone,
        "statuses": data.statuses,
        # Nothing but statuses is drawn: what is on the map of now is not of that day.
        "map": {**data.map_settings, "roadworks": {**data.map_settings["roadworks"], "levels": []}},
        "texts": {
            **{section: dict(texts[section]) for section in _BROWSER_TEXTS},
            "replay": {
                **texts["trends_relecture"],
                "problems": dict(texts["trends_relecture_problem"]),
            },
            "map": {"label": texts["trends_relecture"]["map"]},
            "road": {"no_name": texts["road"]["no_name"]},
            "moment": {"hour": texts["moment"]["hour"]},
        },
    }


def build_day_map(texts: Texts, data: DayMapData) -> list[Component]:
    """The map, before its day is there."""
    banner = html.Div(
        [
            html.H3(id="day-map-title", className="replay-title"),
            html.Span(
                [
                    html.Span(id="day-map-time", className="replay-time"),
                    html.Span(id="day-map-note", className="replay-level", role="status"),
                ],
                className="replay-moment",
            ),
        ],
        className="replay-banner",
    )
    return [
        dcc.Store(id=SETTINGS_STORE_ID, data=browser_settings(texts, data)),
        dcc.Store(id=STARTED_STORE_ID),
        html.Div(
            build_stored_map(
                texts,
                data.figure,
                banner=banner,
                has_tiles=data.has_tiles,
                label=texts["trends_relecture"]["map"],
            ),
            className="day-map",
        ),
    ]
