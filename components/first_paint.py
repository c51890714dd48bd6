"""What a page shows before Dash is there: its tree as markup, in the document itself.

``assets/writing_first.js`` writes the first figures into it, and takes it away in the moment in
which Dash has put the page in its place.
"""

from __future__ import annotations

from typing import Any, Final

from dash import dcc, html
from dash.development.base_component import Component
from plotly.io.json import to_json_plotly

from components.aria import data
from components.markup import to_html

FIRST_PAINT_ID: Final = "first-paint"


def first_paint(page: html.Div) -> str:
    """A page as markup: it looks as Dash will show it, and does nothing yet."""
    return to_html(html.Div(page, id=FIRST_PAINT_ID), stand_in)


def stand_in(component: Component) -> Component | None:
    """What looks like a component of another library than HTML's; None for what cannot be seen.

    Raises
    ------
    TypeError
        For one that no page had before.
    """
    props = component.to_plotly_json()["props"]
    kind = type(component).__name__
    if isinstance(component, dcc.Store):
        return _data_block(props)
    if isinstance(component, dcc.Interval | dcc.Location):
        return None
    if isinstance(component, dcc.Graph):
        return html.Div(id=props["id"], className=props.get("className"))
    if isinstance(component, dcc.Upload):
        # Dash loads its script once it is on the page, which then is not whole before.
        return html.Div(
            props.get("children"),
            id=props["id"],
            className=props.get("className"),
            **data(loaded_later=""),
        )
    if kind == "Select":
        return html.Select(_options(props), id=props["id"], className=_classes("select", props))
    if kind == "Input":
        return html.Div(id=props["id"], className=_classes("control", props))
    raise TypeError(f"looks like nothing yet: {kind}")


def _classes(kind: str, props: dict[str, Any]) -> str:
    """As Bootstrap's components write them."""
    size = props.get("size")
    return f"form-{kind} form-{kind}-{size}" if size else f"form-{kind}"


def _options(props: dict[str, Any]) -> list[html.Option]:
    chosen, held = props.get("value"), props.get("placeholder")
    options = [] if chosen or not held else [html.Option(held, value="")]
    return options + [
        html.Option(option["label"], value=option["value"], selected=option["value"] == chosen)
        for option in props["options"]
    ]


def _data_block(props: dict[str, Any]) -> html.Div | None:
    """What the first figures are made of, as the scripts get it from Dash later."""
    if props.get("data") is None:
        return None
    return html.Div(to_json_plotly(props["data"]), id=props["id"], hidden=True)
