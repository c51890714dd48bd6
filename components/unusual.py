"""What is unusual now: the button that fades the roads which are as they usually are."""

from __future__ import annotations

from typing import Final

from dash import html

from components.aria import aria
from services.base.texts import Texts

TOGGLE_ID: Final = "unusual-toggle"
LABEL_ID: Final = "unusual-label"
# A comparison code is the place of its name in this tuple.
COMPARISONS: Final = ("not_told", "quieter", "usual", "busier")
UNUSUAL: Final = ("quieter", "busier")


def build_toggle(texts: Texts) -> html.Button:
    """The button, not pressed; hidden until something can be told."""
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
