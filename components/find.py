"""Where a place is looked for by its name, and the button that shows where one is."""

from __future__ import annotations

from typing import Final

from dash import html

from components.aria import aria
from services.base.texts import Texts

FIND_ID: Final = "find"
NEAR_ID: Final = "near-me"
FIELD_BOX_ID: Final = "find-box"


def build_find(texts: Texts) -> html.Div:
    """The bar over the map, whose field ``assets/find.js`` makes."""
    wording = texts["near"]
    return html.Div(
        [
            # Dash leaves what is inside alone.
            html.Div(id=FIELD_BOX_ID, className="find-box"),
            html.Button(
                html.Span(wording["button"], className="near-me-word"),
                id=NEAR_ID,
                className="near-me",
                title=wording["button"],
            ),
        ],
        id=FIND_ID,
        className="find",
        role="search",
        **aria(label=texts["find"]["label"]),
    )
