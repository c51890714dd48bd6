"""How long the main roads take: a table whose times ``assets/figures.js`` writes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from dash import html

from components.aria import aria
from services.base.texts import Texts

CORRIDORS_ID: Final = "corridors"
TITLE_ID: Final = "corridors-title"

CorridorName = tuple[str, str, str, str | None]
"""Key, name, where it leads to, and the side (``inner``, ``outer``) of one that is a ring."""


def build_corridors(texts: Texts, corridors: Sequence[CorridorName]) -> html.Section:
    """The card, hidden until there are times; one row for each direction."""
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
                        html.Tbody([_row(texts, corridor) for corridor in corridors]),
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


def _row(texts: Texts, corridor: CorridorName) -> html.Tr:
    key, name, towards, side = corridor
    wording = texts["corridors"]
    where = wording[side] if side else wording["towards"].format(towards=towards)
    return html.Tr(
        [
            html.Th([name, " ", html.Span(where, className="corridor-towards")], scope="row"),
            html.Td(id=f"corridor-now-{key}", className="corridor-now"),
            html.Td(id=f"corridor-free-{key}"),
            html.Td(id=f"corridor-more-{key}"),
        ],
        id=f"corridor-{key}",
        hidden=True,
    )
