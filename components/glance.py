"""The network at a glance: congestion level, jams, shares and the worst stretches.

The figures come with each snapshot and are written by ``assets/figures.js``; what
is built here is the frame, with the definition of each figure.
"""

from __future__ import annotations

from typing import Final

from dash import html

from components.aria import aria
from components.palette import LEGEND_ORDER
from services.base.texts import Texts

TITLE_ID: Final = "glance-title"
CONGESTION_ID: Final = "glance-congestion"
JAM_ID: Final = "glance-jam"
SHARES_ID: Final = "glance-shares"
NO_WORST_ID: Final = "worst-none"


def worst_button_id(place: int) -> str:
    """Id of the button that shows a worst stretch on the map."""
    return f"worst-{place}"


def build_glance(texts: Texts, csv_url: str, worst_shown: int) -> html.Section:
    """The card, without figures until the first snapshot.

    Parameters
    ----------
    csv_url : str
        Where all stretches are to be had as a table.
    worst_shown : int
        How many of the worst stretches there are at most.
    """
    wording = texts["glance"]
    return html.Section(
        [
            html.H2(wording["title"], id=TITLE_ID, className="visually-hidden"),
            html.Div(
                [_figure(texts, "congestion", CONGESTION_ID), _figure(texts, "jam", JAM_ID)],
                className="figures",
            ),
            _explained(texts, "worst"),
            html.P(wording["no_value"], id=NO_WORST_ID, className="muted"),
            html.Ol([_worst(place) for place in range(worst_shown)], className="worst-stretches"),
            html.A(wording["worst_csv"], href=csv_url, className="table-link", download=""),
            _explained(texts, "shares"),
            html.Div(
                [
                    html.Span(id=f"share-{status}", className=f"share share--{status}")
                    for status in LEGEND_ORDER
                ],
                id=SHARES_ID,
                className="share-bar",
                role="img",
                **aria(label=wording["no_value"]),
            ),
        ],
        className="card-panel glance",
        **aria(labelledby=TITLE_ID),
    )


def _figure(texts: Texts, key: str, figure_id: str) -> html.Div:
    wording = texts["glance"]
    return html.Div(
        [
            _explained(texts, key),
            html.P(
                [
                    html.Span(wording["no_value"], id=figure_id, className="figure-value"),
                    " ",
                    html.Span(wording[f"{key}_unit"], className="figure-unit"),
                ]
            ),
        ],
        className="figure",
    )


def _explained(texts: Texts, key: str) -> html.Details:
    """A heading that opens onto the definition of what it names."""
    wording = texts["glance"]
    return html.Details(
        [
            html.Summary(
                [
                    html.H3(wording[key], className="figure-name"),
                    html.Span("?", className="explain-mark", title=wording["explain"]),
                ],
                title=wording[f"{key}_definition"],
            ),
            html.P(wording[f"{key}_definition"], className="definition"),
        ],
        className="explained",
    )


def _worst(place: int) -> html.Li:
    return html.Li(
        html.Button(
            [
                html.Span(id=f"worst-name-{place}", className="worst-name"),
                html.Span(id=f"worst-delay-{place}", className="worst-delay"),
                html.Span(id=f"worst-ends-{place}", className="worst-soft"),
                html.Span(id=f"worst-detail-{place}", className="worst-soft"),
            ],
            id=worst_button_id(place),
            className="worst-stretch",
        ),
        id=f"worst-item-{place}",
        hidden=True,
    )
