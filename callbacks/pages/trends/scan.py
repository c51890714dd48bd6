"""The view of a route's congestion scan."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from dash import ClientsideFunction, Dash, Input, Output, State
from dash.development.base_component import Component

from callbacks.pages.trends.page_view import Asked, PageView
from components.trends import scan
from services.base.texts import Texts
from services.plain.trends.scan import SCAN_MEASURES, ScanAnswer, ScanMeasure, ScanQuery


def _query(asked: Asked) -> ScanQuery:
    # Whatever is asked, it has to make sense.
    _measure(asked)
    return ScanQuery(
        place=asked.route,
        day=asked.day("jour", asked.today),
        period=asked.maybe_period(),
    )


def _measure(asked: Asked) -> ScanMeasure:
    measure: ScanMeasure = asked.choice("couleur", SCAN_MEASURES, SCAN_MEASURES[0])
    return measure


def _build(texts: Texts, answer: ScanAnswer, asked: Asked) -> Sequence[Component]:
    return scan.build_scan(texts, answer, _query(asked), _measure(asked))


def _react(app: Dash, _services: Any) -> None:
    """The cell that is pointed at, read out by the browser alone."""
    app.clientside_callback(
        ClientsideFunction("trends_scan", "read"),
        Output(scan.CELL_ID, "children"),
        Input(scan.GRAPH_ID, "hoverData"),
        Input(scan.GRAPH_ID, "clickData"),
        Input(scan.TIME_ID, "value"),
        Input(scan.PLACE_ID, "value"),
        State(scan.GRAPH_ID, "figure"),
        prevent_initial_call=True,
    )


VIEW: Final = PageView(
    name="scan",
    controls=("lieu", "jour", "du", "au", "jours", "couleur"),
    query=_query,
    build=_build,
    is_of_period=lambda asked: asked.maybe_period() is not None,
    react=_react,
)
