"""What is unusual now: the button that lets it stand out on the map, and the list of it.

Both are written by ``assets/unusual.js``, from a document of their own.
"""

from __future__ import annotations

from typing import Final

from dash import html

from components.aria import aria
from services.base.texts import Texts

TOGGLE_ID: Final = "unusual-toggle"
LABEL_ID: Final = "unusual-label"
TITLE_ID: Final = "unusual-title"
LINE_ID: Final = "unusual-line"
LIST_ID: Final = "unusual-list"
# A comparison code is the place of its name in this tuple.
COMPARISONS: Final = ("not_told", "quieter", "usual", "busier")


def build_toggle(texts: Texts) -> html.Button:
    """The button, not pressed; hidden until there is something unusual."""
    wording = texts["unusual"]
    return html.Button(
        [
            html.Span(className="unusual-sign", **aria(hidden="true")),
            html.Span(wording["toggle"], id=LABEL_ID),
        ],
        id=TOGGLE_ID,
        className="unusual-toggle",
        title=wording["hint"],
        hidden=True,
        **aria(pressed="false"),
    )


def build_unusual(texts: Texts, csv_url: str) -> html.Section:
    """The card with the list, empty until the document is there.

    Parameters
    ----------
    csv_url : str
        Where the events of now are to be had as a table.
    """
    wording = texts["unusual"]
    return html.Section(
        [
            html.Details(
                [
                    html.Summary(
                        [
                            html.H2(wording["title"], id=TITLE_ID, className="card-title"),
                            html.Span(
                                "?", className="explain-mark", title=texts["glance"]["explain"]
                            ),
                        ],
                        title=wording["definition"],
                    ),
                    html.P(wording["definition"], className="definition"),
                ],
                className="explained",
            ),
            html.P(texts["glance"]["no_value"], id=LINE_ID, className="muted"),
            # Filled by assets/unusual.js; Dash leaves what is inside alone.
            html.Ul(id=LIST_ID, className="unusual-list"),
            html.A(wording["csv"], href=csv_url, className="table-link", download=""),
        ],
        className="card-panel unusual",
        **aria(labelledby=TITLE_ID),
    )
