"""How long the main roads take: a table whose rows ``assets/figures.js`` writes.

Not components: Dash looks at each of them a dozen times a refresh, and there are six a row.
"""

from __future__ import annotations

from typing import Final

from dash import html

from components.aria import aria
from services.base.texts import Texts

CORRIDORS_ID: Final = "corridors"
TITLE_ID: Final = "corridors-title"
ROWS_ID: Final = "corridors-rows"


def build_corridors(texts: Texts) -> html.Section:
    """The card, hidden until there are times."""
    wording = texts["corridors"]
    columns = [wording[name] for name in ("way", "now", "free_flow", "lost")]
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
                        ]
                    ),
                    html.P(wording["definition"], className="definition"),
                ],
                className="explained",
            ),
            html.Div(
                html.Table(
                    [
                        html.Caption(wording["caption"], className="visually-hidden"),
                        html.Thead(html.Tr([html.Th(column, scope="col") for column in columns])),
                        html.Tbody(id=ROWS_ID),
                    ],
                    className="corridors-table",
                ),
                className="corridors-scroll",
                # What scrolls can be scrolled by keyboard too.
                tabIndex=0,
                role="region",
                **aria(label=wording["caption"]),
            ),
        ],
        id=CORRIDORS_ID,
        className="card-panel corridors",
        hidden=True,
        **aria(labelledby=TITLE_ID),
    )
