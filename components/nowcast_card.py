"""The next hour of each zone: a table whose cells ``assets/nowcast.js`` fills.

It is built without figures: they come in a document of their own, once per snapshot.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from dash import html

from components.aria import aria
from services.base.texts import Texts, formats

CARD_ID: Final = "nowcast"
TITLE_ID: Final = "nowcast-title"
TABLE_ID: Final = "nowcast-table"
NOTE_ID: Final = "nowcast-note"
NOW: Final = "now"


def cell_id(zone: str, column: str) -> str:
    """Id of the cell of a zone, now or at a lead time in minutes."""
    return f"nowcast-{zone}-{column}"


def build_nowcast(texts: Texts, zones: Sequence[str], lead_minutes: Sequence[int]) -> html.Section:
    """The card, without figures until the browser has fetched some."""
    wording, written = texts["nowcast"], formats(texts)
    columns = [NOW, *(str(minutes) for minutes in lead_minutes)]
    heads = [
        wording["now"],
        *(wording["lead"].format(minutes=m) for m in lead_minutes),
    ]
    ahead = [
        wording["lead_spoken"].format(duration=written.quantity(m, "min", is_long=True))
        for m in lead_minutes
    ]
    return html.Section(
        [
            html.H2(wording["title"], id=TITLE_ID, className="card-title"),
            html.Table(
                [
                    html.Caption(wording["caption"], className="visually-hidden"),
                    html.Thead(
                        html.Tr(
                            [
                                html.Th(
                                    html.Span(wording["zone"], className="visually-hidden"),
                                    scope="col",
                                ),
                                *(
                                    html.Th(head, scope="col", **aria(label=said))
                                    for head, said in zip(
                                        heads, [wording["now"], *ahead], strict=True
                                    )
                                ),
                            ]
                        )
                    ),
                    html.Tbody([_row(texts, zone, columns) for zone in zones]),
                ],
                id=TABLE_ID,
                className="nowcast-table",
            ),
            html.P(wording["waiting"], id=NOTE_ID, className="nowcast-note", role="status"),
        ],
        id=CARD_ID,
        className="card-panel nowcast",
        **aria(labelledby=TITLE_ID),
    )


def _row(texts: Texts, zone: str, columns: Sequence[str]) -> html.Tr:
    return html.Tr(
        [
            html.Th(texts["zone"][zone], scope="row"),
            *(_cell(texts, cell_id(zone, column)) for column in columns),
        ]
    )


def _cell(texts: Texts, id_: str) -> html.Td:
    # The browser makes the places of the figures: each component of Dash costs every refresh.
    no_value = texts["glance"]["no_value"]
    return html.Td(html.Div(no_value, id=id_, className="nowcast-cell nowcast-cell--unknown"))
