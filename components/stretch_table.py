"""All stretches as a table: what the map shows, for who does not see it or wants it sorted.

Closed at first; ``assets/stretch_table.js`` fills it once it is opened.
"""

from __future__ import annotations

from typing import Final

from dash import dcc, html

from components.aria import aria, data
from services.base.texts import Texts

TABLE_ID: Final = "all-stretches"
SUMMARY_ID: Final = "all-stretches-summary"
FILTER_ID: Final = "stretch-filter"
# The one that it is sorted by at first, and how.
_FIRST: Final = "delay"
_COLUMNS: Final = ("name", "length", "status", "speed", _FIRST, "usual")


def build_stretch_table(texts: Texts) -> html.Details:
    """The closed table."""
    wording = texts["stretch_table"]
    return html.Details(
        [
            html.Summary(wording["title"], id=SUMMARY_ID),
            html.Div(
                [
                    html.Label(wording["filter"], htmlFor=FILTER_ID),
                    dcc.Input(id=FILTER_ID, type="search", autoComplete="off"),
                ],
                className="stretch-tools",
            ),
            html.P("", id="stretch-note", className="muted", role="status"),
            # Narrow, its rows are cards, and are no rows to a browser without these roles.
            html.Table(
                [
                    html.Caption("", id="stretch-caption", className="visually-hidden"),
                    html.Thead(
                        html.Tr([_column(texts, name) for name in _COLUMNS], role="row"),
                        role="rowgroup",
                    ),
                    html.Tbody(id="stretch-rows", role="rowgroup"),
                ],
                className="stretch-table",
                role="table",
            ),
        ],
        id=TABLE_ID,
        className="all-stretches",
    )


def _column(texts: Texts, name: str) -> html.Th:
    sorted_by = aria(sort="descending") if name == _FIRST else {}
    return html.Th(
        html.Button(texts["stretch_table"][name], type="button", **data(column=name)),
        scope="col",
        role="columnheader",
        **sorted_by,
    )
