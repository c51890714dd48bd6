"""Today's curve of congestion: what was observed, what is usual, and the forecast with its band.

``assets/day_curve.js`` draws it and writes its sentence and table; what is built here is the
frame, as high as it will be with a curve in it.
"""

from __future__ import annotations

from typing import Final

from dash import html

from components.aria import aria
from services.base.texts import Texts

TITLE_ID: Final = "day-curve-title"
SENTENCE_ID: Final = "day-curve-sentence"
CHART_ID: Final = "day-curve-chart"
ROWS_ID: Final = "day-curve-rows"
LEGEND_ID: Final = "day-curve-legend-{line}"
LINES: Final = ("observed", "usual", "forecast")
"""Each has a line of its own kind, and a column of the table."""


def build_day_curve(
    texts: Texts, csv_url: str, trends_url: str | None, replay_url: str | None
) -> html.Section:
    """The card, without a curve until the browser has fetched one.

    Parameters
    ----------
    csv_url : str
        Where the curve is to be had as a table.
    trends_url : str or None
        Of the page that shows the curve of any day and place; None where there is none.
    replay_url : str or None
        Of the page that plays the day on the map; None where there is none.
    """
    wording = texts["day_curve"]
    return html.Section(
        [
            html.H2(wording["title"], id=TITLE_ID, className="visually-hidden"),
            html.P(wording["waiting"], id=SENTENCE_ID, className="day-curve-sentence"),
            html.Div(
                id=CHART_ID, className="day-curve-chart", role="img", **aria(labelledby=SENTENCE_ID)
            ),
            html.Ul(
                [
                    html.Li(
                        [
                            html.Span(className=f"day-curve-key day-curve-key--{line}"),
                            wording[line],
                        ],
                        id=LEGEND_ID.format(line=line),
                        # Nothing is told apart before it is drawn.
                        hidden=True,
                    )
                    for line in LINES
                ],
                className="day-curve-legend",
                **aria(hidden="true"),
            ),
            html.Details(
                [
                    html.Summary(wording["numbers"]),
                    html.P(wording["definition"], className="definition"),
                    _table(texts),
                    html.A(wording["csv"], href=csv_url, className="table-link", download=""),
                    *(
                        html.A(wording[name], href=url, className="table-link")
                        for name, url in (("trends", trends_url), ("replay", replay_url))
                        if url is not None
                    ),
                ],
                className="day-curve-numbers",
            ),
        ],
        className="card-panel day-curve",
        **aria(labelledby=TITLE_ID),
    )


def _table(texts: Texts) -> html.Table:
    wording = texts["day_curve"]
    heads = [wording["hour_column"], *(wording[line] for line in LINES)]
    return html.Table(
        [
            html.Caption(wording["caption"], className="visually-hidden"),
            html.Thead(html.Tr([html.Th(head, scope="col") for head in heads])),
            html.Tbody(id=ROWS_ID),
        ],
        className="day-curve-table",
    )
